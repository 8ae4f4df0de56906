/**
 * A worksheet of the drawing, for paper: its 28 × 28 numbers, and room to compute a convolution by hand. It is seen only
 * in print; whoever prints while a drawing is on screen gets it in place of the page.
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { SIDE } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";

const FILTER = [1, 0, -1, 1, 0, -1, 1, 0, -1]; // ink on the left counts for it, ink on the right against it
const WINDOW = 3;

export function createWorksheet() {
  const root = element("section", { class: "worksheet", "aria-label": say("sheet.title") });

  function fill() {
    const place = mostVaried(drawing.image);
    root.replaceChildren(
      element("h2", { text: say("sheet.title") }),
      element("p", { class: "sheet-name", text: say("sheet.name") }),
      element("p", { text: say("sheet.what") }),
      gridOf(drawing.image, place),
      element(
        "ol",
        { class: "sheet-steps" },
        ...["copy", "multiply", "add", "relu"].map((step) => element("li", { text: say(`sheet.${step}`) })),
      ),
      element(
        "div",
        { class: "sheet-work" },
        ...square(say("sheet.window", { row: place.row + 1, column: place.column + 1 }), new Array(9).fill("")),
        element("span", { class: "sheet-sign", text: "×" }),
        ...square(say("sheet.filter"), FILTER.map((weight) => String(weight).replace("-", "−"))),
        element("span", { class: "sheet-sign", text: "=" }),
        ...square(say("sheet.products"), new Array(9).fill("")),
        element("p", { class: "sheet-lines" }, line(say("sheet.sum")), line(say("sheet.result"))),
      ),
      element("p", { class: "sheet-lines sheet-more" }, line(say("sheet.next")), line(say("sheet.negative")), line(say("sheet.meaning"))),
    );
  }

  addEventListener("beforeprint", () => document.documentElement.dataset.print === "worksheet" && fill());
  return {
    root,
    /** @param {boolean} isWanted whether it is what a printer gets */
    offer(isWanted) {
      if (isWanted) document.documentElement.dataset.print = "worksheet";
      else delete document.documentElement.dataset.print;
    },
    print() {
      fill();
      print();
    },
  };
}

/**
 * The window whose sum is the largest, so that there is something to compute.
 *
 * @param {Uint8Array} image
 */
function mostVaried(image) {
  let best = { row: 0, column: 0, sum: -Infinity };
  for (let row = 0; row <= SIDE - WINDOW; row++) {
    for (let column = 0; column <= SIDE - WINDOW; column++) {
      const sum = FILTER.reduce((total, weight, at) => {
        return total + weight * image[(row + Math.floor(at / WINDOW)) * SIDE + column + (at % WINDOW)];
      }, 0);
      if (sum > best.sum) best = { row, column, sum };
    }
  }
  return best;
}

/**
 * @param {Uint8Array} image
 * @param {{row: number, column: number}} place of the framed window
 */
function gridOf(image, place) {
  const numbers = [...Array(SIDE).keys()];
  const head = element("tr", {}, element("td"), ...numbers.map((at) => element("th", { text: String(at + 1) })));
  const isIn = (/** @type {number} */ at, /** @type {number} */ from) => at >= from && at < from + WINDOW;
  const rows = numbers.map((row) => {
    const cells = numbers.map((column) => {
      const value = image[row * SIDE + column];
      const isFramed = isIn(row, place.row) && isIn(column, place.column);
      const cell = element("td", { class: isFramed && "is-framed", text: String(value) });
      if (value) cell.style.setProperty("--level", (value / 255).toFixed(3));
      else cell.classList.add("is-paper");
      return cell;
    });
    return element("tr", {}, element("th", { text: String(row + 1) }), ...cells);
  });
  return element("table", { class: "sheet-grid" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

/**
 * A square of nine numbers, or of nine boxes to write into.
 *
 * @param {string} title
 * @param {string[]} values
 */
function square(title, values) {
  const rows = [0, 1, 2].map((row) =>
    element("tr", {}, ...values.slice(3 * row, 3 * row + 3).map((text) => element("td", { text }))),
  );
  return [element("table", { class: "sheet-square" }, element("caption", { text: title }), element("tbody", {}, ...rows))];
}

/** @param {string} text before a line to write on */
const line = (text) => element("span", { class: "sheet-line", text });
