/** What the networks say of an image: answers, layers, filters, and where covering it changes the answer. */

import { encodeFloats, decodeImage } from "../digits/digits.js";
import { judge, temper } from "./judge.js";
import { firstWeights, isLoaded, load, think, weightsOf } from "./thinker.js";

/** @typedef {import("./thinker.js").Thought} Thought */

export const READER = "shipped"; // the network that also tells digits from other things
const SIDE = 28;
const TINY = 1e-30;

/** @param {ArrayLike<number>} values */
const largest = (values) => Array.from(values).reduce((best, value, at) => (value > values[best] ? at : best), 0);

/**
 * @param {Uint8Array} image
 * @returns {Promise<import("../digits/answers.js").Verdict>}
 */
export async function verdictOf(image) {
  const { outputs, calibration } = await think(READER, image, ["probabilities", "kinds"]);
  return judge(image, temper(outputs.probabilities, calibration.temperature), outputs.kinds, calibration);
}

/**
 * @param {string} network
 * @param {Uint8Array} image
 * @returns {Promise<import("../digits/answers.js").Answer>}
 */
async function answerOf(network, image) {
  const { outputs, calibration } = await think(network, image, ["output", "probabilities"]);
  const { temperature } = calibration;
  const probabilities = [...temper(outputs.probabilities, temperature)];
  const logits = outputs.output
    ? Array.from(outputs.output, (value) => value / temperature)
    : probabilities.map((share) => Math.log(Math.max(share, TINY)));
  const digit = largest(probabilities);
  return { network, digit, confidence: probabilities[digit], probabilities, logits, temperature };
}

/**
 * The reader's verdict, and what each network says. Of several networks those answer at once whose files are there; what
 * all of them say follows as `later`.
 *
 * @param {{image: string, networks: string[]}} asked
 */
export async function classify({ image: text, networks }) {
  const image = decodeImage(text);
  const ready = networks.length === 1 ? networks : networks.filter((network) => network === READER || isLoaded(network));
  const verdict = await verdictOf(image);
  const answers = await Promise.all(ready.map((network) => answerOf(network, image)));
  if (ready.length === networks.length) return { verdict, answers };
  const later = (async () => {
    await Promise.all(networks.map(load));
    return { verdict, answers: await Promise.all(networks.map((network) => answerOf(network, image))) };
  })();
  return { verdict, answers, later };
}

/**
 * @param {{image: string, network: string}} asked
 * @param {import("../app/networks.js").Layer[]} layers of that network
 */
export async function activations({ image, network }, layers) {
  const { outputs, calibration } = await think(network, decodeImage(image), null);
  outputs.probabilities = temper(outputs.probabilities, calibration.temperature);
  const looked = layers.map((layer) => {
    const values = outputs[layer.name];
    const [minimum, maximum] = values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
    return { ...layer, minimum, maximum, values: encodeFloats(values) };
  });
  return { network, answer: await answerOf(network, decodeImage(image)), layers: looked };
}

/**
 * The filters of a network's first layer over the image's own pixels: `(filters, rows, columns, 1)`.
 *
 * @param {string} network
 */
export async function filters(network) {
  const found = await firstWeights(network);
  if (!found.name || !("shape" in found)) return { layers: [] };
  const { name, shape, values, fold } = found;
  if (shape.length === 2) {
    const [inputs, units] = shape;
    if (inputs !== SIDE * SIDE) return { layers: [] };
    const turned = Float32Array.from({ length: inputs * units }, (_, at) => values[(at % inputs) * units + Math.floor(at / inputs)]);
    return { layers: [{ name, shape: [units, SIDE, SIDE, 1], values: encodeFloats(turned) }] };
  }
  const [tall, wide, channels, count] = shape; // each channel is a pixel of a block of fold × fold
  const [rows, columns, depth] = [tall * fold, wide * fold, channels / fold ** 2];
  const picture = new Float32Array(count * rows * columns * depth);
  for (let filter = 0, at = 0; filter < count; filter++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let deep = 0; deep < depth; deep++, at++) {
          const channel = ((row % fold) * fold + (column % fold)) * depth + deep;
          const place = Math.floor(row / fold) * wide + Math.floor(column / fold);
          picture[at] = values[(place * channels + channel) * count + filter];
        }
  return { layers: [{ name, shape: [count, rows, columns, depth], values: encodeFloats(picture) }] };
}

/**
 * The numbers of one filter or unit.
 *
 * @param {{network: string, layer: string, unit: number}} asked unit: from 1 on
 */
export async function unit({ network, layer, unit: number }) {
  const { shape, values, factor, offset } = await weightsOf(network, layer, number - 1);
  return { shape, weights: encodeFloats(values), factor, offset };
}

/**
 * A patch of ground covers one place after the other.
 *
 * @param {{image: string, network: string, size: number, step: number}} asked
 */
export async function occlusion({ image: text, network, size, step }) {
  const image = decodeImage(text);
  const whole = await answerOf(network, image);
  const places = Math.floor((SIDE - size) / step) + 1;
  const drop = new Float32Array(places ** 2);
  const answers = [];
  for (let at = 0; at < drop.length; at++) {
    const [top, left] = [Math.floor(at / places) * step, (at % places) * step];
    const covered = image.slice();
    for (let row = top; row < top + size; row++) covered.fill(0, row * SIDE + left, row * SIDE + left + size);
    const { outputs, calibration } = await think(network, covered, ["probabilities"]); // others may ask in between
    const probabilities = temper(outputs.probabilities, calibration.temperature);
    drop[at] = whole.confidence - probabilities[whole.digit];
    answers.push(largest(probabilities));
  }
  const { digit, confidence } = whole;
  return { digit, confidence, rows: places, columns: places, size, step, drop: encodeFloats(drop), answers };
}
