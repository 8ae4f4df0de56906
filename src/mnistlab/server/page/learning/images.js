/** MNIST in the browser: the compressed IDX files, fetched when a training run starts and unpacked here. */

import { PIXELS } from "../digits/digits.js";

const IDX_IMAGES = 16; // bytes before the first pixel of an IDX file of images
const IDX_LABELS = 8;

/** @typedef {{images: Uint8Array, labels: Uint8Array, count: number}} Split images `(count, 784)`, 0 to 255 */

/**
 * @param {"train" | "test"} name
 * @returns {Promise<Split>}
 */
export async function fetchSplit(name) {
  const [images, labels] = await Promise.all(["images", "labels"].map((kind) => fetchPacked(`${name}-${kind}.bin`)));
  return { images: images.subarray(IDX_IMAGES), labels: labels.subarray(IDX_LABELS), count: labels.length - IDX_LABELS };
}

/**
 * Some hosts unpack such files on their way, so the bytes are asked, not the name.
 *
 * @param {string} name
 */
async function fetchPacked(name) {
  const answer = await fetch(new URL(`../../data/${name}`, import.meta.url));
  if (!answer.ok) throw new TypeError(name);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/**
 * Some images as the network takes them.
 *
 * @param {Split} split
 * @param {ArrayLike<number>} indices
 * @returns {{batch: Float32Array, labels: Uint8Array}} the batch `(indices, 784)`, 0 to 1
 */
export function batchOf({ images, labels }, indices) {
  const batch = new Float32Array(indices.length * PIXELS);
  const truth = new Uint8Array(indices.length);
  for (let row = 0; row < indices.length; row++) {
    const from = indices[row] * PIXELS;
    truth[row] = labels[indices[row]];
    for (let pixel = 0; pixel < PIXELS; pixel++) batch[row * PIXELS + pixel] = images[from + pixel] / 255;
  }
  return { batch, labels: truth };
}
