/** The weights of the first layer as pictures of what it looks for. */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";
import { decodeFloats } from "../digits/digits.js";
import { createMaps } from "./maps.js";

/** @typedef {import("./maps.js").Maps} Maps */
/** @typedef {import("./maps.js").Cell} Cell */

const ALL = 1000; // rows
/** @param {number} value */
const format = (value) => number(value, 2);

/**
 * The weights of a first layer as pictures.
 *
 * @param {{name: string, shape: number[], values: string}} layer as the server sends it
 */
export function createFilters({ name, shape, values: text }) {
  const values = decodeFloats(text);
  const [filters, rows, columns, depth] = shape;
  // A few weights are far stronger than the rest, which would leave the others pale.
  const sizes = values.map(Math.abs).sort();
  const strongest = sizes[Math.floor(0.995 * (sizes.length - 1))];
  const count = filters * depth;
  /** @type {Maps["at"]} */
  const at = (map, row, column) =>
    values[((Math.floor(map / depth) * rows + row) * columns + column) * depth + (map % depth)];
  const said = element("p", { class: "small muted filter-said" });
  const resting = say("inside.filters_said", { filters, rows, columns, weight: format(strongest) });
  const tell = (/** @type {Cell | null} */ cell) => {
    maps.showMark(cell);
    if (!cell) {
      said.textContent = resting;
      return;
    }
    const { map, row, column } = cell;
    const filter = Math.floor(map / depth) + 1;
    const value = format(at(map, row, column));
    said.textContent = say("inside.filter_said", { filter, row: row + 1, column: column + 1, value });
  };
  const maps = createMaps({
    label: say("inside.filters_label", { layer: name, filters, rows, columns }),
    maps: { count, rows, columns, strongest, at },
    limit: 2,
    onPoint: tell,
    onChoose: tell,
  });
  const opener = element("button", {
    type: "button",
    class: "text-button",
    "aria-expanded": "false",
    text: say("inside.all", { count }),
  });
  let isOpen = false;
  opener.addEventListener("click", () => {
    isOpen = !isOpen;
    maps.setLimit(isOpen ? ALL : 2);
    opener.textContent = isOpen ? say("inside.two_rows") : say("inside.all", { count });
    opener.setAttribute("aria-expanded", String(isOpen));
  });
  tell(null);
  return { root: element("div", { class: "filters" }, said, maps.root, opener) };
}
