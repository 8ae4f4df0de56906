/** What people ask, below each tab: questions that open their answers. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";

/** By tab, in the order in which they come up. @type {Record<string, readonly string[]>} */
const ASKED = {
  draw: ["numbers", "kept", "data", "form", "fooled"],
  inside: ["which", "map", "filter", "bias", "normalized", "relu", "softmax", "squares"],
  train: ["loss", "gradient", "longer", "again", "axes", "validation", "recipes"],
  mistakes: ["person", "sides"],
  experiments: ["certain", "small", "augmentation", "labels", "others", "words"],
};

/**
 * @param {string} tab
 * @returns {HTMLElement}
 */
export function questionsOf(tab) {
  return element(
    "section",
    { class: "questions", "aria-label": say("questions.title") },
    ...(ASKED[tab] ?? []).map((name) =>
      element(
        "details",
        {},
        element("summary", { text: say(`questions.${tab}_${name}`) }),
        element("p", { class: "small", text: say(`questions.${tab}_${name}_answer`) }),
      ),
    ),
  );
}

/**
 * The same behind one line.
 *
 * @param {string} tab
 * @returns {HTMLElement}
 */
export const foldedQuestionsOf = (tab) =>
  element("details", { class: "chooser" }, element("summary", { text: say("questions.title") }), questionsOf(tab));
