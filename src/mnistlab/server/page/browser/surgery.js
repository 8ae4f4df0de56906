/**
 * A network that is broken on purpose: `mnistlab.inference.surgery` once more, on the list of steps.
 *
 * @typedef {import("../networks/weights.js").Weights} Weights
 * @typedef {{part: number, units: number[], off: boolean, biases: boolean, linear: boolean}} Cut
 * @typedef {{cuts: Cut[], noise: number, seed: number, covered: string}} Damage
 */

const FOLLOWING = ["scale", "relu", "reshape", "transpose", "pool"];

/**
 * The steps with weights on the way to the probabilities, in the network's order.
 *
 * @param {Weights} network
 * @returns {number[]} numbers of steps
 */
export function partsOf({ steps, outputs }) {
  const todo = [outputs.probabilities];
  /** @type {Set<number>} */
  const seen = new Set();
  for (let at = todo.pop(); at !== undefined; at = todo.pop())
    if (!seen.has(at)) {
      seen.add(at);
      todo.push(...steps[at].from);
    }
  return [...seen].filter((at) => steps[at].weights !== undefined).sort((one, other) => one - other);
}

/**
 * @param {Weights} network stays as it is
 * @param {Damage} damage
 * @returns {Weights}
 */
export function damaged(network, { cuts, noise, seed }) {
  const steps = network.steps.map((step) => ({ ...step }));
  const arrays = [...network.arrays];
  const shapes = [...network.shapes];
  const parts = partsOf(network);
  /**
   * Gives a step numbers of its own; those that it had may belong to others, too.
   *
   * @param {any} step
   * @param {"weights" | "bias" | "factor" | "offset"} name
   * @param {(values: Float32Array) => void} change
   */
  const change = (step, name, change) => {
    if (step[name] === undefined) return;
    const values = arrays[step[name]].slice();
    change(values);
    shapes.push(shapes[step[name]]);
    step[name] = arrays.push(values) - 1;
  };
  const owner = (/** @type {number} */ at) => {
    let [now] = steps[at].from;
    while (now !== undefined && FOLLOWING.includes(network.steps[now].do)) [now] = network.steps[now].from;
    return now;
  };
  if (noise)
    parts.forEach((at, number) => {
      const draw = normal(seed * 1000 + number + 1);
      change(steps[at], "weights", (values) => {
        const spread = noise * deviation(values);
        for (let place = 0; place < values.length; place++) values[place] += spread * draw();
      });
    });
  for (const { part, units, off, biases, linear } of cuts) {
    const own = steps[parts[part - 1]];
    const count = own.shape[own.shape.length - 1];
    const isOff = Array.from({ length: count }, (_, unit) => off || units.includes(unit + 1));
    const zero = (/** @type {Float32Array} */ values) => {
      if (values.length >= count) for (let at = 0; at < values.length; at++) if (isOff[at % count]) values[at] = 0;
    };
    const followers = steps.filter((step, at) => ["scale", "relu"].includes(step.do) && owner(at) === parts[part - 1]);
    if (isOff.includes(true)) {
      for (const name of /** @type {const} */ (["weights", "bias"])) change(own, name, zero);
      for (const step of followers) for (const name of /** @type {const} */ (["factor", "offset"])) change(step, name, zero);
    }
    if (biases) for (const step of [own, ...followers]) for (const name of /** @type {const} */ (["bias", "offset"])) change(step, name, (values) => values.fill(0));
    if (linear) for (const step of followers) if (step.do === "relu") step.do = "reshape"; // which hands on what it gets
  }
  return { ...network, steps, arrays, shapes };
}

/** @param {Float32Array} values */
function deviation(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/**
 * Normal numbers, the same for the same seed; other ones than NumPy draws.
 *
 * @param {number} seed
 * @returns {() => number}
 */
function normal(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0; // mulberry32
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
