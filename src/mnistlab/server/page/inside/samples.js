/** Ten of MNIST's test digits, for who wants to look inside before drawing. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { decodeImage, drawDigit, onThemeChange } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";

const FIRST_OF_EACH = [3, 2, 1, 18, 4, 8, 11, 0, 61, 7]; // the first 0 of the test split, the first 1, …

/**
 * @param {import("../main.js").Context} context
 * @returns {HTMLElement} empty until the digits are there
 */
export function createSamples({ api }) {
  const root = element("div", { class: "samples", role: "group", "aria-label": say("inside.samples") });

  async function load() {
    const { images } = await api.get(`/api/images/test?indices=${FIRST_OF_EACH.join()}`);
    const buttons = images.map((/** @type {{label: number, image: string}} */ { label, image }) => {
      const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
      const paint = () => drawDigit(canvas, decodeImage(image));
      paint();
      onThemeChange(paint);
      const pick = () => drawing.pick(decodeImage(image));
      return element("button", { type: "button", "aria-label": say("inside.look_at", { label: String(label) }), onclick: pick }, canvas);
    });
    root.replaceChildren(...buttons);
  }

  void load();
  return root;
}
