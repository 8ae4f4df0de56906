/**
 * The numbers of one filter or unit, with which a cell can be computed by hand.
 *
 * @typedef {import("./weights.js").Weights} Weights
 */

/**
 * @param {Weights} network
 * @param {string} layer name of one of its outputs
 * @param {number} unit from 0 on
 * @returns {{shape: number[], values: Float32Array, factor: number, offset: number}} values: its weights, none where the
 *   layer has none of its own
 */
export function unitOf({ steps, arrays, shapes, outputs }, layer, unit) {
  /** @type {Set<number>} */
  const before = new Set(); // steps that give earlier layers
  for (const [name, number] of Object.entries(outputs)) {
    if (name === layer) break;
    before.add(number);
  }
  const found = { shape: /** @type {number[]} */ ([]), values: new Float32Array(0), factor: 1, offset: 0 };
  if (before.has(outputs[layer])) return found; // it only hands on
  const line = [];
  for (let at = outputs[layer]; ; at = steps[at].from[0]) {
    line.unshift(steps[at]);
    if (steps[at].from.length !== 1 || before.has(steps[at].from[0])) break;
  }
  for (const { weights, bias, factor, offset } of line) {
    const own = (/** @type {number} */ array) => arrays[array][arrays[array].length > 1 ? unit : 0];
    if (weights !== undefined) {
      const units = shapes[weights][shapes[weights].length - 1];
      found.shape = shapes[weights].slice(0, -1);
      found.values = arrays[weights].filter((_, at) => at % units === unit);
    }
    if (factor !== undefined) [found.factor, found.offset] = [found.factor * own(factor), found.offset * own(factor)];
    for (const added of [bias, offset]) if (added !== undefined) found.offset += own(added);
  }
  return found;
}
