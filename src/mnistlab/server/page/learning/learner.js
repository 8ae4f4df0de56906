/** One training run: it makes one step after the other, and remembers how the network was on the way. */

import { PIXELS } from "../digits/digits.js";
import { createAdam } from "./adam.js";
import { batchOf } from "./images.js";
import { backward, createLayers, forward, largestOf, score } from "./network.js";
import { createRandom, shuffled } from "./random.js";

/**
 * @typedef {import("./network.js").Layer} Layer
 * @typedef {import("./images.js").Split} Split
 * @typedef {{hidden: number[], epochs: number, batchSize: number, learningRate: number, seed: number}} Settings
 * @typedef {{step: number, filters: Uint8Array, predictions: number[], shares: number[]}} Snapshot filters: up to 24 units
 *   of the first layer, 784 values each, 0 for the lowest weight over 128 for none to 255; predictions: of the watched
 *   digits; shares: how probable each true digit is
 */

export const CLASSES = 10;
export const NUM_WATCHED = 48; // the first test images
const MAX_FILTERS = 24;
const MAX_SNAPSHOTS = 60;
const SCORED_AT_ONCE = 500;

/**
 * @param {Settings} settings
 * @param {Split} train
 * @param {Split} watched digits that are not learned from
 */
export function createLearner(settings, train, watched) {
  const random = createRandom(settings.seed);
  const layers = createLayers([PIXELS, ...settings.hidden, CLASSES], random);
  const adam = createAdam(layers, settings.learningRate);
  const perEpoch = Math.ceil(train.count / settings.batchSize);
  const numSteps = settings.epochs * perEpoch;
  let order = new Uint32Array();
  let step = 0;
  /** @type {{snapshot: Snapshot, layers: Layer[]}[]} */
  let kept = [];
  let stride = 1; // every stride-th snapshot that is offered is kept
  let offered = 0;

  return {
    numSteps,
    get step() {
      return step;
    },
    /** @returns {number} the epoch of the last step, from 1 */
    get epoch() {
      return Math.max(1, Math.ceil(step / perEpoch));
    },

    /** One change of the weights. @returns {{loss: number, right: number, count: number}} of its batch */
    learn() {
      const at = step % perEpoch;
      if (at === 0) order = shuffled(train.count, random);
      const { batch, labels } = batchOf(train, order.subarray(at * settings.batchSize, (at + 1) * settings.batchSize));
      const outputs = forward(layers, batch, labels.length);
      adam(backward(layers, outputs, labels));
      step++;
      return { ...score(outputs[layers.length], labels), count: labels.length };
    },

    /**
     * The network as it is now, kept for looking back; never more than 60, thinned out as they become more.
     *
     * @param {boolean} isLast the last is always kept
     * @returns {Snapshot[] | null} all that are kept, where they changed
     */
    remember(isLast = false) {
      const isKept = kept.at(-1)?.snapshot.step === step;
      if (isKept || (offered++ % stride && !isLast)) return isLast ? kept.map(({ snapshot }) => snapshot) : null;
      if (kept.length >= MAX_SNAPSHOTS) {
        kept = kept.filter((_, at) => at % 2 === 0);
        stride *= 2;
      }
      const copies = layers.map((layer) => ({ ...layer, weights: layer.weights.slice(), biases: layer.biases.slice() }));
      const { batch, labels } = batchOf(watched, Array.from({ length: NUM_WATCHED }, (_, at) => at));
      const probabilities = /** @type {Float32Array} */ (forward(layers, batch, labels.length).at(-1));
      const predictions = Array.from(labels, (_, row) => largestOf(probabilities.subarray(CLASSES * row, CLASSES * (row + 1))));
      const shares = Array.from(labels, (label, row) => probabilities[CLASSES * row + label]);
      kept.push({ snapshot: { step, filters: filtersOf(layers[0]), predictions, shares }, layers: copies });
      return kept.map(({ snapshot }) => snapshot);
    },

    /**
     * What the network said of an image at some moment.
     *
     * @param {Uint8Array} image 784 pixels
     * @param {number} at which snapshot; the network as it is now where there is no such
     * @returns {number[]} 10 probabilities
     */
    look(image, at) {
      const network = kept[at]?.layers ?? layers;
      return [.../** @type {Float32Array} */ (forward(network, Float32Array.from(image, (level) => level / 255), 1).at(-1))];
    },

    /** @param {Split} split @returns {number} the share of its images that the network classifies correctly */
    accuracy(split) {
      let right = 0;
      for (let first = 0; first < split.count; first += SCORED_AT_ONCE) {
        const length = Math.min(SCORED_AT_ONCE, split.count - first);
        const { batch, labels } = batchOf(split, Array.from({ length }, (_, at) => first + at));
        right += score(/** @type {Float32Array} */ (forward(layers, batch, length).at(-1)), labels).right;
      }
      return right / split.count;
    },
  };
}

/** @param {Layer} layer */
function filtersOf({ inputs, units, weights }) {
  const count = Math.min(units, MAX_FILTERS);
  const filters = new Uint8Array(count * inputs);
  for (let unit = 0; unit < count; unit++) {
    let largest = 1e-9;
    for (let input = 0; input < inputs; input++) largest = Math.max(largest, Math.abs(weights[input * units + unit]));
    for (let input = 0; input < inputs; input++)
      filters[unit * inputs + input] = Math.round(127.5 + (127.5 * weights[input * units + unit]) / largest);
  }
  return filters;
}
