/** The worker that computes: it keeps the networks and answers one question after the other. */

import { forward } from "../networks/forward.js";
import { unitOf } from "../networks/units.js";
import { readWeights } from "../networks/weights.js";

/** @type {Map<string, import("../networks/weights.js").Weights>} */
const networks = new Map();

/** @type {Record<string, (question: any) => any>} */
const ANSWERS = {
  async load({ network, address }) {
    const answer = await fetch(address);
    if (!answer.ok) throw new TypeError("not-there");
    networks.set(network, readWeights(await answer.arrayBuffer()));
    return {};
  },

  think({ network, image, names }) {
    const weights = /** @type {import("../networks/weights.js").Weights} */ (networks.get(network));
    const { outputs } = forward(weights, image);
    const wanted = Object.entries(outputs).filter(([name]) => names === null || names.includes(name));
    return { outputs: Object.fromEntries(wanted), calibration: weights.calibration };
  },

  unit({ network, layer, unit }) {
    return unitOf(/** @type {import("../networks/weights.js").Weights} */ (networks.get(network)), layer, unit);
  },

  /** Filters over blocks of pixels come as they are, with the side of the blocks. */
  weights({ network }) {
    const { steps, arrays, shapes, outputs } = /** @type {import("../networks/weights.js").Weights} */ (networks.get(network));
    const at = steps.findIndex(({ weights }) => weights !== undefined);
    const name = Object.entries(outputs).find(([, number]) => number >= at)?.[0];
    if (at < 0 || !name || "probabilities" in outputs === false || Object.keys(outputs).length < 3) return { name: "" };
    const { weights = 0, from } = steps[at];
    const below = steps[from[0]].shape;
    return { name, shape: shapes[weights], values: arrays[weights], fold: below.length === 3 ? 28 / below[0] : 1 };
  },
};

addEventListener("message", async ({ data: { number, do: what, ...question } }) => {
  try {
    postMessage({ number, ...(await ANSWERS[what](question)) });
  } catch (error) {
    postMessage({ number, error: String(error) });
  }
});
