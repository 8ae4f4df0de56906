/**
 * One layer on the page: its title, its shape, and its maps.
 *
 * @typedef {import("../app/networks.js").Layer & {minimum: number, maximum: number, values: Float32Array}} Activations
 * @typedef {import("./maps.js").Maps} Maps
 * @typedef {import("./maps.js").Cell} Cell
 */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";
import { createMaps } from "./maps.js";

const NARROW = 64; // cells in a row, of a layer that has no rows of its own
const WIDE = 128; // the same of a large one
const FEW = 2; // rows of maps
const ALL = 1000;

/**
 * The numbers side by side, of a layer that has no rows of its own.
 *
 * @param {{shape: number[]}} layer
 */
export const columnsOf = ({ shape }) => (shape[0] > 1024 ? WIDE : Math.min(NARROW, shape[0]));

/**
 * @param {Activations} layer
 * @returns {Maps}
 */
function toMaps({ shape, values, minimum, maximum }) {
  const strongest = Math.max(Math.abs(minimum), Math.abs(maximum));
  if (shape.length === 1) {
    const columns = columnsOf({ shape });
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
 * }} handlers
 */
export function createLayer(layer, { onPoint, onChoose }) {
  const isGrid = layer.shape.length > 1;
  const label = `${layer.title}, ${isGrid ? inWords(layer.shape) : say("inside.numbers", { count: layer.shape[0] })}`;
  let current = toMaps(layer);
  let isOpen = false;
  let wanted = 0; // map that must be in sight
  const onLayOut = (/** @type {number} */ across) => {
    opener.hidden = current.count <= FEW * across;
    if (!isOpen && wanted >= FEW * across) open(true);
  };
  const maps = createMaps({ label, maps: current, limit: FEW, onPoint, onChoose, onLayOut });
  const opener = element("button", {
    type: "button",
    class: "text-button",
    "aria-expanded": "false",
    hidden: current.count === 1,
  });
  opener.addEventListener("click", () => open(!isOpen));
  const range = element("span", { class: "layer-range" });
  const head = element(
    "div",
    { class: "layer-head" },
    element("p", { class: "small muted" }, element("span", { text: layer.shape.join(" × ") }), range),
    opener,
  );
  const root = element("section", { class: `layer ${layer.kind}`, "aria-label": layer.title }, head, maps.root);

  /** @param {Activations} next */
  function describe({ minimum, maximum }) {
    range.textContent = say("inside.range", { least: format(minimum), most: format(maximum) });
  }
  describe(layer);

  /** @param {boolean} isAll whether to show all maps */
  function open(isAll) {
    isOpen = isAll;
    if (!isAll) wanted = 0;
    opener.textContent = isAll ? say("inside.two_rows") : say("inside.all", { count: current.count });
    opener.setAttribute("aria-expanded", String(isAll));
    maps.setLimit(isAll ? ALL : FEW);
  }

  const made = {
    root,
    isGrid,
    showMark: maps.showMark,
    get maps() {
      return current;
    },
    /** @param {Cell} cell which must be among the maps that are shown */
    reveal({ map }) {
      wanted = map;
      if (maps.shown && map >= maps.shown) open(true);
    },
    /** @param {Activations} next of the same shape */
    show(next) {
      current = toMaps(next);
      maps.show(current);
      describe(next);
    },
  };
  open(false);
  return made;
}

/** @param {number} value */
const format = (value) => number(value, 2);

/** @param {number[]} shape */
function inWords([rows, columns, count = 1]) {
  return say(count === 1 ? "inside.cells" : "inside.maps", { count, rows, columns });
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
