/** What an empty sheet shows: a 3 as a pen would write it, so faint that one wants to draw over it. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { PLACES } from "../digits/strokes.js";

const SVG = "http://www.w3.org/2000/svg";
const PATH =
  "M68 49C74 36 90 27 105 27S141 34 145 62S128 102 97 111C128 110 151 128 152 160S126 206 96 209S66 199 63 191";
const START = { cx: 68, cy: 49 };

/** @returns {HTMLElement} of no interest to a screen reader, which is told what the sheet is */
export function createHint() {
  const make = (/** @type {string} */ tag, /** @type {Record<string, string | number>} */ attributes) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  };
  const image = make("svg", { viewBox: `0 0 ${PLACES} ${PLACES}`, class: "hint-digit" });
  image.append(make("path", { class: "hint-stroke", d: PATH }), make("circle", { class: "hint-pen", r: 11, ...START }));
  return element("div", { class: "hint", "aria-hidden": "true" }, image, element("p", { text: say("draw.hint") }));
}
