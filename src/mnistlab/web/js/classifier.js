/**
 * Asks the server while the pen moves: one request at a time, and of what waits only the latest.
 *
 * @typedef {{digit: number, probability: number}} Alternative
 * @typedef {{kind: "digit" | "unsure" | "no digit", digit: number | null, confidence: number, likeness: number | null,
 *   alternatives: Alternative[], reason: string}} Verdict
 * @typedef {{network: string, digit: number, confidence: number, probabilities: number[], logits: number[],
 *   temperature: number}} Answer
 * @typedef {{verdict: Verdict, answers: Answer[]}} Classification
 */

import { ApiError, api } from "./api.js";
import { encodeImage } from "./digits.js";

/**
 * @param {(classification: Classification) => void} onAnswer
 * @param {(sentence: string) => void} onTrouble what keeps the server from answering, or "" once it does again
 */
export function createClassifier(onAnswer, onTrouble) {
  /** @type {{image: Uint8Array, networks: string[]} | null} */
  let waiting = null;
  let isAsking = false;
  let generation = 0; // raised by forget()

  async function work() {
    isAsking = true;
    while (waiting) {
      const { image, networks } = waiting;
      const asked = generation;
      waiting = null;
      try {
        const answer = await api.post("/api/classify", { image: encodeImage(image), networks });
        onTrouble("");
        if (asked === generation) onAnswer(answer);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const isBusy = error.status === 503;
        if (!isBusy) onTrouble(error.message);
        if (error.status && !isBusy) continue; // it would refuse the same again
        waiting ??= asked === generation ? { image, networks } : null;
        await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(error.retrySeconds, 1)));
      }
    }
    isAsking = false;
  }

  return {
    /**
     * @param {Uint8Array} image
     * @param {string[]} networks
     */
    ask(image, networks) {
      waiting = { image, networks };
      if (!isAsking) void work();
    },
    /** Nothing that is under way is of interest any more. */
    forget() {
      waiting = null;
      generation++;
    },
  };
}
