/**
 * From figures to places on a chart, and the round figures that axes name.
 *
 * @typedef {"linear" | "exact" | "zero" | "log" | "accuracy" | "names"} Kind linear; linear and no longer than its
 *   values; linear with zero in it; logarithmic; shares of which every mark stands for fewer mistakes; words
 * @typedef {{place: (value: number | string) => number, ticks: (number | string)[], format: (value: number | string) => string}}
 *   Scale place: 0 for the first end of the axis to 1 for the other
 */

import { number } from "../app/words.js";

const ROUND = [1, 2, 5];
const ACCURACIES = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];
const MOST_OWN = 6; // values that name themselves on a logarithmic axis
const MOST = 0.9999; // an accuracy beyond which no axis goes

/**
 * @param {Kind} kind
 * @param {(number | string)[]} values all that the axis must show
 * @param {number} count about how many ticks there is room for
 * @returns {Scale}
 */
export function createScale(kind, values, count) {
  if (kind === "names") {
    const names = [...new Set(values)];
    return { place: (name) => (names.indexOf(name) + 0.5) / names.length, ticks: names, format: String };
  }
  const numbers = /** @type {number[]} */ (values);
  if (kind === "log") return logarithmic(numbers, count);
  if (kind === "accuracy") return accuracies(numbers, count);
  return linear(kind === "zero" ? [0, ...numbers] : numbers, count, kind === "exact");
}

/**
 * @param {number[]} values
 * @param {number} count
 * @param {boolean} isExact whether the axis ends with its values instead of with a tick
 * @returns {Scale}
 */
function linear(values, count, isExact) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
  const step = roundStep((high - low) / count);
  const first = (isExact ? Math.ceil(low / step - 1e-9) : Math.floor(low / step + 1e-9)) * step;
  const last = (isExact ? Math.floor(high / step + 1e-9) : Math.ceil(high / step - 1e-9)) * step;
  if (!isExact) [low, high] = [first, last];
  const ticks = Array.from({ length: Math.round((last - first) / step) + 1 }, (_, at) => first + at * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const format = (/** @type {number | string} */ value) => number(Number(value), digits);
  return { place: (value) => (Number(value) - low) / (high - low), ticks, format };
}

/**
 * @param {number[]} values
 * @param {number} count
 * @returns {Scale}
 */
function logarithmic(values, count) {
  const above = values.filter((value) => value > 0);
  let [low, high] = [Math.log10(Math.min(...above)), Math.log10(Math.max(...above))];
  if (!(high - low > 0.1)) [low, high] = [low - 0.15, high + 0.15];
  const own = [...new Set(above)].sort((one, other) => one - other);
  // Values that somebody chose, such as batches of 32, 128 and 512 images, and not what was measured.
  if (own.length <= MOST_OWN && own.every(Number.isInteger)) return logScale(low, high, own);
  const marks = [Math.floor(low), Math.ceil(high)].flatMap((power) => ROUND.map((digit) => Math.log10(digit) + power));
  marks.push(...marks.map((mark) => mark + 1), ...marks.map((mark) => mark - 1));
  low = Math.max(...marks.filter((mark) => mark <= low + 1e-9));
  high = Math.min(...marks.filter((mark) => mark >= high - 1e-9));
  /** @type {number[]} */
  let ticks = [];
  for (const wanted of [ROUND, [1, 3], [1]]) {
    ticks = [];
    for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
      for (const digit of wanted) {
        const tick = Number(`${digit}e${power}`);
        if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
      }
    }
    if (ticks.length <= count + 1) break;
  }
  return logScale(low, high, ticks);
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number[]} ticks
 * @returns {Scale}
 */
function logScale(low, high, ticks) {
  const place = (/** @type {number | string} */ value) =>
    (Math.log10(Math.max(Number(value), 1e-12)) - low) / (high - low);
  return { place, ticks, format: (value) => number(Number(value), decimals(Number(value))) };
}

/**
 * @param {number[]} values 0 to 1
 * @param {number} count
 * @returns {Scale}
 */
function accuracies(values, count) {
  const height = (/** @type {number} */ value) => -Math.log10(1 - Math.min(Math.max(value, 0), MOST));
  const lowest = [...ACCURACIES].reverse().find((mark) => mark <= Math.min(...values)) ?? 0;
  const highest = ACCURACIES.find((mark) => mark >= Math.min(Math.max(...values), MOST)) ?? MOST;
  const [low, high] = [height(lowest), Math.max(height(highest), height(lowest) + 0.2)];
  let ticks = ACCURACIES.filter((mark) => mark >= lowest && mark <= highest);
  while (ticks.length > count + 1) ticks = ticks.filter((_, at) => at % 2 === (ticks.length - 1) % 2);
  const digits = (/** @type {number} */ mark) => Math.max(0, decimals(1 - mark) - 2);
  return {
    place: (value) => (height(Number(value)) - low) / (high - low),
    ticks,
    format: (value) => `${number(100 * Number(value), digits(Number(value)))}\u00a0%`,
  };
}

/** @param {number} least */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([...ROUND, 10].find((digit) => digit * power >= least * 0.999) ?? 10);
}

/**
 * Digits behind the point that a round figure needs.
 *
 * @param {number} value
 */
function decimals(value) {
  return value >= 1 || value <= 0 ? 0 : Math.ceil(-Math.log10(value) - 1e-9);
}
