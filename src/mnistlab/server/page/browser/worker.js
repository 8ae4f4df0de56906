/** The worker that computes: it keeps the networks and answers one question after the other. */

import { forward } from "../networks/forward.js";
import { unitOf } from "../networks/units.js";
import { readWeights } from "../networks/weights.js";
import { damaged } from "./surgery.js";

/** @type {Map<string, import("../networks/weights.js").Weights>} */
const networks = new Map();

const MAX_BROKEN = 4; // networks kept
/** @type {Map<string, import("../networks/weights.js").Weights>} */
const broken = new Map();

/**
 * @param {string} network its id
 * @param {import("./surgery.js").Damage | null} damage
 */
function weightsOf(network, damage) {
  const sound = /** @type {import("../networks/weights.js").Weights} */ (networks.get(network));
  if (!damage || (!damage.cuts.length && !damage.noise)) return sound;
  const key = JSON.stringify([network, damage.cuts, damage.noise, damage.seed]);
  const found = broken.get(key) ?? damaged(sound, damage);
  broken.delete(key);
  broken.set(key, found); // the last that was asked for
  if (broken.size > MAX_BROKEN) broken.delete([...broken.keys()][0]);
  return found;
}

/** @type {Record<string, (question: any) => any>} */
const ANSWERS = {
  async load({ network, address }) {
    const answer = await fetch(address);
    if (!answer.ok) throw new TypeError("not-there");
    networks.set(network, readWeights(await answer.arrayBuffer()));
    return {};
  },

  think({ network, image, names, damage }) {
    const weights = weightsOf(network, damage);
    const { outputs } = forward(weights, image);
    const wanted = Object.entries(outputs).filter(([name]) => names === null || names.includes(name));
    return { outputs: Object.fromEntries(wanted), calibration: weights.calibration };
  },

  unit({ network, layer, unit, damage }) {
    return unitOf(weightsOf(network, damage), layer, unit);
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
