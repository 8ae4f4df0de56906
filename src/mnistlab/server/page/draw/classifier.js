/**
 * Asks the server while the pen moves: one request at a time, and of what waits only the latest.
 *
 * @typedef {import("../digits/answers.js").Verdict} Verdict
 * @typedef {import("../digits/answers.js").Answer} Answer
 * @typedef {{verdict: Verdict, answers: Answer[], later?: Promise<Classification>}} Classification
 *   later: the same with the answers of networks that are not there yet
 */

import { ApiError, api } from "../app/api.js";
import { encodeImage } from "../digits/digits.js";

/**
 * @param {(classification: Classification) => void} onAnswer
 * @param {(sentence: string) => void} onTrouble what keeps the server from answering, or "" once it does again
 */
export function createClassifier(onAnswer, onTrouble) {
  /** @type {{image: Uint8Array, networks: string[]} | null} */
  let waiting = null;
  let isAsking = false;
  let generation = 0; // raised by forget()
  /** @type {{image: Uint8Array, networks: string} | null} */
  let latest = null; // what was asked last

  async function work() {
    isAsking = true;
    try {
      while (waiting) await askOnce(waiting);
    } finally {
      isAsking = false;
    }
  }

  /** @param {{image: Uint8Array, networks: string[]}} question */
  async function askOnce(question) {
    const asked = generation;
    waiting = null;
    try {
      const body = { image: encodeImage(question.image), networks: question.networks };
      const answer = await api.post("/api/classify", body);
      onTrouble("");
      if (asked === generation) onAnswer(answer);
      if (answer.later) void follow(answer.later, question.image, asked);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const isBusy = error.status === 503;
      if (!isBusy) onTrouble(error.message);
      if (error.status && !isBusy) return; // it would refuse the same again
      if (asked === generation) waiting ??= question;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(error.retrySeconds, 1)));
    }
  }

  /**
   * @param {Promise<Classification>} later
   * @param {Uint8Array} image
   * @param {number} asked
   */
  async function follow(later, image, asked) {
    const isWanted = () => asked === generation && latest?.image === image;
    try {
      const answer = await later;
      if (isWanted()) onAnswer(answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isWanted()) onTrouble(error.message);
    }
  }

  return {
    /**
     * @param {Uint8Array} image
     * @param {string[]} networks
     */
    ask(image, networks) {
      if (latest?.image === image && latest.networks === networks.join()) return; // lifting the pen changes nothing
      latest = { image, networks: networks.join() };
      waiting = { image, networks };
      if (!isAsking) void work();
    },
    /** Nothing that is under way is of interest any more. */
    forget() {
      waiting = latest = null;
      generation++;
    },
  };
}
