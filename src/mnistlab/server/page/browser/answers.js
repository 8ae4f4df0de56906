/**
 * The page without a server: the same questions as `app/api.js` sends to `mnistlab serve`, answered in the browser.
 *
 * What needs a network is computed here; what never changes lies beside the page as files, each written by the server
 * itself when the folder was built. The rest needs Python, and says so.
 */

import { ApiError } from "../app/api.js";
import { language, say } from "../app/words.js";
import { READER, accuracy, activations, classify, filters, occlusion, unit } from "./asking.js";
import { keepOffline } from "./offline.js";
import { readPhoto } from "./photo.js";
import { fetchJson, nearest, testImages } from "./pictures.js";
import { load } from "./thinker.js";

/**
 * Questions by the form of their address; what stands between its brackets is given to the answer.
 *
 * @type {[RegExp, (...parts: string[]) => Promise<any>][]}
 */
const QUESTIONS = [
  [/^\/api\/networks\/([a-z0-9-]+)\/filters$/, (network) => filters(network)],
  [/^\/api\/networks\/([a-z0-9-]+)\/structure$/, (network) => fetchJson(`structures/${network}.json`)],
  [/^\/api\/mistakes\/([a-z0-9-]+)$/, (network) => fetchJson(`mistakes/${network}.json`)],
  [/^\/api\/mistakes\/([a-z0-9-]+)\/cell\?label=(\d)&prediction=(\d)$/, cell],
  [/^\/api\/images\/test\?indices=([\d,]+)$/, async (indices) => ({ images: await testImages(indices.split(",").map(Number)) })],
  [/^\/api\/images\/test\/(\d+)\?network=([a-z0-9-]+)$/, detail],
  [/^\/api\/runs\/([a-z0-9-]+)\/snapshots(?:\?after=-?\d+)?$/, (run) => fetchJson(`snapshots/${run}.json`)],
  [/^\/api(\/[a-z0-9/-]+)$/, (path) => fetchJson(`${language}${path}.json`)],
];

/**
 * @param {string} network
 * @param {string} label
 * @param {string} prediction
 */
async function cell(network, label, prediction) {
  const cells = await fetchJson(`cells/${network}.json`);
  return cells[`${label}${prediction}`] ?? { count: 0, indices: [] };
}

/**
 * @param {string} index
 * @param {string} network
 */
async function detail(index, network) {
  const [[image], near] = await Promise.all([testImages([Number(index)]), nearest(Number(index))]);
  const { answers } = await classify({ image: image.image, networks: [network] });
  return { ...image, probabilities: answers[0].probabilities, nearest: near };
}

/** @param {{recipe: string}} chosen */
async function codeOf({ recipe }) {
  const codes = await fetchJson(`${language}/code.json`);
  return codes[recipe];
}

/** @param {any} asked */
async function looked(asked) {
  const { networks } = await fetchJson(`${language}/networks.json`);
  const { layers } = networks.find((/** @type {{id: string}} */ { id }) => id === asked.network);
  return activations(asked, layers);
}

/** @type {Record<string, (asked: any) => Promise<any>>} */
const ORDERS = {
  "/api/classify": classify,
  "/api/activations": looked,
  "/api/occlusion": occlusion,
  "/api/unit": unit,
  "/api/accuracy": accuracy,
  "/api/recipes/code": codeOf,
};

/** Fetches the network that reads while somebody begins to draw; only then the other files, to work without a network. */
export function prepare() {
  void load(READER).then(keepOffline, () => null); // whoever asks is told of a failure
}

/** @type {import("../app/api.js").BackEnd} */
export const answers = Object.freeze({
  isServer: false,

  /** @param {string} path */
  async get(path) {
    for (const [form, answer] of QUESTIONS) {
      const found = form.exec(path);
      if (found) return answer(...found.slice(1));
    }
    throw new ApiError(say("site.not_there"), 404);
  },

  /**
   * @param {string} path
   * @param {unknown} body
   */
  async post(path, body) {
    const answer = ORDERS[path];
    if (!answer) throw new ApiError(say("site.no_training"), 409);
    return answer(body);
  },

  /**
   * @param {string} _path
   * @param {Blob} file
   */
  upload: (_path, file) => readPhoto(file),

  /** Nothing happens while somebody looks: recorded runs have ended. */
  events: () => () => undefined,
});
