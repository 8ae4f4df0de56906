/**
 * A network computes: from 784 pixels to ten probabilities, one step after the other, and nothing is hidden.
 *
 * Each kind of step is one function below. What a step gives is kept, so that every layer can be looked at. Pictures lie
 * row by row, and in each place its channels side by side: the number of (row, column, channel) stands at
 * (row × columns + column) × channels + channel.
 *
 * @typedef {import("./weights.js").Weights} Weights
 * @typedef {import("./weights.js").Step} Step
 * @typedef {{steps: Float32Array[], outputs: Record<string, Float32Array>}} Computed
 *   steps: what each step gave; outputs: the same by the names of the layers
 */

/**
 * @param {Weights} network
 * @param {Uint8Array} image 784 pixels, 0 ground to 255 ink
 * @returns {Computed}
 *
 * @example
 * const { outputs } = forward(readWeights(file), image);
 * outputs.probabilities; // ten numbers that sum to 1
 */
export function forward(network, image) {
  /** @type {Float32Array[]} */
  const steps = [];
  for (const step of network.steps) {
    const given = step.from.map((number) => steps[number]);
    const shapes = step.from.map((number) => network.steps[number].shape);
    steps.push(step.do === "image" ? Float32Array.from(image) : STEPS[step.do](network, step, given, shapes));
  }
  const named = Object.entries(network.outputs).map(([name, number]) => [name, steps[number]]);
  return { steps, outputs: Object.fromEntries(named) };
}

/** @param {number[]} shape */
const count = (shape) => shape.reduce((product, size) => product * size, 1);

/**
 * Every input is connected with every output: an output is the sum of all inputs, each times its own weight.
 *
 * @param {Weights} network
 * @param {Step} step
 * @param {Float32Array[]} given
 */
function dense({ arrays }, step, [input]) {
  const weights = arrays[step.weights ?? -1]; // (inputs, outputs)
  const outputs = step.shape[0];
  const sums = new Float64Array(outputs);
  for (let i = 0; i < input.length; i++) {
    const value = input[i];
    if (value === 0) continue; // it adds nothing
    for (let o = 0, w = i * outputs; o < outputs; o++, w++) sums[o] += value * weights[w];
  }
  return step.bias === undefined ? Float32Array.from(sums) : withBias(sums, arrays[step.bias]);
}

/**
 * A small window slides over the picture. Each filter is a window of weights; what it gives at a place is the sum of all
 * that it covers there, each times its own weight.
 *
 * @param {Weights} network
 * @param {Step} step
 * @param {Float32Array[]} given
 * @param {number[][]} shapes
 */
function convolution({ arrays, shapes: arrayShapes }, step, [input], [[rows, columns, channels]]) {
  const weights = arrays[step.weights ?? -1]; // (window rows, window columns, channels, filters)
  const [tall, wide] = arrayShapes[step.weights ?? -1];
  const [outRows, outColumns, filters] = step.shape;
  const [[down, across], [top, left]] = [step.strides ?? [1, 1], step.pads ?? [0, 0]];
  const bias = arrays[step.bias ?? -1];
  const output = new Float32Array(outRows * outColumns * filters);
  for (let r = 0; r < outRows; r++)
    for (let c = 0; c < outColumns; c++) {
      const place = (r * outColumns + c) * filters;
      // Four filters at a time, so that each pixel is fetched once for all four: that is twice as fast. If their number
      // is not a multiple of four, the last ones run over into the next place, which is written again right after.
      for (let f = 0; f < filters; f += 4) {
        let [first, second, third, fourth] = [0, 0, 0, 0];
        for (let y = 0; y < tall; y++) {
          const row = r * down - top + y;
          if (row < 0 || row >= rows) continue; // padding: nothing there
          for (let x = 0; x < wide; x++) {
            const column = c * across - left + x;
            if (column < 0 || column >= columns) continue;
            let at = (row * columns + column) * channels;
            let w = (y * wide + x) * channels * filters + f;
            for (const end = at + channels; at < end; at++, w += filters) {
              const value = input[at];
              first += value * weights[w];
              second += value * weights[w + 1];
              third += value * weights[w + 2];
              fourth += value * weights[w + 3];
            }
          }
        }
        output[place + f] = first;
        output[place + f + 1] = second;
        output[place + f + 2] = third;
        output[place + f + 3] = fourth;
      }
    }
  return bias ? withBias(output, bias) : output;
}

/**
 * @param {ArrayLike<number>} sums
 * @param {Float32Array} bias a number for each channel, which is added everywhere
 */
function withBias(sums, bias) {
  const output = new Float32Array(sums.length);
  for (let at = 0; at < output.length; ) for (let i = 0; i < bias.length; i++, at++) output[at] = sums[at] + bias[i];
  return output;
}

/**
 * Of each window only the largest number stays: the picture gets smaller, and where exactly something was matters less.
 *
 * @param {Weights} _network
 * @param {Step} step
 * @param {Float32Array[]} given
 * @param {number[][]} shapes
 */
function pool(_network, step, [input], [[rows, columns, channels]]) {
  const [outRows, outColumns] = step.shape;
  const [[tall, wide], [down, across], [top, left]] = [step.size ?? [1, 1], step.strides ?? [1, 1], step.pads ?? [0, 0]];
  const output = new Float32Array(count(step.shape)).fill(-Infinity);
  for (let r = 0; r < outRows; r++)
    for (let c = 0; c < outColumns; c++)
      for (let y = 0; y < tall; y++)
        for (let x = 0; x < wide; x++) {
          const [row, column] = [r * down - top + y, c * across - left + x];
          if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
          const [from, to] = [(row * columns + column) * channels, (r * outColumns + c) * channels];
          for (let i = 0; i < channels; i++) if (input[from + i] > output[to + i]) output[to + i] = input[from + i];
        }
  return output;
}

/**
 * Each channel is multiplied by a factor and moved by an offset. Batch normalization is no more than that once training
 * has ended; so is the division of the pixels by 255.
 *
 * @param {Weights} network
 * @param {Step} step
 * @param {Float32Array[]} given
 */
function scale({ arrays }, step, [input]) {
  const channels = step.shape[step.shape.length - 1];
  const all = (/** @type {number | undefined} */ number, /** @type {number} */ usual) => {
    const known = number === undefined ? [usual] : arrays[number];
    return known.length === channels ? known : new Float32Array(channels).fill(known[0]); // one may stand for all
  };
  const [factors, offsets] = [all(step.factor, 1), all(step.offset, 0)];
  const output = new Float32Array(input.length);
  for (let at = 0; at < output.length; )
    for (let i = 0; i < channels; i++, at++) output[at] = input[at] * factors[i] + offsets[i];
  return output;
}

/**
 * What is below zero becomes zero.
 *
 * @param {Weights} _network
 * @param {Step} _step
 * @param {Float32Array[]} given
 */
const relu = (_network, _step, [input]) => input.map((value) => (value > 0 ? value : 0));

/**
 * Any ten numbers become probabilities: all above zero, the sum 1, and the larger a number was, the larger its share.
 *
 * @param {Weights} _network
 * @param {Step} _step
 * @param {Float32Array[]} given
 */
function softmax(_network, _step, [input]) {
  const largest = Math.max(...input);
  const powers = Array.from(input, (value) => Math.exp(value - largest)); // less the largest, or they could overflow
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/**
 * The same numbers in the same order, in rows of another length.
 *
 * @param {Weights} _network
 * @param {Step} _step
 * @param {Float32Array[]} given
 */
const reshape = (_network, _step, [input]) => input;

/**
 * The axes change places: a picture's rows become its columns, for example.
 *
 * @param {Weights} _network
 * @param {Step} step
 * @param {Float32Array[]} given
 * @param {number[][]} shapes
 */
function transpose(_network, step, [input], [shape]) {
  const strides = shape.map((_, axis) => count(shape.slice(axis + 1)));
  const axes = step.axes ?? [];
  return gather(step.shape, (place) => input[place.reduce((at, index, axis) => at + index * strides[axes[axis]], 0)]);
}

/**
 * Ground is put around a picture, or edges are cut off it.
 *
 * @param {number} sign 1 puts around, -1 cuts off
 * @returns {(network: Weights, step: Step, given: Float32Array[], shapes: number[][]) => Float32Array}
 */
const framed = (sign) => (_network, step, [input], [shape]) =>
  gather(step.shape, (place) => {
    const before = place.map((index, axis) => index - sign * (step.before?.[axis] ?? 0));
    if (before.some((index, axis) => index < 0 || index >= shape[axis])) return 0;
    return input[before.reduce((at, index, axis) => at * shape[axis] + index, 0)];
  });

/**
 * Every number of a new array, asked for by its place.
 *
 * @param {number[]} shape
 * @param {(place: number[]) => number} ask
 */
function gather(shape, ask) {
  const place = shape.map(() => 0);
  return Float32Array.from({ length: count(shape) }, () => {
    const value = ask(place);
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis] === shape[axis]; axis--) place[axis] = 0;
    return value;
  });
}

/** @param {Float32Array[]} given */
const sum = (given) => given[0].map((_, at) => given.reduce((total, values) => total + values[at], 0));

/** @type {Record<string, (network: Weights, step: Step, given: Float32Array[], shapes: number[][]) => Float32Array>} */
const STEPS = {
  dense,
  convolution,
  pool,
  scale,
  relu,
  softmax,
  reshape,
  transpose,
  pad: framed(1),
  crop: framed(-1),
  sum: (_network, _step, given) => sum(given),
  mean: (_network, _step, given) => sum(given).map((value) => value / given.length),
};
