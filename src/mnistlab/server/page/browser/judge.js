/**
 * Is it a digit, and is the answer reliable? `mnistlab.inference.rejection` once more: the same tests in the same order,
 * by the thresholds in the network's file.
 *
 * @typedef {import("../digits/answers.js").Verdict} Verdict
 * @typedef {import("../networks/weights.js").Calibration} Calibration
 */

import { say } from "../app/words.js";

const LEAST_INK = 10; // black pixels
const LEAST_BLACK = 60; // of 255
const ALTERNATIVE = 0.05; // probability from which another digit is worth naming
const SUREST = 1 - 1e-6; // no softmax is certain; 32-bit numbers round what is nearer to 1 up to it
const TINY = 1e-30;
const THINGS = ["letter", "symbol", "scribble", "lines", "blob", "texture", "turned", "half_a_digit", "two_digits"];

/**
 * Probabilities as if the logits had been divided by a temperature; above 1 it makes answers less sure.
 *
 * @param {Float32Array} probabilities
 * @param {number} temperature
 */
export function temper(probabilities, temperature) {
  if (temperature === 1) return probabilities;
  const logits = Array.from(probabilities, (share) => Math.log(Math.max(share, TINY)) / temperature);
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/**
 * @param {Uint8Array} image 784 pixels, 0 ground to 255 ink
 * @param {Float32Array} probabilities calibrated
 * @param {Float32Array | undefined} kinds
 * @param {Calibration} calibration
 * @returns {Verdict}
 */
export function judge(image, probabilities, kinds, calibration) {
  const order = Array.from(probabilities, (_, at) => at).sort((one, other) => probabilities[other] - probabilities[one]);
  const digit = order[0];
  const confidence = Math.min(probabilities[digit], SUREST);
  const likeness = kinds ? kinds[0] : null;
  const others = order.slice(1).filter((at) => probabilities[at] >= ALTERNATIVE);
  const alternatives = others.map((at) => ({ digit: at, probability: probabilities[at] }));
  /**
   * @param {Verdict["kind"]} kind
   * @param {string} key
   * @param {any} [values]
   */
  const verdict = (kind, key, values) => {
    const said = { key, values };
    return { kind, digit, confidence, likeness, alternatives, reason: say(key, values), said };
  };

  const ink = image.reduce((sum, level) => sum + level, 0) / 255;
  if (ink < LEAST_INK || Math.max(...image) < LEAST_BLACK) {
    return { ...verdict("no digit", ink ? "answer.little_ink" : "answer.no_ink"), digit: null, alternatives: [] };
  }
  const thing = { key: `thing.${digit}` };
  if (kinds && kinds[0] < calibration.least_likeness) {
    const most = calibration.kinds[kinds.indexOf(Math.max(...kinds))];
    if (most === "digit") return verdict("unsure", "answer.unlike", { thing });
    const name = most.replaceAll(" ", "_");
    return verdict("no digit", "answer.other", { other: THINGS.includes(name) ? { key: `thing.${name}` } : most });
  }
  if (confidence < calibration.least_confidence) {
    const likely = [digit, ...others.slice(0, 2)];
    const things = likely.map((at) => ({
      key: "thing.share",
      values: { thing: { key: `thing.${at}` }, share: at === digit ? confidence : probabilities[at] },
    }));
    return verdict("unsure", "answer.unsure", { things });
  }
  return verdict("digit", "answer.digit", { thing, share: confidence });
}
