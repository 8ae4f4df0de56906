/**
 * A photo that was chosen, dropped or pasted: its digits boxed and read, each of them to be picked.
 *
 * The photo is shown from the browser's own memory; the server reads it and keeps nothing.
 *
 * @typedef {{kind: string, digit: number | null, confidence: number, reason: string, image: string,
 *   said?: import("../app/words.js").Said | null,
 *   box: {top: number, left: number, bottom: number, right: number}, line: number, position: number}} Reading
 * @typedef {{kind: string, sentence: string, advice: string}} Trouble
 * @typedef {{width: number, height: number, lines: string[], digits: Reading[], troubles: Trouble[]}} Page
 */

import { ApiError } from "../app/api.js";
import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { reasonOf } from "../digits/answers.js";
import { decodeImage } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";

const MAX_BYTES = 4_500_000; // the server takes 5 MB
const LEAST_MARKED = 18; // pixels of a box whose answer stands above it all the time; others show it when pointed at
const SHRUNK_SIDE = 3000; // pixels

/**
 * @param {HTMLElement} tabRoot where a photo may be dropped
 * @param {import("../main.js").Context} context
 */
export function mountPhoto(tabRoot, context) {
  const picker = element("input", { type: "file", accept: "image/*", hidden: true });
  const opener = element("button", { type: "button", class: "plain opener" }, say("draw.photo_open"));
  const picture = element("img", { alt: "" });
  const boxes = element("div", {
    class: "boxes",
    role: "group",
    "aria-label": say("draw.photo_boxes"),
  });
  const frame = element("div", { class: "photo-frame" }, picture, boxes);
  const lines = element("ol", { class: "photo-lines", "aria-label": say("draw.photo_lines") });
  const note = element("p", { class: "small muted", role: "status" });
  const closer = element("button", { type: "button", class: "plain" }, say("draw.photo_close"));
  const another = element("button", { type: "button", class: "plain" }, say("draw.photo_another"));
  const caption = element("figcaption", {}, lines, note, element("div", { class: "tools" }, closer, another));
  const root = element("figure", { class: "photo", hidden: true }, frame, caption);

  /** @type {AbortController | null} */
  let reading = null;
  let address = "";
  let name = "";
  let isListening = false;

  function close() {
    reading?.abort();
    URL.revokeObjectURL(address);
    address = name = "";
    root.hidden = true;
    tabRoot.classList.remove("has-photo", "is-reading");
    if (drawing.isPicked) drawing.undo();
    opener.focus();
  }

  /** @param {File} file */
  async function open(file) {
    reading?.abort();
    const controller = (reading = new AbortController());
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(file);
    name = file.name || "photo.png";
    picture.src = address;
    picture.alt = say("draw.photo_called", { name });
    boxes.replaceChildren();
    lines.replaceChildren();
    note.textContent = say("draw.photo_reading");
    root.hidden = false;
    tabRoot.classList.add("has-photo", "is-reading");
    try {
      const page = await context.api.upload("/api/read", await shrink(file), { signal: controller.signal });
      if (controller === reading) show(page);
    } catch (error) {
      if (controller !== reading || controller.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      note.textContent = error.message;
      takeFocus(another);
    }
  }

  /** @param {Page} page */
  function show(page) {
    const buttons = page.digits.map((digit) => createBox(digit, page));
    boxes.replaceChildren(...buttons);
    showLines(page.digits.filter(({ digit }) => digit !== null));
    const counts = ["digit", "unsure", "no digit"].map(
      (kind) => page.digits.filter((digit) => digit.kind === kind).length,
    );
    const reason = page.digits.length === 1 ? reasonOf(page.digits[0]) : "";
    note.textContent = [
      ...page.troubles.map(({ sentence, advice }) => `${sentence} ${advice}`),
      describe(counts[0], counts[1], counts[2], reason),
    ].join(" ");
    if (buttons.length) {
      tabRoot.classList.remove("is-reading");
      const first = Math.max(
        page.digits.findIndex((digit) => digit.kind !== "no digit"),
        0,
      );
      choose(buttons[first], page.digits[first]);
      takeFocus(buttons[first]);
    } else takeFocus(another);
  }

  /**
   * The whole lines in large, each as wide as there is room for the longest.
   *
   * @param {Reading[]} digits
   */
  function showLines(digits) {
    /** @type {Map<number, Reading[]>} */
    const byLine = new Map();
    for (const digit of digits) byLine.set(digit.line, [...(byLine.get(digit.line) ?? []), digit]);
    const longest = Math.max(1, ...[...byLine.values()].map(({ length }) => length));
    lines.style.setProperty("--longest", String(longest));
    lines.style.setProperty("--lines", String(Math.max(1, byLine.size)));
    lines.replaceChildren(
      ...[...byLine.values()].map((line) =>
        element(
          "li",
          {},
          ...line.map(({ kind, digit }) =>
            element("span", { class: kind === "unsure" ? "is-unsure" : "", text: String(digit) }),
          ),
        ),
      ),
    );
  }

  /**
   * What had the focus has gone with the sheet; who has moved on meanwhile is left there.
   *
   * @param {HTMLElement} next
   */
  function takeFocus(next) {
    const now = document.activeElement;
    if (!now || now === document.body || root.contains(now) || now === opener) next.focus();
  }

  /**
   * @param {Reading} digit
   * @param {Page} page
   */
  function createBox(digit, page) {
    const mark = { digit: `${digit.digit}`, unsure: `${digit.digit}?` }[digit.kind] ?? "·";
    const label = element("span", { class: "box-mark", text: mark });
    const called = digit.kind === "no digit" ? say("answer.no_digit") : mark;
    const said = say("draw.photo_place", { called, line: digit.line + 1, place: digit.position + 1 });
    const button = element(
      "button",
      { type: "button", class: "box", "aria-label": said, "aria-pressed": "false", tabindex: -1 },
      label,
    );
    const { top, left, bottom, right } = digit.box;
    button.dataset.kind = digit.kind;
    const pixels = ((right - left) / page.width) * picture.clientWidth;
    button.classList.toggle("is-small", pixels < LEAST_MARKED);
    button.style.left = `${(100 * left) / page.width}%`;
    button.style.top = `${(100 * top) / page.height}%`;
    button.style.width = `${(100 * (right - left)) / page.width}%`;
    button.style.height = `${(100 * (bottom - top)) / page.height}%`;
    button.addEventListener("click", () => choose(button, digit));
    return button;
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Reading} digit
   */
  function choose(button, digit) {
    for (const other of boxes.children) {
      other.setAttribute("aria-pressed", String(other === button));
      /** @type {HTMLElement} */ (other).tabIndex = other === button ? 0 : -1;
    }
    drawing.pick(decodeImage(digit.image));
  }

  boxes.addEventListener("keydown", (event) => {
    const all = /** @type {HTMLElement[]} */ ([...boxes.children]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 }[
      event.key
    ];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.focus();
    next.click();
  });

  for (const button of [opener, another]) button.addEventListener("click", () => picker.click());
  closer.addEventListener("click", close);
  picker.addEventListener("change", () => {
    if (picker.files?.[0]) void open(picker.files[0]);
    picker.value = "";
  });
  tabRoot.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    tabRoot.classList.add("is-dropping");
  });
  tabRoot.addEventListener("dragleave", (event) => {
    if (!tabRoot.contains(/** @type {Node | null} */ (event.relatedTarget))) tabRoot.classList.remove("is-dropping");
  });
  tabRoot.addEventListener("drop", (event) => {
    event.preventDefault();
    tabRoot.classList.remove("is-dropping");
    const file = event.dataTransfer?.files[0];
    if (file) void open(file);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!isListening || !file) return;
    event.preventDefault();
    void open(file);
  });

  return {
    root,
    opener: element(
      "p",
      { class: "photo-opener small muted" },
      opener,
      element("span", { class: "drop-hint", text: say("draw.photo_drop") }),
      picker,
    ),
    /** The photo's file name, "" while none is shown. */
    get name() {
      return name;
    },
    /** @param {boolean} isOn whether something pasted is meant for this tab */
    listen(isOn) {
      isListening = isOn;
    },
  };
}

/**
 * @param {number} sure
 * @param {number} unsure
 * @param {number} others
 * @param {string} reason of the only thing on the photo
 */
function describe(sure, unsure, others, reason) {
  if (!sure && !unsure) return `${say("draw.photo_none")} ${reason || say("draw.photo_advice")}`;
  const parts = [say("draw.photo_sure", { count: sure })];
  if (unsure) parts.push(say("draw.photo_unsure", { count: unsure }));
  if (others) parts.push(say("draw.photo_others", { count: others }));
  return say("draw.photo_found", { found: parts.join(", ") });
}

/**
 * A photo that is too large for the server, made smaller; others as they are.
 *
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function shrink(file) {
  if (file.size <= MAX_BYTES) return file;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return file; // the server says what is wrong with it
  const scale = Math.min(SHRUNK_SIDE / Math.max(bitmap.width, bitmap.height), 1);
  const sheet = element("canvas", {
    width: Math.round(bitmap.width * scale),
    height: Math.round(bitmap.height * scale),
  });
  sheet.getContext("2d")?.drawImage(bitmap, 0, 0, sheet.width, sheet.height);
  return new Promise((resolve) => sheet.toBlob((blob) => resolve(blob ?? file), "image/jpeg", 0.9));
}
