/** The worker that trains. It works in short turns, so that between them it can pause or answer for a drawing. */

import { PIXELS } from "../digits/digits.js";
import { fetchSplit } from "./images.js";
import { NUM_WATCHED, createLearner } from "./learner.js";

const TURN_MILLISECONDS = 40;
const TOLD_MILLISECONDS = 250; // a point on the curve
const REMEMBERED_MILLISECONDS = 500;

/** @type {ReturnType<typeof createLearner> | null} */
let learner = null;
/** @type {import("./images.js").Split} */
let test;
let isPaused = false;
let seconds = 0; // of training, without pauses
let sums = { loss: 0, right: 0, count: 0 };
let [told, remembered] = [0, 0]; // when, in seconds

/** @param {boolean} isLast */
function tell(isLast) {
  if (!learner || !sums.count) return;
  const { step, epoch, numSteps } = learner;
  const { loss, right, count } = sums;
  const line = { step, epoch, loss: loss / count, accuracy: right / count, seconds };
  postMessage({ is: "step", ...line, left_seconds: (seconds / step) * (numSteps - step) });
  sums = { loss: 0, right: 0, count: 0 };
  told = seconds;
  if (seconds - remembered < REMEMBERED_MILLISECONDS / 1000 && !isLast) return;
  remembered = seconds;
  const snapshots = learner.remember(isLast);
  if (snapshots) postMessage({ is: "snapshots", snapshots });
}

function turn() {
  if (!learner || isPaused) return;
  const began = performance.now();
  while (learner.step < learner.numSteps && performance.now() - began < TURN_MILLISECONDS) {
    const { loss, right, count } = learner.learn();
    if (!Number.isFinite(loss)) return postMessage({ is: "failed", why: "numbers" });
    sums = { loss: sums.loss + loss * count, right: sums.right + right, count: sums.count + count };
  }
  seconds += (performance.now() - began) / 1000;
  const isDone = learner.step >= learner.numSteps;
  if (isDone || seconds - told >= TOLD_MILLISECONDS / 1000) tell(isDone);
  if (isDone) postMessage({ is: "done", accuracy: learner.accuracy(test), seconds });
  else setTimeout(turn);
}

/** @type {Record<string, (order: any) => any>} */
const ORDERS = {
  async start({ settings }) {
    const [train, whole] = await Promise.all([fetchSplit("train"), fetchSplit("test")]);
    test = whole;
    learner = createLearner(settings, train, test);
    const watched = { images: test.images.slice(0, NUM_WATCHED * PIXELS), labels: [...test.labels.slice(0, NUM_WATCHED)] };
    postMessage({ is: "ready", numSteps: learner.numSteps, count: train.count, ...watched });
    postMessage({ is: "snapshots", snapshots: learner.remember() });
    turn();
  },
  pause() {
    isPaused = true;
  },
  resume() {
    if (!isPaused) return;
    isPaused = false;
    setTimeout(turn);
  },
  look({ image, at, number }) {
    if (learner) postMessage({ is: "looked", number, probabilities: learner.look(image, at) });
  },
};

addEventListener("message", async ({ data: { do: what, ...order } }) => {
  try {
    await ORDERS[what](order);
  } catch {
    postMessage({ is: "failed", why: "images" });
  }
});
