/** Adam (Kingma and Ba, 2015): every weight has a step of its own, from the mean and the spread of its gradients. */

const MEAN_KEPT = 0.9; // of the mean, at each step
const SQUARE_KEPT = 0.999;
const SMALL = 1e-7; // as in Keras; keeps a weight without a gradient from dividing by 0

/**
 * @param {import("./network.js").Layer[]} layers change in place
 * @param {number} learningRate
 */
export function createAdam(layers, learningRate) {
  const moments = layers.map(({ weights, biases }) => ({
    weights: [new Float32Array(weights.length), new Float32Array(weights.length)],
    biases: [new Float32Array(biases.length), new Float32Array(biases.length)],
  }));
  let steps = 0;

  /** @param {{weights: Float32Array, biases: Float32Array}[]} gradients */
  return function step(gradients) {
    steps++;
    // The moments begin at 0; the rate makes up for it.
    const rate = (learningRate * Math.sqrt(1 - SQUARE_KEPT ** steps)) / (1 - MEAN_KEPT ** steps);
    layers.forEach((layer, at) => {
      for (const kind of /** @type {const} */ (["weights", "biases"])) {
        const [values, gradient, [means, squares]] = [layer[kind], gradients[at][kind], moments[at][kind]];
        for (let i = 0; i < values.length; i++) {
          const slope = gradient[i];
          means[i] += (1 - MEAN_KEPT) * (slope - means[i]);
          squares[i] += (1 - SQUARE_KEPT) * (slope * slope - squares[i]);
          values[i] -= (rate * means[i]) / (Math.sqrt(squares[i]) + SMALL);
        }
      }
    });
  };
}
