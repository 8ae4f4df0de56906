/** One sentence of why for every kind of layer, and one for each of its settings. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";

/**
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {import("./arithmetic.js").Derivation} Derivation
 */

/**
 * @param {Activations} layer
 * @param {Derivation | undefined} how
 * @returns {string} why there is such a layer
 */
export function whyOf(layer, how) {
  if (layer.name === "output") return say("why.logits");
  if (layer.kind === "other" && layer.shape.length > 1) return say("why.arrange");
  return say(`why.${how?.operation === "relu" ? "activation" : layer.kind}`);
}

/**
 * @param {Activations} layer
 * @param {Derivation | undefined} how
 * @param {number} inputs numbers of the layer before
 * @returns {HTMLElement} a list of settings, each with its reason
 */
export function settingsOf(layer, how, inputs) {
  const units = layer.shape.at(-1) ?? 0;
  const [rows, columns] = how?.window ?? [];
  const values = { units, rows, columns, inputs, weights: how?.num_weights ?? 0, stride: how?.strides[0] ?? 1 };
  const isPadded = how?.pads.some((pad) => pad > 0);
  /** @type {string[]} */
  const keys = {
    convolution: ["filters", "window", isPadded ? "padded" : "unpadded", "weights"],
    pool: ["pool_window"],
    dense: ["units", "weights"],
    scale: ["weights"],
  }[how?.operation ?? ""] ?? [];
  return element("ul", { class: "settings small", hidden: !keys.length }, ...keys.map((key) => element("li", { text: say(`setting.${key}`, values) })));
}

/**
 * What a number of a layer without rows is called: the last layer has one for each digit.
 *
 * @param {Activations} layer
 * @param {number} at
 */
export const numberOf = ({ name }, at) =>
  name === "output" ? say("inside.cell_digit", { digit: at }) : say("inside.cell_number", { number: at + 1 });
