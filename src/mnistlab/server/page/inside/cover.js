/** The digit with pixels that can be covered: by the pointer, or with the arrow keys and the space bar. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { PIXELS, SIDE } from "../digits/digits.js";
import { coveredBy, maskOf } from "./damage.js";
import { createLookedAt, shape } from "./receptive.js";

const BRUSH = 3; // pixels, side of the square that is covered at once

/** @param {(covered: string) => void} onChange */
export function createCover(onChange) {
  const picture = createLookedAt(say("break.cover_picture"));
  const squares = shape("path", { class: "covered" });
  picture.overlay.prepend(squares);
  picture.root.classList.add("cover");
  picture.root.tabIndex = 0;
  picture.root.setAttribute("role", "application");
  picture.root.setAttribute("aria-roledescription", say("break.cover_role"));
  const clear = element("button", { type: "button", class: "plain", onclick: () => onChange("") }, say("break.uncover"));
  const root = element("div", { class: "cover-place" }, picture.root, clear);

  /** @type {boolean[]} */
  let mask = Array(PIXELS).fill(false);
  let cursor = { x: 13, y: 13 };
  /** @type {boolean | null} */
  let covering = null; // what the pointer does while it is down

  function paint() {
    const parts = mask.flatMap((isCovered, at) => (isCovered ? [`M${at % SIDE} ${Math.floor(at / SIDE)}h1v1h-1z`] : []));
    squares.setAttribute("d", parts.join(""));
    const count = mask.filter(Boolean).length;
    clear.disabled = !count;
    picture.root.setAttribute("aria-label", say("break.cover_label", { count, row: cursor.y + 1, column: cursor.x + 1 }));
  }

  /** @param {boolean} isCovered */
  function brush(isCovered) {
    const next = [...mask];
    for (let y = cursor.y - 1; y < cursor.y - 1 + BRUSH; y++)
      for (let x = cursor.x - 1; x < cursor.x - 1 + BRUSH; x++)
        if (x >= 0 && y >= 0 && x < SIDE && y < SIDE) next[y * SIDE + x] = isCovered;
    mask = next;
    paint();
  }

  function mark() {
    picture.outline({ x: cursor.x - 1, y: cursor.y - 1, width: BRUSH, height: BRUSH });
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const box = picture.root.getBoundingClientRect();
    const place = (/** @type {number} */ share) => Math.min(Math.max(Math.floor(share * SIDE), 0), SIDE - 1);
    cursor = { x: place((event.clientX - box.left) / box.width), y: place((event.clientY - box.top) / box.height) };
    mark();
  }

  const at = () => mask[cursor.y * SIDE + cursor.x];
  picture.root.addEventListener("pointerdown", (event) => {
    follow(event);
    covering = !at();
    picture.root.setPointerCapture(event.pointerId);
    brush(covering);
  });
  picture.root.addEventListener("pointermove", (event) => {
    follow(event);
    if (covering !== null) brush(covering);
  });
  for (const end of ["pointerup", "pointercancel"])
    picture.root.addEventListener(end, () => {
      if (covering === null) return;
      covering = null;
      onChange(coveredBy(mask));
    });
  picture.root.addEventListener("pointerleave", () => covering === null && picture.outline(null));
  picture.root.addEventListener("keydown", (event) => {
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (right || down) {
      cursor = { x: Math.min(Math.max(cursor.x + right, 0), SIDE - 1), y: Math.min(Math.max(cursor.y + down, 0), SIDE - 1) };
      mark();
      paint();
    } else if (event.key === " " || event.key === "Enter") {
      brush(!at());
      onChange(coveredBy(mask));
    } else return;
    event.preventDefault();
  });

  return {
    root,
    /** @param {Uint8Array} image @param {import("./damage.js").Damage} damage */
    show(image, damage) {
      picture.showImage(image);
      mask = maskOf(damage);
      paint();
    },
  };
}
