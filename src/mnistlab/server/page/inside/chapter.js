/** A part of Inside under its own heading. */

import { element } from "../app/elements.js";

/**
 * @param {string} title
 * @param {string} lead
 * @param {...Node} content
 */
export function chapter(title, lead, ...content) {
  return element(
    "section",
    { class: "chapter" },
    element("h2", { text: title }),
    element("p", { class: "lead muted", text: lead }),
    ...content,
  );
}
