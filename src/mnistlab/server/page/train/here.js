/** Training in this browser: an MLP that the pupil may change, without a server. */

import { element } from "../app/elements.js";
import { percent, say } from "../app/words.js";
import { SIDE } from "../digits/digits.js";
import { createClient } from "../learning/client.js";
import { createView } from "../learning/view.js";
import { Curves, duration } from "./curves.js";

const FIELDS = /** @type {const} */ ([
  { key: "epochs", title: "train.epochs", hint: "train.epochs_hint", value: 5, min: 1, max: 50, step: 1 },
  { key: "batchSize", title: "train.batch", hint: "train.batch_hint", value: 128, min: 1, max: 1000, step: 1 },
  { key: "learningRate", title: "train.rate", hint: "train.rate_hint", value: 0.001, min: 0.000001, max: 1, step: "any" },
  { key: "seed", title: "train.seed", hint: "train.seed_hint", value: 0, min: 0, max: 4294967295, step: 1 },
]);
const MAX_LAYERS = 3;
const MAX_UNITS = 256;

/**
 * @param {import("../main.js").Context} context
 * @param {() => void} onChange there is more on the curves
 */
export function createHere(context, onChange) {
  const layers = element("input", { type: "text", id: "here-layers", value: "128, 64", inputmode: "text", "aria-describedby": "here-layers-hint" });
  const fields = FIELDS.map(({ key, title, hint, ...limits }) => {
    const input = element("input", { type: "number", id: `here-${key}`, required: true, "aria-describedby": `here-${key}-hint`, ...limits });
    const note = element("span", { class: "small muted", id: `here-${key}-hint`, text: say(hint) });
    return { key, input, root: element("div", { class: "field" }, element("label", { for: `here-${key}`, text: say(title) }), input, note) };
  });
  const start = element("button", { type: "submit", class: "plain primary", text: say("learning.start") });
  const pause = element("button", { type: "button", class: "plain", hidden: true, text: say("learning.pause"), onclick: () => setPaused(!isPaused) });
  const status = element("p", { class: "learning-status small", role: "status" });
  const form = element(
    "form",
    { class: "training-form", "aria-labelledby": "here-title" },
    element("h2", { id: "here-title", text: say("learning.title") }),
    element("p", { class: "small muted field-wide", text: say("learning.about") }),
    element(
      "div",
      { class: "field" },
      element("label", { for: "here-layers", text: say("learning.layers") }),
      layers,
      element("span", { class: "small muted", id: "here-layers-hint", text: say("learning.layers_hint", { layers: MAX_LAYERS, units: MAX_UNITS }) }),
    ),
    ...fields.map((field) => field.root),
    element("div", { class: "field field-start" }, start, pause, status),
  );
  let [isPaused, isRunning, asked, answered] = [false, false, 0, 0];
  let epochs = 0;
  let isNew = false; // whether the curves of this training have still to be seen
  /** @type {Curves | null} */
  let curves = null;
  const view = createView({
    id: "learning",
    title: say("learning.drawing"),
    about: say("learning.view"),
    heading: say("learning.view"),
    look: (image, at) => client.look(image, at, ++asked),
  });

  const client = createClient({
    ready({ numSteps, images, labels }) {
      curves?.begin({ steps: [], history: [], num_steps: numSteps, left_seconds: null });
      view.begin({ images, labels, kind: "weights", rows: SIDE, columns: SIDE, count: 0 });
      setPaused(isPaused);
      isNew = true;
    },
    step(line) {
      curves?.step(line);
      if (isRunning && !isPaused) status.textContent = say("learning.running", { epoch: line.epoch, epochs, duration: duration(line.left_seconds) });
      onChange();
      if (isNew) requestAnimationFrame(() => requestAnimationFrame(bring)); // once it is drawn
      isNew = false;
    },
    snapshots: ({ snapshots }) => view.show(snapshots),
    looked({ number, probabilities }) {
      if (number < answered) return;
      answered = number;
      view.answer(probabilities);
    },
    done({ accuracy, seconds }) {
      end(say("learning.done", { share: percent(accuracy, 2), duration: duration(seconds) }));
      onChange();
    },
    failed: ({ why }) => end(say(`learning.failed_${why}`)),
  });

  /** On a phone what is to be watched lies below the form. */
  function bring() {
    const side = view.root.parentElement;
    if (side && side.getBoundingClientRect().top > innerHeight / 2) side.scrollIntoView({ block: "start" });
  }

  /** @param {string} sentence */
  function end(sentence) {
    isRunning = false;
    pause.hidden = true;
    status.textContent = sentence;
    start.textContent = say("learning.start");
  }

  /** @param {boolean} wanted */
  function setPaused(wanted) {
    isPaused = wanted;
    pause.textContent = say(wanted ? "learning.resume" : "learning.pause");
    if (wanted) {
      client.pause();
      status.textContent = say("learning.paused");
    } else client.resume();
  }

  /** @returns {number[] | null} the units of each layer, null where that is not what was written */
  function hidden() {
    const parts = layers.value.split(/[,;\s]+/).filter(Boolean);
    const units = parts.map(Number);
    const isFine = parts.length <= MAX_LAYERS && units.every((one) => Number.isInteger(one) && one >= 1 && one <= MAX_UNITS);
    return isFine ? units : null;
  }

  layers.addEventListener("input", () => layers.setCustomValidity(""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const units = hidden();
    layers.setCustomValidity(units ? "" : say("learning.layers_hint", { layers: MAX_LAYERS, units: MAX_UNITS }));
    if (!units) return void form.reportValidity();
    const values = Object.fromEntries(fields.map(({ key, input }) => [key, Number(input.value)]));
    const settings = /** @type {import("../learning/client.js").Settings} */ ({ hidden: units, ...values });
    epochs = settings.epochs;
    curves = new Curves();
    isPaused = false;
    isRunning = true;
    pause.hidden = false;
    pause.textContent = say("learning.pause");
    start.textContent = say("learning.again");
    status.textContent = say("learning.loading");
    client.start(settings);
    context.announce(say("learning.loading"));
    onChange();
  });

  return {
    form,
    view: view.root,
    /** @returns {{report: import("./curves.js").Report, curves: Curves} | null} what belongs on the charts */
    line() {
      if (!curves) return null;
      const report = /** @type {import("./curves.js").Report} */ ({ id: "here", title: say("learning.run"), epochs, num_steps: curves.numSteps });
      return { report, curves };
    },
  };
}
