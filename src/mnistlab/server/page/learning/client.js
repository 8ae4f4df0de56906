/** Talks to the worker that trains. There is one at a time; a new training run ends the one before. */

/**
 * @typedef {import("./learner.js").Settings} Settings
 * @typedef {import("./learner.js").Snapshot} Snapshot
 * @typedef {{step: number, epoch: number, loss: number, accuracy: number, seconds: number, left_seconds: number}} Line
 * @typedef {{
 *   ready: (told: {numSteps: number, count: number, images: Uint8Array, labels: number[]}) => void,
 *   step: (line: Line) => void,
 *   snapshots: (told: {snapshots: Snapshot[]}) => void,
 *   looked: (told: {number: number, probabilities: number[]}) => void,
 *   done: (told: {accuracy: number, seconds: number}) => void,
 *   failed: (told: {why: "images" | "numbers"}) => void,
 * }} Handlers
 */

/** @param {Handlers} handlers */
export function createClient(handlers) {
  /** @type {Worker | null} */
  let worker = null;

  const client = {
    /** @param {Settings} settings */
    start(settings) {
      client.end();
      const made = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      worker = made;
      made.addEventListener("message", ({ data: { is, ...told } }) => {
        if (worker === made) /** @type {any} */ (handlers)[is](told);
      });
      made.addEventListener("error", () => worker === made && handlers.failed({ why: "images" }));
      made.postMessage({ do: "start", settings });
    },
    pause: () => worker?.postMessage({ do: "pause" }),
    resume: () => worker?.postMessage({ do: "resume" }),
    /**
     * @param {Uint8Array} image
     * @param {number} at which snapshot
     * @param {number} number comes back with the answer
     */
    look: (image, at, number) => worker?.postMessage({ do: "look", image, at, number }),
    end() {
      worker?.terminate();
      worker = null;
    },
  };
  return client;
}
