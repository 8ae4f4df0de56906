/**
 * Any grey crop of a digit in MNIST's own form: `mnistlab.reader.normalization` once more, to the grey level.
 *
 * `docs/normalization.md` is the specification; `tests/data/normalize_digit.json` holds this file to it.
 *
 * @typedef {import("./ink.js").Grid} Grid
 * @typedef {{values: Uint8Array | Uint8ClampedArray, width: number, height: number}} Crop grey levels, row by row
 * @typedef {"auto" | "light" | "dark"} Ink
 * @typedef {{
 *   image: Uint8Array,
 *   isBlank: boolean,
 *   isFlipped: boolean,
 *   box: number[],
 *   scale: number,
 *   offCentre: number[],
 *   shift: number[],
 *   thicknessBefore: number,
 *   thickness: number,
 * }} Normalized the image, 28x28, and what was done; of a blank crop only the first two have a meaning
 */

import { PIXELS, SIDE } from "./digits.js";
import {
  FINE,
  FINEST,
  HALF,
  USUAL_THICKNESS,
  changeThickness,
  cut,
  inkBox,
  keepThin,
  measureThickness,
  resample,
} from "./ink.js";

const BOX_SIDE = 20; // of the box that MNIST fits its digits into
const MIN_CONTRAST = 20; // grey levels; paper that was photographed is less even than a few
const MIN_CONTRAST_TO_NOISE = 6; // noise alone comes to 4.5, an even slope of light to 3.9
const MIN_INK = 32; // of 255; no image of MNIST has less at the edge of its digit's box

const BLANK = Object.freeze({
  isBlank: true,
  isFlipped: false,
  box: [0, 0, 0, 0],
  scale: 1,
  offCentre: [0, 0],
  shift: [0, 0],
  thicknessBefore: 0,
  thickness: 0,
});

/**
 * Brings one digit into the form that MNIST's images have, so that a network trained on them can read it.
 *
 * @param {Crop} crop one digit on even ground
 * @param {{ink?: Ink, contrast?: boolean, cropToInk?: boolean, thickness?: boolean, centre?: boolean}} [options]
 *   each step can be left out, to see what it is good for
 * @returns {Normalized}
 */
export function normalizeDigit(crop, options = {}) {
  const { ink = "auto", contrast = true, cropToInk = true, thickness = true, centre = true } = options;
  const levels = findLevels(crop, ink, contrast);
  if (!levels) return { ...BLANK, image: new Uint8Array(PIXELS) };
  const whole = { ...crop, values: new Float64Array(crop.values.length) };
  for (let at = 0; at < crop.values.length; at++) whole.values[at] = levels.table[crop.values[at]];
  const inked = inkBox(whole, (value) => value > levels.least);
  if (!inked) return { ...BLANK, image: new Uint8Array(PIXELS) };
  let [box, values, side] = [inked, cut(whole, inked), BOX_SIDE];
  const offCentre = measureOffCentre(values, inked, crop);
  if (!cropToInk) [box, values, side] = [[0, 0, crop.height, crop.width], whole, SIDE];
  const scale = side / longer(values);

  let [fine, times] = [resample(values, longer(values), FINE * side), FINE];
  let thicknessBefore = measureThickness(fine) / FINE;
  const isUsual = USUAL_THICKNESS[0] <= thicknessBefore && thicknessBefore <= USUAL_THICKNESS[1];
  if (thicknessBefore < USUAL_THICKNESS[0]) {
    const kept = keepThin(values, FINEST * side);
    [fine, times] = [resample(kept, longer(kept), FINEST * side), FINEST];
    thicknessBefore = Math.min(measureThickness(fine) / FINEST, USUAL_THICKNESS[0]);
  }
  let after = thicknessBefore;
  if (thickness && !isUsual) {
    values = changeThickness(fine, times * thicknessBefore, times * side, cropToInk, times);
    after = measureThickness(resample(values, longer(values), FINE * side)) / FINE;
  }
  const small = resample(values, longer(values), side);
  const rounded = { ...small, values: small.values.map((value) => Math.floor(value + HALF)) };
  const { shift, corner } = place(rounded, centre);
  return {
    image: paste(rounded, corner),
    isBlank: false,
    isFlipped: levels.isFlipped,
    box,
    scale,
    offCentre,
    shift,
    thicknessBefore,
    thickness: after,
  };
}

/** @param {{width: number, height: number}} size */
const longer = (size) => Math.max(size.width, size.height);

/**
 * What each grey level of the crop becomes, 0 ground to 255 ink, and from where on it is ink.
 *
 * @param {Crop} crop
 * @param {Ink} ink
 * @param {boolean} contrast
 * @returns {{table: number[], least: number, isFlipped: boolean} | null} null if there is no ink
 */
function findLevels(crop, ink, contrast) {
  let histogram = new Array(256).fill(0);
  for (const level of crop.values) histogram[level]++;
  if (histogram.filter(Boolean).length === 1) return null;
  let threshold = otsu(histogram);
  const isFlipped = ink === "dark" || (ink === "auto" && isGroundLight(crop, histogram, threshold));
  if (isFlipped) {
    histogram = histogram.reverse();
    threshold = 254 - threshold;
  }
  let { ground, noise, strength } = measureLevels(histogram, threshold);
  if (strength < MIN_CONTRAST || strength < MIN_CONTRAST_TO_NOISE * noise) return null;
  if (!contrast) [ground, noise, strength] = [0, 0, 255];
  const floor = ground + 2 * noise;
  const height = ground + strength - floor;
  const table = Array.from({ length: 256 }, (_, level) => Math.min(Math.max(((level - floor) * 255) / height, 0), 255));
  if (isFlipped) table.reverse();
  return { table, least: Math.max(MIN_INK, (255 * 3 * noise) / height), isFlipped };
}

/**
 * The level that parts those up to it best from those above: N. Otsu's of 1979, the first one if several.
 *
 * @param {number[]} histogram
 */
function otsu(histogram) {
  const total = sum(histogram);
  const totalSum = sum(histogram.map((count, level) => count * level));
  let [best, found, below, sumBelow] = [0, 0, 0, 0];
  for (let level = 0; level < 255; level++) {
    below += histogram[level];
    sumBelow += histogram[level] * level;
    const parts = below * (total - below);
    const difference = totalSum * below - sumBelow * total;
    const value = parts > 0 ? (difference * difference) / parts : 0;
    if (value > best) [best, found] = [value, level];
  }
  return found;
}

/**
 * Whether most of the border is lighter than the threshold; if it is even, most of the crop.
 *
 * @param {Crop} crop
 * @param {number[]} histogram
 * @param {number} threshold
 */
function isGroundLight({ values, width, height }, histogram, threshold) {
  let [light, dark] = [0, 0];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(width - 1, 1);
    for (let x = 0; x < width; x += step) {
      if (values[y * width + x] > threshold) light++;
      else dark++;
    }
  }
  if (light === dark) {
    dark = sum(histogram.slice(0, threshold + 1));
    light = values.length - dark;
  }
  return light > dark;
}

/**
 * Level of the ground, noise on it (standard deviation), and how far the ink is above it.
 *
 * @param {number[]} histogram
 * @param {number} threshold
 */
function measureLevels(histogram, threshold) {
  const dark = histogram.slice(0, threshold + 1);
  const ground = quantile(dark, 50);
  const deviations = new Array(256).fill(0);
  dark.forEach((count, level) => (deviations[Math.abs(level - ground)] += count));
  const ink = threshold + 1 + quantile(histogram.slice(threshold + 1), 95);
  return { ground, noise: 1.4826 * quantile(deviations, 50), strength: ink - ground };
}

/**
 * The first level up to which so many percent of the pixels are.
 *
 * @param {number[]} histogram
 * @param {number} percent
 */
function quantile(histogram, percent) {
  const total = sum(histogram);
  let count = 0;
  return histogram.findIndex((pixels) => 100 * (count += pixels) >= percent * total);
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/**
 * Row and column; the middle of a pixel is a whole number. Of what has no mass, the middle.
 *
 * @param {Grid} grid
 */
function centreOfMass({ values, width, height }) {
  let [total, rows, columns] = [0, 0, 0];
  values.forEach((value, at) => {
    total += value;
    rows += value * Math.floor(at / width);
    columns += value * (at % width);
  });
  return total ? [rows / total, columns / total] : [(height - 1) / 2, (width - 1) / 2];
}

/**
 * @param {Grid} values of the ink's box
 * @param {number[]} box
 * @param {Crop} crop
 */
function measureOffCentre(values, box, crop) {
  const mass = centreOfMass(values);
  const scale = SIDE / longer(crop);
  return [crop.height, crop.width].map((length, axis) => (box[axis] + mass[axis] + 0.5 - length / 2) * scale);
}

/**
 * How far the centre of mass moves the digit from the middle, and where its corner goes on the image.
 *
 * @param {Grid} small
 * @param {boolean} centre
 */
function place(small, centre) {
  const mass = centreOfMass(small);
  const middle = [small.height, small.width].map((length) => Math.floor((SIDE - length + 1) / 2));
  const corner = [small.height, small.width].map((length, axis) => {
    const wanted = centre ? Math.floor(SIDE / 2 - mass[axis] + HALF) : middle[axis];
    return Math.min(Math.max(wanted, 0), SIDE - length);
  });
  return { shift: corner.map((start, axis) => start - middle[axis]), corner };
}

/**
 * @param {Grid} small
 * @param {number[]} corner
 */
function paste({ values, width, height }, [top, left]) {
  const image = new Uint8Array(PIXELS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image[(top + y) * SIDE + left + x] = values[y * width + x];
  }
  return image;
}
