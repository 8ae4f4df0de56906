/**
 * The 10,000 test images of MNIST, and the training images that look most like those that a network gets wrong. Both
 * travel compressed, and only when somebody looks at them.
 *
 * @typedef {{index: number, label: number, image: string, contested: "wrong" | "undecided" | null}} TestImage
 */

import { ApiError } from "../app/api.js";
import { say } from "../app/words.js";
import { PIXELS, encodeImage } from "../digits/digits.js";

const DATA = new URL("../../data/", import.meta.url);
const IDX_IMAGES = 16; // bytes before the first pixel of an IDX file of images
const IDX_LABELS = 8;
/** @type {Map<string, Promise<any>>} */
const fetched = new Map();

/**
 * @template T
 * @param {string} path below the folder of the data
 * @param {(answer: Response) => Promise<T>} read
 * @returns {Promise<T>} asked for once, and again only after a failure
 */
export function fetchOnce(path, read) {
  const known =
    fetched.get(path) ??
    fetch(new URL(path, DATA)).then(
      (answer) => {
        if (answer.ok) return read(answer);
        throw new ApiError(say("site.not_there"), answer.status);
      },
      () => {
        throw new ApiError(say("site.not_loaded"), 0, 5);
      },
    );
  fetched.set(path, known);
  known.catch(() => fetched.delete(path));
  return known;
}

/** @param {string} path */
export const fetchJson = (path) => fetchOnce(path, (answer) => answer.json());

/**
 * A compressed file, whole. Some hosts unpack such files on their way, so the bytes are asked, not the name.
 *
 * @param {string} path
 * @returns {Promise<Uint8Array>}
 */
export const fetchPacked = (path) =>
  fetchOnce(path, async (answer) => {
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  });

/**
 * @param {number[]} indices
 * @returns {Promise<TestImage[]>}
 */
export async function testImages(indices) {
  const [pixels, labels, contested] = await Promise.all([
    fetchPacked("test-images.bin"),
    fetchPacked("test-labels.bin"),
    fetchJson("contested.json"),
  ]);
  return indices.map((index) => {
    const begin = IDX_IMAGES + PIXELS * index;
    const image = encodeImage(pixels.subarray(begin, begin + PIXELS));
    return { index, label: labels[IDX_LABELS + index], image, contested: contested[index] ?? null };
  });
}

/**
 * @param {number} index of a test image
 * @returns {Promise<{index: number, label: number, distance: number, image: string}[]>} none of most that are read right
 */
export async function nearest(index) {
  const [listed, pixels] = await Promise.all([fetchJson("nearest.json"), fetchPacked("nearest.bin")]);
  const found = listed[index] ?? [];
  return found.map((/** @type {{place: number, index: number, label: number, distance: number}} */ { place, ...near }) => {
    return { ...near, image: encodeImage(pixels.subarray(PIXELS * place, PIXELS * (place + 1))) };
  });
}
