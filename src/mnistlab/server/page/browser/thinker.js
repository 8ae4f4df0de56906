/**
 * Asks networks in a worker, so that the pen never waits for them. Each network's file is fetched once, when it is first
 * asked for.
 *
 * @typedef {Record<string, Float32Array>} Outputs by the names of the layers
 * @typedef {import("../networks/weights.js").Calibration} Calibration
 * @typedef {{outputs: Outputs, calibration: Calibration}} Thought
 */

import { ApiError } from "../app/api.js";
import { say } from "../app/words.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
/** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
const open = new Map();
/** @type {Map<string, Promise<void>>} */
const loading = new Map();
/** @type {Set<string>} */
const loaded = new Set();
let last = 0;

worker.addEventListener("message", ({ data: { number, error, ...answer } }) => {
  const { resolve, reject } = open.get(number) ?? {};
  open.delete(number);
  if (error) reject?.(new ApiError(say("site.not_loaded"), 0, 5));
  else resolve?.(answer);
});
worker.addEventListener("error", () => {
  for (const { reject } of open.values()) reject(new ApiError(say("site.not_loaded"), 0, 5));
  open.clear();
});

/**
 * @param {object} question
 * @returns {Promise<any>}
 */
function ask(question) {
  return new Promise((resolve, reject) => {
    open.set(++last, { resolve, reject });
    worker.postMessage({ number: last, ...question });
  });
}

/** @param {string} network its id */
export const isLoaded = (network) => loaded.has(network);

/**
 * @param {string} network its id
 * @returns {Promise<void>} when its file is there; it is asked for once, and again only after a failure
 */
export function load(network) {
  const address = new URL(`../../data/networks/${network}.weights`, import.meta.url).href;
  const known = loading.get(network) ?? ask({ do: "load", network, address }).then(() => void loaded.add(network));
  loading.set(network, known);
  known.catch(() => loading.delete(network));
  return known;
}

/**
 * What a network says of an image.
 *
 * @param {string} network its id
 * @param {Uint8Array} image 784 pixels
 * @param {string[] | null} names of the layers wanted; null for all
 * @returns {Promise<Thought>}
 */
export async function think(network, image, names) {
  await load(network);
  return ask({ do: "think", network, image, names });
}

/**
 * The weights of the first layer that has any.
 *
 * @param {string} network its id
 * @returns {Promise<{name: string, shape: number[], values: Float32Array, fold: number} | {name: ""}>}
 */
export async function firstWeights(network) {
  await load(network);
  return ask({ do: "weights", network });
}

/**
 * The numbers of one filter or unit.
 *
 * @param {string} network its id
 * @param {string} layer
 * @param {number} unit from 0 on
 * @returns {Promise<{shape: number[], values: Float32Array, factor: number, offset: number}>}
 */
export async function weightsOf(network, layer, unit) {
  await load(network);
  return ask({ do: "unit", network, layer, unit });
}
