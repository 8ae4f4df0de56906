/** How the ten numbers of the last layer become probabilities. */

import { element, percent } from "../app/elements.js";
import { className } from "../app/networks.js";

/** @typedef {import("../app/networks.js").Network} Network */

/** @param {number} value above 0 */
function formatPower(value) {
  if (value >= 0.01 && value < 100_000) return value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const exponent = Math.floor(Math.log10(value));
  const digits = [...String(exponent)].map((letter) => (letter === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(letter)])).join("");
  return `${(value / 10 ** exponent).toFixed(1)} × 10${digits}`;
}

/**
 * The table: digit, number, its power, its share.
 *
 * @param {number[]} logits ten, already divided by the temperature
 * @param {number} temperature of the network, 1 if it has none
 * @param {Network} network
 * @returns {HTMLElement}
 */
export function createSoftmax(logits, temperature, network) {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power, 0);
  const most = logits.indexOf(Math.max(...logits));
  const rows = logits.map((logit, digit) => {
    const bar = element("span", { class: "share-bar" });
    bar.style.setProperty("--share", (powers[digit] / sum).toFixed(4));
    return element(
      "tr",
      { class: digit === most && "is-first" },
      element("th", { scope: "row", text: className(network, digit) }),
      element("td", { text: logit.toFixed(2).replace("-", "−") }),
      element("td", { text: formatPower(powers[digit]) }),
      element("td", { text: percent(powers[digit] / sum) }),
      element("td", { class: "share", "aria-hidden": "true" }, bar),
    );
  });
  const head = (/** @type {string} */ text, /** @type {string} */ power = "") =>
    element("th", { scope: "col" }, text, power && element("sup", { text: power }));
  const table = element(
    "table",
    { class: "softmax" },
    element("caption", { class: "visually-hidden", text: "From the last layer’s numbers to probabilities" }),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        head(network.class_names ? "class" : "digit"),
        head("z"),
        head("e", "z"),
        head("of the sum"),
        element("td", { class: "share" }),
      ),
    ),
    element("tbody", {}, ...rows),
    element(
      "tfoot",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "row", text: "sum" }),
        element("td"),
        element("td", { text: formatPower(sum) }),
        element("td", { text: "100 %" }),
        element("td", { class: "share" }),
      ),
    ),
  );
  const note =
    temperature !== 1 &&
    element(
      "p",
      { class: "small muted softmax-note" },
      `z is the layer’s number divided by ${temperature.toFixed(2)}, a temperature that was fitted on validation ` +
        "digits: with it, of answers given with 90 % about 90 of 100 are right.",
    );
  return element("div", {}, table, note);
}

/**
 * Ten probabilities without the numbers that they were made of.
 *
 * @param {number[]} probabilities
 * @param {Network} network
 * @returns {HTMLElement}
 */
export function createProbabilities(probabilities, network) {
  const most = probabilities.indexOf(Math.max(...probabilities));
  const rows = probabilities.map((probability, digit) => {
    const bar = element("span", { class: "share-bar" });
    bar.style.setProperty("--share", probability.toFixed(4));
    return element(
      "tr",
      { class: digit === most && "is-first" },
      element("th", { scope: "row", text: className(network, digit) }),
      element("td", { text: percent(probability) }),
      element("td", { class: "share", "aria-hidden": "true" }, bar),
    );
  });
  return element(
    "table",
    { class: "softmax" },
    element("caption", { class: "visually-hidden", text: "Probabilities" }),
    element("tbody", {}, ...rows),
  );
}
