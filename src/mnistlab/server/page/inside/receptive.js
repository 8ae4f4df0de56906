/**
 * The digit with the pixels outlined that a cell of some layer saw.
 *
 * @typedef {import("../app/networks.js").Field} Field
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { SIDE, drawDigit } from "../digits/digits.js";

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} [attributes] */
export function shape(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** @param {string} label what a screen reader calls the picture */
export function createLookedAt(label) {
  const canvas = element("canvas", { class: "pixels", width: SIDE, height: SIDE, role: "img", "aria-label": label });
  const overlay = shape("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "field", "aria-hidden": "true" });
  const outside = shape("path", { class: "field-outside", "fill-rule": "evenodd" });
  const outline = shape("rect", { class: "field-outline" });
  overlay.append(outside, outline);
  const root = element("div", { class: "looked-at" }, canvas, /** @type {any} */ (overlay));

  return {
    root,
    overlay,
    /** @param {Uint8Array} image @param {{ink?: string, paper?: string}} [colors] */
    showImage: (image, colors) => drawDigit(canvas, image, colors),
    /** @param {{x: number, y: number, width: number, height: number} | null} box in pixels of the image */
    outline(box) {
      overlay.classList.toggle("is-on", box !== null);
      if (!box) return;
      const { x, y, width, height } = box;
      for (const [name, value] of Object.entries(box)) outline.setAttribute(name, String(value));
      outside.setAttribute("d", `M0 0H${SIDE}V${SIDE}H0ZM${x} ${y}h${width}v${height}h${-width}z`);
    },
  };
}

/**
 * The pixels that a cell saw.
 *
 * @param {Field} field
 * @param {number} row
 * @param {number} column
 */
export function pixelsOf({ size, stride, offset }, row, column) {
  return { x: offset[1] + column * stride[1], y: offset[0] + row * stride[0], width: size[1], height: size[0] };
}

/**
 * Those of them that lie on the image, in words.
 *
 * @param {{x: number, y: number, width: number, height: number}} box
 */
export function pixelsInWords({ x, y, width, height }) {
  const range = (/** @type {number} */ start, /** @type {number} */ length) => {
    const [first, last] = [Math.max(start, 0), Math.min(start + length, SIDE) - 1];
    return first === last
      ? { key: "inside.pixel", values: { at: first + 1 } }
      : { key: "inside.pixel_range", values: { first: first + 1, last: last + 1 } };
  };
  return say("inside.pixels", { rows: range(y, height), columns: range(x, width) });
}
