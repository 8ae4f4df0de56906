/** How the ten numbers of the last layer become probabilities. */

import { element } from "../app/elements.js";
import { className } from "../app/networks.js";
import { chanceShort, language, number, percent, say } from "../app/words.js";

/** @typedef {import("../app/networks.js").Network} Network */

/** @param {number} value above 0 */
function formatPower(value) {
  if (value >= 0.01 && value < 100_000) return value.toLocaleString(language, { maximumSignificantDigits: 4 });
  const exponent = Math.floor(Math.log10(value));
  const digits = [...String(exponent)].map((letter) => (letter === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(letter)])).join("");
  return `${number(value / 10 ** exponent, 1)} × 10${digits}`;
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
      element("td", { text: number(logit, 2) }),
      element("td", { text: formatPower(powers[digit]) }),
      element("td", { text: chanceShort(powers[digit] / sum) }),
      element("td", { class: "share", "aria-hidden": "true" }, bar),
    );
  });
  const head = (/** @type {string} */ text, /** @type {string} */ power = "") =>
    element("th", { scope: "col" }, text, power && element("sup", { text: power }));
  const table = element(
    "table",
    { class: "softmax" },
    element("caption", { class: "visually-hidden", text: say("inside.softmax_caption") }),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        head(say(network.class_names ? "inside.softmax_class" : "inside.softmax_digit")),
        head("z"),
        head("e", "z"),
        head(say("inside.softmax_share")),
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
        element("th", { scope: "row", text: say("inside.softmax_sum") }),
        element("td"),
        element("td", { text: formatPower(sum) }),
        element("td", { text: percent(1) }),
        element("td", { class: "share" }),
      ),
    ),
  );
  const note =
    temperature !== 1 &&
    element(
      "p",
      { class: "small muted softmax-note" },
      say("inside.temperature", { temperature: number(temperature, 2) }),
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
      element("td", { text: chanceShort(probability) }),
      element("td", { class: "share", "aria-hidden": "true" }, bar),
    );
  });
  return element(
    "table",
    { class: "softmax" },
    element("caption", { class: "visually-hidden", text: say("inside.probabilities") }),
    element("tbody", {}, ...rows),
  );
}
