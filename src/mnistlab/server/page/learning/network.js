/**
 * A network of dense layers, and how it learns: forward, loss, backward. ReLU between the layers, softmax at the end.
 *
 * Batches are rows: `values[row * width + column]`. Weights are `(inputs, units)`, as Keras keeps them. Most pixels are 0 and
 * so are most values behind a ReLU; what is multiplied by 0 is left out, which makes an epoch several times faster.
 *
 * @typedef {{inputs: number, units: number, weights: Float32Array, biases: Float32Array}} Layer
 */

/**
 * Layers before they learn: weights as Glorot and Bengio (2010) begin them, biases 0.
 *
 * @param {number[]} sizes inputs, units of each layer
 * @param {() => number} random
 * @returns {Layer[]}
 *
 * @example createLayers([784, 128, 64, 10], createRandom(0))
 */
export function createLayers(sizes, random) {
  return sizes.slice(1).map((units, at) => {
    const inputs = sizes[at];
    const limit = Math.sqrt(6 / (inputs + units));
    const weights = Float32Array.from({ length: inputs * units }, () => limit * (2 * random() - 1));
    return { inputs, units, weights, biases: new Float32Array(units) };
  });
}

/**
 * What every layer says of a batch.
 *
 * @param {Layer[]} layers
 * @param {Float32Array} batch `(rows, inputs)`, 0 to 1
 * @param {number} rows
 * @returns {Float32Array[]} the batch, then the output of each layer; the last are probabilities `(rows, 10)`
 */
export function forward(layers, batch, rows) {
  const outputs = [batch];
  layers.forEach((layer, at) => {
    const made = product(outputs[at], layer, rows);
    if (at < layers.length - 1) for (let i = 0; i < made.length; i++) made[i] = made[i] > 0 ? made[i] : 0;
    outputs.push(made);
  });
  softmax(outputs[layers.length], rows);
  return outputs;
}

/**
 * values × weights + biases.
 *
 * @param {Float32Array} values `(rows, inputs)`
 * @param {Layer} layer
 * @param {number} rows
 * @returns {Float32Array} `(rows, units)`
 */
function product(values, { inputs, units, weights, biases }, rows) {
  const made = new Float32Array(rows * units);
  const [places, factors] = [new Uint32Array(inputs), new Float32Array(inputs)];
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let input = 0; input < inputs; input++) {
      const value = values[row * inputs + input];
      if (value === 0) continue;
      places[count] = input * units;
      factors[count++] = value;
    }
    made.set(biases, row * units);
    addRows(made, row * units, units, weights, places, factors, count);
  }
  return made;
}

/**
 * Adds some rows of a matrix, each times its factor, to one row. Four at a time: the row is then read and written a quarter
 * as often, which is what takes the time.
 *
 * @param {Float32Array} sums
 * @param {number} to where the row begins
 * @param {number} width
 * @param {Float32Array} matrix
 * @param {Uint32Array} places where its rows begin
 * @param {Float32Array} factors
 * @param {number} count of rows
 */
function addRows(sums, to, width, matrix, places, factors, count) {
  let at = 0;
  for (; at + 3 < count; at += 4) {
    const [p, q, r, s] = [places[at], places[at + 1], places[at + 2], places[at + 3]];
    const [a, b, c, d] = [factors[at], factors[at + 1], factors[at + 2], factors[at + 3]];
    for (let i = 0; i < width; i++) {
      sums[to + i] += a * matrix[p + i] + b * matrix[q + i] + c * matrix[r + i] + d * matrix[s + i];
    }
  }
  for (; at < count; at++) {
    const [p, a] = [places[at], factors[at]];
    for (let i = 0; i < width; i++) sums[to + i] += a * matrix[p + i];
  }
}

/**
 * Scores become probabilities, in place.
 *
 * @param {Float32Array} scores `(rows, classes)`
 * @param {number} rows
 */
function softmax(scores, rows) {
  const classes = scores.length / rows;
  for (let from = 0; from < scores.length; from += classes) {
    const row = scores.subarray(from, from + classes);
    const largest = Math.max(...row); // subtracted, so that no exponential overflows
    let sum = 0;
    for (let at = 0; at < classes; at++) sum += row[at] = Math.exp(row[at] - largest);
    for (let at = 0; at < classes; at++) row[at] /= sum;
  }
}

/**
 * Mean cross-entropy, and how many answers are right.
 *
 * @param {Float32Array} probabilities `(rows, classes)`
 * @param {Uint8Array} labels
 * @returns {{loss: number, right: number}} the loss in nats per image
 */
export function score(probabilities, labels) {
  const classes = probabilities.length / labels.length;
  let [loss, right] = [0, 0];
  labels.forEach((label, row) => {
    const answer = probabilities.subarray(row * classes, (row + 1) * classes);
    loss -= Math.log(Math.max(answer[label], 1e-30)) / labels.length;
    right += Number(largestOf(answer) === label);
  });
  return { loss, right };
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number} where the largest of them is
 */
export function largestOf(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}

/**
 * How the loss changes with every weight and every bias (the gradients), by the chain rule from the last layer to the first.
 *
 * @param {Layer[]} layers
 * @param {Float32Array[]} outputs of `forward`
 * @param {Uint8Array} labels
 * @returns {{weights: Float32Array, biases: Float32Array}[]} of each layer, in the shapes of the layer's own
 */
export function backward(layers, outputs, labels) {
  const rows = labels.length;
  // Softmax and cross-entropy together have a simple derivative: the probability, less 1 for the true digit.
  let deltas = outputs[layers.length].slice();
  const classes = deltas.length / rows;
  labels.forEach((label, row) => (deltas[row * classes + label] -= 1));
  for (let at = 0; at < deltas.length; at++) deltas[at] /= rows;
  const gradients = [];
  for (let at = layers.length - 1; at >= 0; at--) {
    gradients.unshift(gradientsOf(outputs[at], deltas, layers[at], rows));
    if (at > 0) deltas = passedBack(outputs[at], deltas, layers[at], rows);
  }
  return gradients;
}

/**
 * @param {Float32Array} values what the layer was given, `(rows, inputs)`
 * @param {Float32Array} deltas how the loss changes with what the layer made of it, `(rows, units)`
 * @param {Layer} layer
 * @param {number} rows
 */
function gradientsOf(values, deltas, { inputs, units }, rows) {
  const weights = new Float32Array(inputs * units);
  const biases = new Float32Array(units);
  const [places, factors] = [new Uint32Array(rows), new Float32Array(rows)];
  for (let input = 0; input < inputs; input++) {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * inputs + input];
      if (value === 0) continue;
      places[count] = row * units;
      factors[count++] = value;
    }
    addRows(weights, input * units, units, deltas, places, factors, count);
  }
  addRows(biases, 0, units, deltas, places.map((_, row) => row * units), factors.fill(1), rows);
  return { weights, biases };
}

/**
 * How the loss changes with what a layer was given; a ReLU that gave 0 passes nothing back.
 *
 * @param {Float32Array} values what the layer was given, `(rows, inputs)`
 * @param {Float32Array} deltas `(rows, units)`
 * @param {Layer} layer
 * @param {number} rows
 * @returns {Float32Array} `(rows, inputs)`
 */
function passedBack(values, deltas, { inputs, units, weights }, rows) {
  const passed = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    const delta = deltas.subarray(row * units, (row + 1) * units);
    for (let input = 0; input < inputs; input++) {
      if (values[row * inputs + input] === 0) continue;
      const from = input * units;
      let sum = 0;
      for (let unit = 0; unit < units; unit++) sum += weights[from + unit] * delta[unit];
      passed[row * inputs + input] = sum;
    }
  }
  return passed;
}
