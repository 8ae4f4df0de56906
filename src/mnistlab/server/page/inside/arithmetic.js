/**
 * How one cell of a layer is computed, in numbers: the way back to the last operation that joins several numbers.
 *
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {{layer: string, source: string, operation: string, window: number[], strides: number[], pads: number[],
 *   num_weights: number}} Derivation
 * @typedef {{weights: Float32Array, shape: number[], factor: number, offset: number}} Unit
 * @typedef {{map: number, row: number, column: number}} Place
 *   in a layer without rows of its own, map is the number and row and column are 0
 * @typedef {{rows: number, columns: number, values: number[], isOutside: boolean[]}} Grid
 * @typedef {{map: number, sum: number, inputs: Grid, weights: Grid, products: Grid}} Channel
 */

/**
 * The derivations that lead to a layer, from the last one that joins several numbers on.
 *
 * @param {string} name
 * @param {Record<string, Activations>} layers
 * @param {Record<string, Derivation>} derivations
 * @returns {Derivation[]}
 */
export function chainOf(name, layers, derivations) {
  /** @type {Derivation[]} */
  const chain = [];
  for (let at = name; derivations[at]; at = derivations[at].source) {
    const how = derivations[at];
    chain.unshift(how);
    const isOneToOne = ["scale", "relu"].includes(how.operation) || isSame(layers[at], layers[how.source], how);
    if (!isOneToOne) break;
  }
  return chain;
}

/**
 * @param {Activations | undefined} layer
 * @param {Activations | undefined} source
 * @param {Derivation} how
 */
function isSame(layer, source, how) {
  return how.operation === "arrange" && layer?.shape.join() === source?.shape.join();
}

/** @param {number[]} shape @returns {[number, number, number]} rows, columns, maps; of a layer in one row, 1, 1, units */
export const sizes = (shape) => (shape.length === 1 ? [1, 1, shape[0]] : [shape[0], shape[1], shape[2] ?? 1]);

/** @param {Activations} layer @param {Place} place */
export function valueAt({ shape, values }, { map, row, column }) {
  const [, columns, maps] = sizes(shape);
  return values[(row * columns + column) * maps + map];
}

/**
 * The products of a convolution, for each map of its source.
 *
 * @param {Activations} source
 * @param {Derivation} how
 * @param {Unit} unit
 * @param {Place} place
 * @returns {Channel[]}
 */
export function channelsOf(source, how, unit, { row, column }) {
  const [rows, columns, maps] = sizes(source.shape);
  const [tall, wide] = how.window;
  const [top, left] = [row * how.strides[0] - how.pads[0], column * how.strides[1] - how.pads[1]];
  const fold = foldOf(source, maps);
  // Where the source has blocks of pixels as its cells, their pixels are shown side by side again, as in the image.
  const count = fold ? 1 : maps;
  const [down, across] = fold ?? [1, 1];
  return Array.from({ length: count }, (_, first) => {
    const [inputs, weights, products] = [0, 1, 2].map(() => grid(tall * down, wide * across));
    for (let y = 0; y < tall * down; y++)
      for (let x = 0; x < wide * across; x++) {
        const [r, c] = [Math.floor(y / down), Math.floor(x / across)];
        const map = fold ? (y % down) * across + (x % across) : first;
        const at = y * wide * across + x;
        const isOutside = top + r < 0 || top + r >= rows || left + c < 0 || left + c >= columns;
        inputs.isOutside[at] = isOutside;
        inputs.values[at] = isOutside ? 0 : source.values[((top + r) * columns + left + c) * maps + map];
        weights.values[at] = unit.weights[(r * wide + c) * maps + map];
        products.values[at] = inputs.values[at] * weights.values[at];
      }
    return { map: first, sum: products.values.reduce((sum, product) => sum + product, 0), inputs, weights, products };
  });
}

/**
 * @param {Activations} source
 * @param {number} maps
 * @returns {number[] | null} rows and columns of the blocks of pixels that are its cells
 */
function foldOf({ field, kind }, maps) {
  const size = field?.size;
  if (kind !== "other" || !size || maps === 1 || size[0] * size[1] !== maps) return null;
  return size.join() === field.stride.join() ? size : null;
}

/** @param {number} rows @param {number} columns @returns {Grid} */
const grid = (rows, columns) => ({ rows, columns, values: [], isOutside: Array(rows * columns).fill(false) });

/**
 * The numbers under the window of a pooling.
 *
 * @param {Activations} source
 * @param {Derivation} how
 * @param {Place} place
 * @returns {Grid & {most: Place}}
 */
export function pooled(source, how, { map, row, column }) {
  const [rows, columns] = sizes(source.shape);
  const [top, left] = [row * how.strides[0] - how.pads[0], column * how.strides[1] - how.pads[1]];
  const found = grid(how.window[0], how.window[1]);
  let most = { map, row: Math.max(top, 0), column: Math.max(left, 0) };
  for (let y = 0; y < found.rows; y++)
    for (let x = 0; x < found.columns; x++) {
      const place = { map, row: top + y, column: left + x };
      const at = y * found.columns + x;
      found.isOutside[at] = place.row < 0 || place.row >= rows || place.column < 0 || place.column >= columns;
      found.values[at] = found.isOutside[at] ? 0 : valueAt(source, place);
      if (!found.isOutside[at] && found.values[at] > valueAt(source, most)) most = place;
    }
  return { ...found, most };
}

/**
 * What each input of a dense unit adds to its sum.
 *
 * @param {Activations} source
 * @param {Unit} unit
 * @returns {{at: number, value: number, weight: number, product: number}[]} the largest first, whatever their sign
 */
export function contributions(source, unit) {
  return Array.from(source.values, (value, at) => ({ at, value, weight: unit.weights[at], product: value * unit.weights[at] })).sort(
    (one, other) => Math.abs(other.product) - Math.abs(one.product),
  );
}

/**
 * Where a number stood before its layer was arranged in one row.
 *
 * @param {Activations} source
 * @param {number} at
 * @returns {Place}
 */
export function placeOf({ shape }, at) {
  const [, columns, maps] = sizes(shape);
  return { map: at % maps, row: Math.floor(at / maps / columns), column: Math.floor(at / maps) % columns };
}

const FIRST = 8; // maps, which fit into any row

/**
 * The place with the largest number, in one of the first maps.
 *
 * @param {Activations} layer
 * @returns {Place}
 */
export function strongestPlace(layer) {
  const maps = layer.shape.length > 1 ? sizes(layer.shape)[2] : 1;
  let best = 0;
  layer.values.forEach((value, at) => at % maps < FIRST && value > layer.values[best] && (best = at));
  return placeOf(layer, best);
}
