/**
 * One layer on the page: its title, its shape, and its maps.
 *
 * @typedef {import("../app/networks.js").Layer & {minimum: number, maximum: number, values: Float32Array}} Activations
 * @typedef {import("./maps.js").Maps} Maps
 * @typedef {import("./maps.js").Cell} Cell
 */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";
import { decodeFloats } from "../digits/digits.js";
import { createMaps } from "./maps.js";

const NARROW = 64; // cells in a row, of a layer that has no rows of its own
const WIDE = 128; // the same of a large one
const ALL = 1000; // rows

/**
 * @param {Activations} layer
 * @returns {Maps}
 */
function toMaps({ shape, values, minimum, maximum }) {
  const strongest = Math.max(Math.abs(minimum), Math.abs(maximum));
  if (shape.length === 1) {
    const columns = shape[0] > 1024 ? WIDE : Math.min(NARROW, shape[0]);
    const rows = Math.ceil(shape[0] / columns);
    return {
      count: 1,
      rows,
      columns,
      strongest,
      side: 512,
      at: (_, row, column) => values[row * columns + column] ?? 0,
    };
  }
  const [rows, columns, count = 1] = shape;
  return {
    count,
    rows,
    columns,
    strongest,
    side: count === 1 ? 84 : undefined,
    at: (map, row, column) => values[(row * columns + column) * count + map],
  };
}

/**
 * @param {Activations} layer
 * @param {{
 *   onPoint: (cell: Cell | null) => void,
 *   onChoose: (cell: Cell) => void,
 *   onOpen: (isOpen: boolean) => void,
 * }} handlers
 */
export function createLayer(layer, { onPoint, onChoose, onOpen }) {
  const isGrid = layer.shape.length > 1;
  const label = `${layer.title}, ${isGrid ? inWords(layer.shape) : say("inside.numbers", { count: layer.shape[0] })}`;
  let current = toMaps(layer);
  let isOpen = false;
  const onLayOut = (/** @type {boolean} */ isAll) => (opener.hidden = isAll);
  const maps = createMaps({ label, maps: current, limit: 1, onPoint, onChoose, onLayOut });
  const opener = element("button", {
    type: "button",
    class: "text-button",
    "aria-expanded": "false",
    hidden: current.count === 1,
  });
  opener.addEventListener("click", () => onOpen(!isOpen));
  const range = element("span", { class: "layer-range" });
  const head = element(
    "div",
    { class: "layer-head" },
    element("h3", { text: layer.title }),
    element("p", { class: "small muted" }, element("span", { text: layer.shape.join(" × ") }), range),
    opener,
  );
  const root = element("section", { class: `layer ${layer.kind}`, "aria-label": layer.title }, head, maps.root);

  /** @param {Activations} next */
  function describe({ minimum, maximum }) {
    range.textContent = say("inside.range", { least: format(minimum), most: format(maximum) });
  }
  describe(layer);

  const made = {
    root,
    isGrid,
    showMark: maps.showMark,
    get maps() {
      return current;
    },
    /** @param {boolean} wanted whether to show all maps */
    open(wanted) {
      isOpen = wanted;
      maps.setLimit(wanted ? ALL : 1);
      opener.textContent = wanted ? say("inside.one_row") : say("inside.all", { count: current.count });
      opener.setAttribute("aria-expanded", String(wanted));
    },
    /** @param {Activations} next of the same shape */
    show(next) {
      current = toMaps(next);
      maps.show(current);
      describe(next);
    },
  };
  made.open(false);
  return made;
}

/** @param {number} value */
const format = (value) => number(value, 2);

/** @param {number[]} shape */
function inWords([rows, columns, count = 1]) {
  return say(count === 1 ? "inside.cells" : "inside.maps", { count, rows, columns });
}

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

/**
 * Whether a layer hands on what it got, as dropout does after training.
 *
 * @param {Activations} layer
 * @param {Activations | undefined} before
 */
export function passesOn(layer, before) {
  if (!before || layer.kind !== "other" || layer.values.length !== before.values.length) return false;
  const isAlike = layer.shape.length > 1 === before.shape.length > 1; // a row of what were pixels is another picture
  return isAlike && layer.values.every((value, at) => value === before.values[at]);
}
