/**
 * What is broken in the first network, as the address holds it and as the server takes it.
 *
 * In the address, `cut` names layers with weights by their numbers and what is wrong with each: `1f3-5,2b,3o,4r` for
 * filters 3 and 5 of the first, no biases in the second, the third off, the fourth without its ReLU. `noise` is its size
 * in percent and its seed, `50.7`; `cover` are the covered pixels, 784 bits in Base64 of addresses.
 *
 * @typedef {{part: number, units: number[], off: boolean, biases: boolean, linear: boolean}} Cut
 * @typedef {{cuts: Cut[], noise: number, seed: number, covered: string}} Damage as the server takes it
 * @typedef {{layer: string, num_units: number, adds: boolean, has_relu: boolean}} Part
 */

import { PIXELS, decodeImage, encodeImage } from "../digits/digits.js";

export const MAX_UNITS = 64; // of one layer, that are off one by one
export const MAX_NOISE = 200; // per cent
const MAX_SEED = 9999;
const BYTES = PIXELS / 8;
const CUT = /^([1-9]\d?)(?:f([1-9]\d{0,3}(?:-[1-9]\d{0,3})*)|([bor]))$/;
const NOISE = /^([1-9]\d{0,2})\.(0|[1-9]\d{0,3})$/;
const COVER = /^[A-Za-z0-9_-]{131}$/;

/** @type {Damage} */
export const SOUND = Object.freeze({ cuts: [], noise: 0, seed: 0, covered: "" });

/**
 * @param {Readonly<Record<string, string>>} state what the address says
 * @param {Part[]} parts what the network has
 * @returns {Damage | null} null where the address names what the network does not have, or is no such text at all
 */
export function readDamage({ cut = "", noise = "", cover = "" }, parts) {
  /** @type {Map<number, Cut>} */
  const cuts = new Map();
  for (const text of cut ? cut.split(",") : []) {
    const found = CUT.exec(text);
    const part = Number(found?.[1]);
    const known = parts[part - 1];
    if (!found || !known) return null;
    const [, , units, letter] = found;
    const now = cuts.get(part) ?? { part, units: [], off: false, biases: false, linear: false };
    const numbers = [...new Set((units ?? "").split("-").filter(Boolean).map(Number))];
    if (numbers.length > MAX_UNITS || numbers.some((unit) => unit > known.num_units)) return null;
    if ((letter === "b" && !known.adds) || (letter === "r" && !known.has_relu)) return null;
    cuts.set(part, {
      part,
      units: numbers.length ? numbers : now.units,
      off: now.off || letter === "o",
      biases: now.biases || letter === "b",
      linear: now.linear || letter === "r",
    });
  }
  const noisy = NOISE.exec(noise);
  if (noise && (!noisy || Number(noisy[1]) > MAX_NOISE || Number(noisy[2]) > MAX_SEED)) return null;
  if (cover && !COVER.test(cover)) return null;
  const covered = cover && `${cover.replaceAll("-", "+").replaceAll("_", "/")}=`;
  if (covered && encodeImage(decodeImage(covered)) !== covered) return null; // bits beyond the last pixel
  const [percent, seed] = noisy ? [Number(noisy[1]), Number(noisy[2])] : [0, 0];
  return { cuts: [...cuts.values()], noise: percent / 100, seed, covered };
}

/**
 * @param {Damage} damage
 * @returns {{cut: string | null, noise: string | null, cover: string | null}} what to put into the address
 */
export function writeDamage({ cuts, noise, seed, covered }) {
  const texts = cuts.flatMap(({ part, units, off, biases, linear }) => [
    ...(units.length ? [`${part}f${[...units].sort((one, other) => one - other).join("-")}`] : []),
    ...[off && "o", biases && "b", linear && "r"].filter(Boolean).map((letter) => `${part}${letter}`),
  ]);
  return {
    cut: texts.join() || null,
    noise: noise ? `${Math.round(100 * noise)}.${seed}` : null,
    cover: covered ? covered.replace("=", "").replaceAll("+", "-").replaceAll("/", "_") : null,
  };
}

/** @param {Damage} damage whether anything is broken or covered */
export const isBroken = ({ cuts, noise, covered }) => cuts.length > 0 || noise > 0 || covered !== "";

/**
 * What is broken in one layer, changed.
 *
 * @param {Damage} damage
 * @param {number} part
 * @param {Partial<Cut>} change
 * @returns {Damage}
 */
export function withCut(damage, part, change) {
  const now = damage.cuts.find((one) => one.part === part) ?? { part, units: [], off: false, biases: false, linear: false };
  const next = { ...now, ...change };
  const rest = damage.cuts.filter((one) => one.part !== part);
  const isCut = next.units.length || next.off || next.biases || next.linear;
  return { ...damage, cuts: [...rest, ...(isCut ? [next] : [])].sort((one, other) => one.part - other.part) };
}

/** @param {Damage} damage @returns {boolean[]} 784, row by row */
export function maskOf({ covered }) {
  const bytes = covered ? decodeImage(covered) : new Uint8Array(BYTES);
  return Array.from({ length: PIXELS }, (_, at) => Boolean((bytes[at >> 3] >> (7 - (at & 7))) & 1));
}

/** @param {boolean[]} mask @returns {string} "" where nothing is covered */
export function coveredBy(mask) {
  const bytes = new Uint8Array(BYTES);
  mask.forEach((isCovered, at) => isCovered && (bytes[at >> 3] |= 128 >> (at & 7)));
  return mask.includes(true) ? encodeImage(bytes) : "";
}
