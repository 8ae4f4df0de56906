/** Numbers as a picture and as text: each stands in its cell, and the cell is as dark as the number is large. */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";
import { paintSigned } from "./path.js";
import { onThemeChange } from "../digits/digits.js";

/** @typedef {import("./arithmetic.js").Grid} Grid */

const MOST = 64; // cells with a number in them; of more there is only the picture

/**
 * @param {{grid: Grid, caption: string, marked?: number}} options marked: number of a cell that stands out
 * @returns {HTMLElement}
 */
export function createNumbers({ grid: { rows, columns, values, isOutside }, caption, marked }) {
  const strongest = Math.max(...values.map(Math.abs)) || 1;
  if (values.length > MOST) {
    const canvas = element("canvas", { class: "pixels numbers-picture", role: "img", "aria-label": caption });
    const paint = () => paintSigned(canvas, rows, columns, (at) => values[at] / strongest);
    paint();
    onThemeChange(paint);
    return element("figure", { class: "numbers-figure" }, canvas, element("figcaption", { class: "small muted", text: caption }));
  }
  const cell = (/** @type {number} */ at) => {
    const share = Math.abs(values[at]) / strongest;
    const classes = [share > 0.5 && "is-strong", values[at] < 0 && "is-negative", at === marked && "is-marked"];
    const text = isOutside[at] ? say("explain.outside") : number(values[at], 2);
    const made = element("td", { class: classes.filter(Boolean).join(" ") || null, text });
    made.style.setProperty("--share", `${Math.round(100 * share)}%`);
    return made;
  };
  const body = Array.from({ length: rows }, (_, row) =>
    element("tr", {}, ...Array.from({ length: columns }, (_, column) => cell(row * columns + column))),
  );
  return element(
    "table",
    { class: columns > 4 ? "numbers is-small" : "numbers" },
    element("caption", { class: "small muted", text: caption }),
    element("tbody", {}, ...body),
  );
}
