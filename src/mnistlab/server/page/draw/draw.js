/** Draw: write a digit, see what the networks see and what they answer. */

import { element } from "../app/elements.js";
import { MAX_CHOSEN, chosenNetworks, damagedNetworks, loadNetworks, missingNetworks } from "../app/networks.js";
import { say, sayWith } from "../app/words.js";
import { createAnswer, createVerdict, reasonOf } from "../digits/answers.js";
import { drawDigit, onThemeChange } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { PLACES, paintStrokes } from "../digits/strokes.js";
import { mountPad } from "./canvas.js";
import { createClassifier } from "./classifier.js";
import { createHint } from "./hint.js";
import { mountPhoto } from "./photo.js";
import { createSeen } from "./seen.js";
import { createWorksheet } from "./worksheet.js";

/**
 * @typedef {import("../main.js").Context} Context
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {import("./classifier.js").Classification} Classification
 */

const QUIET_MILLISECONDS = 800; // without a change, before a screen reader is told
/** @type {import("../digits/answers.js").Verdict} */
const TOO_LITTLE = {
  kind: "no digit",
  digit: null,
  confidence: 0,
  likeness: null,
  alternatives: [],
  reason: "",
  said: { key: "answer.little_ink" },
};
const WIDTHS = { least: 6, usual: 16, most: 40 }; // of the pen, in places of 256

/** @type {Context} */
let context;
/** @type {Network[]} */
let networks = [];
/** @type {ReturnType<typeof createAnswer>[]} */
let answers = [];
/** @type {Classification | null} */
let latest = null;
let quiet = 0;
let isShown = false;
let isPlanned = false;

const verdict = createVerdict();
const seen = createSeen();
const worksheet = createWorksheet();
const list = element("div", { class: "networks" });
const missing = element("p", { class: "trouble missing", role: "status", hidden: true });
const chooser = element(
  "fieldset",
  { class: "chooser-list" },
  element("legend", { class: "visually-hidden", text: say("draw.networks") }),
);
const canvas = element("canvas", {
  class: "pad",
  tabindex: 0,
  role: "application",
  "aria-roledescription": say("draw.sheet"),
  "aria-label": say("draw.pad"),
  "aria-describedby": "pad-keys",
});
const hint = createHint();
// A digit that was not written here, in the place where it would have been.
const picked = element("canvas", { class: "picked pixels", role: "img", "aria-label": say("draw.digit"), hidden: true });
const pickedNote = element("p", {
  class: "small picked-note",
  text: say("draw.picked_note"),
  hidden: true,
});
const width = element("input", { type: "range", min: WIDTHS.least, max: WIDTHS.most, value: WIDTHS.usual });
const undo = element("button", { type: "button", class: "plain", onclick: () => act("undo") }, say("draw.undo"));
const redo = element("button", { type: "button", class: "plain", onclick: () => act("redo") }, say("draw.redo"));
const clear = element("button", { type: "button", class: "plain", onclick: () => act("clear") }, say("draw.clear"));

const classifier = createClassifier(
  (classification) => showAnswer(drawing.isEmpty ? null : classification),
  (sentence) => seen.showTrouble(sentence),
);
/** @type {ReturnType<typeof mountPad>} */
let pad;
/** @type {ReturnType<typeof mountPhoto>} */
let photo;

/** @param {"undo" | "redo" | "clear"} name */
function act(name) {
  pad.lift();
  drawing[name]();
}

/** @param {Classification | null} classification */
function showAnswer(classification) {
  latest = classification;
  verdict.show(classification?.verdict ?? null);
  const main = classification?.verdict.digit ?? null; // what the main network names, even where it is no digit
  for (const answer of answers) {
    const found = classification?.answers.find(({ network }) => network === answer.id) ?? null;
    answer.show(found, main);
  }
  clearTimeout(quiet);
  if (classification) quiet = setTimeout(() => context.announce(latest ? reasonOf(latest.verdict) : ""), QUIET_MILLISECONDS);
}

function showDrawing() {
  isPlanned = false;
  undo.disabled = !drawing.canUndo && !drawing.isPicked;
  redo.disabled = !drawing.canRedo;
  clear.disabled = !drawing.strokes.length && !drawing.isPicked;
  hint.hidden = drawing.strokes.length > 0 || drawing.isPicked;
  picked.hidden = pickedNote.hidden = !drawing.isPicked;
  if (drawing.isPicked) drawDigit(picked, drawing.image);
  seen.show();
  worksheet.offer(!drawing.isEmpty);
  if (drawing.isEmpty) {
    classifier.forget();
    showAnswer(null);
    if (drawing.strokes.length) verdict.show(TOO_LITTLE); // a lone dot
  } else if (answers.length)
    classifier.ask(
      drawing.image,
      answers.map(({ id }) => id),
    );
}

/** Once a frame at most: a pen reports its place more often. */
function planShow() {
  if (isPlanned || !isShown) return;
  isPlanned = true;
  requestAnimationFrame(showDrawing);
}

/** @param {Network[]} chosen */
function showNetworks(chosen) {
  if (chosen.map(({ id }) => id).join() === answers.map(({ id }) => id).join()) return;
  answers = chosen.map(createAnswer);
  list.replaceChildren(...answers.map(({ root }) => root));
  showAnswer(null);
  planShow();
}

/** @param {string | undefined} ids as the address has them */
function showChosen(ids) {
  const chosen = chosenNetworks(ids, networks);
  showNetworks(chosen);
  showChooser(chosen);
  missing.textContent = missingNetworks(ids, networks, chosen);
  missing.hidden = !missing.textContent;
}

/** One box to tick for each network, and below them what is wrong with the damaged ones. */
function fillChooser() {
  const boxes = networks.map(({ id, title }) =>
    element("label", {}, element("input", { type: "checkbox", value: id }), ` ${title}`),
  );
  const damaged = damagedNetworks().map(({ title, problem }) =>
    element("p", { class: "trouble small", text: say("network.damaged", { network: title, problem }) }),
  );
  chooser.replaceChildren(/** @type {Node} */ (chooser.firstChild), ...boxes, ...damaged);
}

/** @returns {HTMLInputElement[]} */
const chooserBoxes = () => [...chooser.querySelectorAll("input")];

/** @param {Network[]} chosen */
function showChooser(chosen) {
  for (const box of chooserBoxes()) {
    box.checked = chosen.some(({ id }) => id === box.value);
    box.disabled = box.checked ? chosen.length === 1 : chosen.length === MAX_CHOSEN;
  }
}

function choose() {
  const ids = chooserBoxes().flatMap((box) => (box.checked ? box.value : []));
  context.state.set({ networks: ids.join(",") });
}

/** The drawing as a picture of dark ink on light paper, for `mnistlab read`. */
function save() {
  const sheet = element("canvas", { width: 2 * PLACES, height: 2 * PLACES });
  const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.strokeStyle = "#000";
  if (drawing.isPicked) {
    const digit = element("canvas", {});
    drawDigit(digit, drawing.image, { ink: "#000000", paper: "#ffffff" });
    const edge = sheet.width / 16;
    pen.drawImage(digit, edge, edge, sheet.width - 2 * edge, sheet.height - 2 * edge);
  } else paintStrokes(pen, drawing.strokes, 2);
  element("a", { href: sheet.toDataURL("image/png"), download: "drawing.png" }).click();
}

export const tab = {
  id: "draw",

  /**
   * @param {HTMLElement} root
   * @param {Context} given
   */
  async mount(root, given) {
    context = given;
    const key = (/** @type {string} */ name) => element("kbd", { text: name });
    const keys = element("p", { class: "small muted keys", id: "pad-keys" });
    keys.append(
      ...sayWith("draw.keys", {
        arrows: key("←↑→↓"),
        space: key(say("draw.key_space")),
        undo: key("U"),
        remove: key(say("draw.key_delete")),
      }),
    );
    photo = mountPhoto(root, given);
    const tools = element(
      "div",
      { class: "tools" },
      undo,
      redo,
      clear,
      element("label", { class: "brush" }, element("span", { text: say("draw.pen") }), width),
    );
    const sheet = element(
      "div",
      { class: "sheet" },
      element("div", { class: "paper" }, canvas, picked, hint),
      pickedNote,
      tools,
      photo.opener,
      keys,
    );
    root.append(
      element("div", { class: "stage" }, photo.root, sheet, verdict.root, seen.root),
      element("h2", { class: "visually-hidden", text: say("draw.networks_title") }),
      missing,
      list,
      worksheet.root,
      element(
        "div",
        { class: "below" },
        element("details", { class: "chooser" }, element("summary", { text: say("draw.choose_networks") }), chooser),
      ),
    );
    pad = mountPad(canvas, { width: () => Number(width.value), announce: given.announce });
    seen.saver.addEventListener("click", save);
    seen.printer.addEventListener("click", () => worksheet.print());
    chooser.addEventListener("change", choose);
    root.addEventListener("keydown", onKey);
    drawing.subscribe(planShow);
    onThemeChange(() => planShow());
    given.code(async () => {
      const { codeForDrawing, codeForPhoto } = await import("../code/code.js"); // when somebody asks for it
      if (photo.name) return codeForPhoto(photo.name);
      return codeForDrawing(drawing.image, chosenNetworks(given.state.get().networks, networks));
    });
    showAnswer(null);
  },

  /** @param {import("../app/state.js").State} state */
  async show(state) {
    const wasShown = isShown;
    isShown = true;
    photo.listen(true);
    if (!wasShown) planShow();
    if (networks.length) showChosen(state.networks);
    if (wasShown && networks.length) return;
    networks = await loadNetworks();
    fillChooser();
    showChosen(context.state.get().networks);
  },

  hide() {
    isShown = false;
    worksheet.offer(false);
    photo.listen(false);
    clearTimeout(quiet);
  },
};

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (photo.name) return; // no sheet is in sight
  const isCommand = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (event.altKey || (event.target instanceof HTMLInputElement && !isCommand)) return;
  if (isCommand ? key === "z" && !event.shiftKey : key === "u") act("undo");
  else if (isCommand ? key === "y" || (key === "z" && event.shiftKey) : key === "r") act("redo");
  else if (!isCommand && (key === "delete" || key === "backspace")) act("clear");
  else return;
  event.preventDefault();
}
