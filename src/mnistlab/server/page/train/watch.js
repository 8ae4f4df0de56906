/** How the network of a run learns or learned: the moments that its folder keeps, while it trains and afterwards. */

import { ApiError, api } from "../app/api.js";
import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { PIXELS, decodeImage, encodeImage } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { largestOf } from "../learning/network.js";
import { createView } from "../learning/view.js";

/**
 * @typedef {import("./curves.js").Report} Report
 * @typedef {import("../learning/view.js").Moment} Moment
 * @typedef {{step: number, member: number, shape: [number, number, number], filters: string, probabilities: number[][],
 *   drawing: string | null, answer: number[] | null}} Sent as the server sends a moment
 * @typedef {{kind: "weights" | "filters", num_filters: number, labels: number[], images: string[]}} SentWatched
 */

const ASKED_MILLISECONDS = 1000;

export function createWatch() {
  const view = createView({ id: "watch", title: say("learning.drawing_then"), about: say("learning.view_run") });
  const choice = element("select", { id: "watch-run" });
  const chooser = element("span", { class: "field", hidden: true }, element("label", { for: "watch-run", text: say("learning.choose") }), choice);
  const title = element("h2", { id: "watch-title" });
  const trouble = element("p", { class: "small muted", role: "status", hidden: true });
  const root = element("section", { class: "watch", "aria-labelledby": "watch-title", hidden: true }, element("div", { class: "watch-head" }, title, chooser), trouble, view.root);
  /** @type {Set<string>} */
  const kept = new Set(); // runs that keep their moments
  /** @type {Report[]} */
  let offered = [];
  let run = ""; // the one that is shown
  let chosen = ""; // the one that somebody chose
  let isRunning = false;
  let isAsking = false;
  let askedAt = 0;
  /** @type {number[] | null} */
  let labels = null;
  /** @type {Moment[]} */
  let moments = [];
  /** @type {{run: string, image: Uint8Array} | null} */
  let sent = null;

  choice.addEventListener("change", () => {
    chosen = choice.value;
    show(offered);
  });

  /** @param {string} sentence "" if all is well */
  function complain(sentence) {
    trouble.hidden = !sentence;
    trouble.textContent = sentence;
    root.hidden = !sentence && !moments.length;
  }

  /** @param {Report[]} all the run that trains and those on the charts */
  function show(all) {
    offered = all;
    const reports = all.filter(({ id }) => kept.has(id));
    const report = reports.find(({ state }) => state === "running") ?? reports.find(({ id }) => id === chosen) ?? reports[0];
    if (!report) {
      run = "";
      forget();
      return;
    }
    const wasRunning = isRunning && run === report.id;
    isRunning = report.state === "running";
    title.textContent = say(isRunning ? "learning.title_now" : "learning.title_then", { run: report.title });
    chooser.hidden = isRunning || reports.length < 2;
    const ids = reports.map(({ id }) => id).join(" ");
    if (choice.dataset.ids !== ids) {
      choice.dataset.ids = ids;
      choice.replaceChildren(...reports.map(({ id, title: text }) => element("option", { value: id, text })));
    }
    choice.value = report.id;
    if (report.id !== run) {
      run = report.id;
      forget();
      void ask();
    } else if (wasRunning && !isRunning) void ask(); // the last moment
  }

  function forget() {
    [labels, moments] = [null, []];
    view.hide();
    complain("");
  }

  /** Fetches what is new of the run that is shown. */
  async function ask() {
    if (isAsking) return;
    isAsking = true;
    askedAt = performance.now();
    const asked = run;
    const wasRunning = isRunning;
    let isWhole = true;
    try {
      const after = moments.at(-1)?.step ?? -1;
      const found = await api.get(`/api/runs/${asked}/snapshots?after=${after}`);
      if (asked === run) isWhole = take(found);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asked === run) complain(error.message);
    } finally {
      isAsking = false;
    }
    if (asked !== run || wasRunning !== isRunning || !isWhole) void ask();
  }

  /**
   * @param {{watched: SentWatched | null, steps: number[], moments: Sent[], num_damaged: number}} found
   * @returns {boolean} whether all moments are here; they are not if the file was begun again
   */
  function take({ watched, steps, moments: fresh, num_damaged: count }) {
    if (!watched || !steps.length) {
      // Nobody watches it, or watched it.
      if (!isRunning && kept.delete(run)) show(offered);
      return true;
    }
    const all = [...moments, ...fresh.map((one) => momentOf(one, watched.labels))];
    moments = steps.flatMap((step) => all.findLast((one) => one.step === step) ?? []);
    if (moments.length < steps.length) {
      [labels, moments] = [null, []];
      return false;
    }
    if (!labels) {
      labels = watched.labels;
      const [, rows, columns] = fresh[0].shape;
      const images = new Uint8Array(PIXELS * labels.length);
      watched.images.forEach((text, at) => images.set(decodeImage(text), at * PIXELS));
      view.begin({ images, labels, kind: watched.kind, rows, columns, count: watched.num_filters });
    }
    complain(count ? say("learning.some_damaged", { count }) : "");
    view.show(moments, !isRunning);
    return true;
  }

  /** Leaves the drawing of now with the training, which answers it from its next moment on. */
  async function send() {
    if (drawing.isEmpty || (sent?.run === run && sent.image === drawing.image)) return;
    sent = { run, image: drawing.image };
    try {
      await api.post(`/api/runs/${run}/drawing`, { image: encodeImage(sent.image) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // it has just ended, or the curves already say what is wrong
    }
  }

  return {
    root,
    show,
    /** @param {string} id of a run that keeps its moments */
    add: (id) => void kept.add(id),
    /** @param {string} id something happened in a training run */
    tick(id) {
      kept.add(id);
      if (id !== run || !isRunning) return;
      void send();
      if (performance.now() - askedAt >= ASKED_MILLISECONDS) void ask();
    },
  };
}

/**
 * @param {Sent} sent
 * @param {number[]} labels
 * @returns {Moment}
 */
function momentOf({ step, member, filters, probabilities, drawing: image, answer }, labels) {
  return {
    step,
    member,
    filters: decodeImage(filters),
    predictions: probabilities.map(largestOf),
    shares: probabilities.map((row, at) => row[labels[at]]),
    drawing: image === null ? null : decodeImage(image),
    answer,
  };
}
