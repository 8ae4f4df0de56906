/** Train: choose a recipe, watch it learn, stop it and go on, lay runs over each other. */

import { ApiError } from "../app/api.js";
import { element } from "../app/elements.js";
import { percent, say } from "../app/words.js";
import { createChart } from "../charts/charts.js";
import { Curves, chartOf } from "./curves.js";
import { createHere } from "./here.js";
import { createLive } from "./live.js";
import { createRunList, ending, isRecording } from "./run_list.js";
import { createWatch } from "./watch.js";
import { addressOf, changesOf, createForm, settingsOf } from "./training_form.js";

/**
 * @typedef {import("./curves.js").Report} Report
 * @typedef {import("../main.js").Context} Context
 */

const MAX_SHOWN = 6; // lines that can be told apart

/** @type {Context} */
let context;
/** @type {{recipes: import("./training_form.js").Recipe[], limits: Record<string, [number, number]>}} */
let known;
/** @type {ReturnType<typeof createForm>} */
let form;
/** @type {ReturnType<typeof createRunList>} */
let list;
/** @type {ReturnType<typeof createHere>} */
let here;
/** @type {ReturnType<typeof createLive>} */
let live;
/** @type {Record<"loss" | "accuracy", ReturnType<typeof createChart>>} */
let charts;
/** @type {ReturnType<typeof createWatch>} */
let watch;
let figures = element("div");
/** @type {Report[]} */
let reports = [];
/** @type {string | null} */
let running = null;
/** @type {Map<string, Curves>} */
const curves = new Map();
/** @type {{run: string, end: () => void} | null} */
let following = null;
let isVisible = false;
let isDrawing = false;
let isKnown = false; // whether the runs were asked for
let isLost = false; // whether the server no longer answers
let isStopWanted = false; // whether the focus should go to Stop once it is there

export const tab = { id: "train", mount, show, hide };

/**
 * @param {HTMLElement} root
 * @param {Context} given
 */
async function mount(root, given) {
  context = given;
  known = await context.api.get("/api/recipes");
  form = createForm(known.recipes, known.limits, { change, start: () => attempt(start) });
  live = createLive((run) => void attempt(() => stop(run)));
  charts = { loss: createChart(say("train.loss")), accuracy: createChart(say("train.accuracy")) };
  list = createRunList({
    toggle,
    resume: (run) => void attempt(() => resume(run)),
    draw: (network) =>
      context.state.set(
        { tab: "draw", networks: network === "shipped" ? network : `shipped,${network}` },
        { push: true },
      ),
    look: (network) =>
      context.state.set({ tab: "mistakes", network, label: null, prediction: null, image: null }, { push: true }),
  });
  figures = element("div", { class: "curves" }, charts.accuracy.root, charts.loss.root);
  here = createHere(context, render);
  watch = createWatch();
  const side = element("div", { class: "training-side" }, live.root, figures, watch.root, here.view, list.root);
  const note = given.api.isServer ? null : element("p", { class: "small muted", text: say("site.longer_training") });
  const forms = element("div", { class: "training-forms" }, given.api.isServer ? form.root : null, here.form, note);
  root.append(element("div", { class: "training" }, forms, side));
  document.addEventListener("visibilitychange", () => {
    if (isVisible && !document.hidden) void attempt(refresh); // what began while nobody looked
  });
  context.code(() => context.api.post("/api/recipes/code", chosen()));
}

async function show() {
  isVisible = true;
  render();
  await refresh();
}

function hide() {
  isVisible = false;
  unfollow();
}

const settings = () => settingsOf(context.state.get(), known.recipes, known.limits);

/** The recipe of the form, with what differs from it. */
const chosen = () => ({ recipe: settings().recipe, ...changesOf(settings(), known.recipes) });

/** @param {Record<string, string | number | null>} changes of the address; what is the recipe's own is left out */
function change(changes) {
  context.state.set(changes);
  context.state.set(addressOf(settings(), known.recipes));
}

/** The runs as the server has them, and the curves of those on the charts. */
async function refresh() {
  ({ runs: reports, running } = await context.api.get("/api/runs"));
  isKnown = true;
  for (const id of curves.keys()) if (!reports.some((report) => report.id === id)) curves.delete(id);
  render();
  if (running && isVisible) follow(running);
  const missing = shown().filter((report) => report.id !== running && !curves.has(report.id));
  await Promise.all(missing.map((report) => load(report.id)));
  render();
}

/** @param {string} run */
async function load(run) {
  const report = await context.api.get(`/api/runs/${run}`);
  if (report.has_snapshots) watch.add(run);
  curves.set(run, new Curves().begin(report));
}

/** The runs on the charts: those of the address, else the one under way or the last of one's own. */
function shown() {
  const wanted = context.state.get().runs;
  if (wanted === undefined) return reports.filter((one) => one.state !== "damaged" && !isRecording(one)).slice(0, 1);
  const ids = wanted.split(",");
  return reports.filter((report) => ids.includes(report.id)).slice(0, MAX_SHOWN);
}

/**
 * @param {string} run
 * @param {boolean} isShown
 */
function toggle(run, isShown) {
  const ids = shown()
    .map((report) => report.id)
    .filter((id) => id !== run);
  if (isShown && ids.length >= MAX_SHOWN) {
    context.announce(say("train.most_shown", { count: MAX_SHOWN }));
    ids.shift();
  }
  context.state.set({ runs: [...ids, ...(isShown ? [run] : [])].join(",") || "none" });
}

/**
 * Does what may fail, and says so; what was said of an earlier failure is taken back once something works.
 *
 * @param {() => Promise<void>} action
 */
async function attempt(action) {
  try {
    await action();
    context.trouble("");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    context.trouble(error.message);
  }
}

async function start() {
  form.button.disabled = true;
  try {
    const { id } = await context.api.post("/api/runs", chosen());
    if (context.state.get().runs !== undefined)
      context.state.set({ runs: [...shown().slice(1 - MAX_SHOWN).map((report) => report.id), id].join(",") });
    context.announce(say("train.started", { run: id }));
    isStopWanted = true;
    requestAnimationFrame(() => requestAnimationFrame(() => live.root.scrollIntoView({ block: "nearest" })));
  } catch (error) {
    form.button.disabled = false;
    form.button.focus();
    void refresh().catch(() => null); // it may be disabled for a reason
    throw error;
  }
  await refresh();
}

/** @param {string} run */
async function stop(run) {
  try {
    await context.api.post(`/api/runs/${run}/stop`);
  } catch (error) {
    live.goOn();
    void refresh().catch(() => null); // it may have ended by itself; what is said is why it was not stopped
    throw error;
  }
  context.announce(say("train.stopping"));
}

/** @param {string} run */
async function resume(run) {
  await context.api.post(`/api/runs/${run}/resume`);
  context.announce(say("train.resumed", { run }));
  isStopWanted = true;
  await refresh();
}

/** @param {string} run what happens in it is shown from now on */
function follow(run) {
  if (following?.run === run) return;
  unfollow();
  const made = new Curves();
  curves.set(run, made);
  const end = context.api.events(`/api/runs/${run}/events`, {
    begin: (line) => (made.begin(line), render()),
    step: (line) => (made.step(line), watch.tick(run), render()),
    epoch: (line) => (made.epoch(line), tell(run), render()),
    state: (report) => {
      reports = reports.some((one) => one.id === run)
        ? reports.map((one) => (one.id === run ? report : one))
        : [report, ...reports];
      if (report.state !== "running") {
        if (following?.run === run) unfollow();
        context.announce(live.end(ending(report)));
        void attempt(refresh);
      }
      render();
    },
    connected: () => {
      if (isLost) void attempt(refresh);
      setLost(false);
    },
    lost: (error) => {
      setLost(true);
      if (error instanceof ApiError && error.status) context.trouble(error.message);
    },
    refused: (error) => {
      unfollow();
      context.trouble(error.message, () => attempt(refresh));
    },
  });
  following = { run, end };
}

function unfollow() {
  following?.end();
  following = null;
  setLost(false);
}

/** @param {boolean} now whether the server no longer answers */
function setLost(now) {
  if (now === isLost) return;
  isLost = now;
  live.showLost(now);
}

/** @param {string} run says how its last epoch went; one that is seen a moment later was told before */
function tell(run) {
  const made = curves.get(run);
  const report = reports.find((one) => one.id === run);
  const row = made?.history[made.history.length - 1];
  if (row && report)
    context.announce(
      say("train.epoch_done", {
        epoch: made.history.length,
        epochs: report.epochs,
        share: percent(row.accuracy),
      }),
    );
}

/** Once for all that came since the screen was last drawn. */
function render() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    const report = reports.find((one) => one.state === "running") ?? null;
    const hasEnded = !report && live.root.contains(document.activeElement);
    form.show(settings(), report?.title ?? null);
    live.show(report, report ? (curves.get(report.id) ?? null) : null);
    if (hasEnded) form.button.focus({ preventScroll: true });
    const styles = new Map(shown().map((one, at) => [one.id, at]));
    const wanted = (context.state.get().runs ?? "none").split(",").filter((id) => id !== "none");
    list.show(reports, styles, isKnown && wanted.some((id) => !reports.some((one) => one.id === id)));
    if (report && isStopWanted) {
      isStopWanted = false;
      if ([document.body, form.button].includes(/** @type {any} */ (document.activeElement))) live.button.focus();
    }
    watch.show([...(report ? [report] : []), ...shown().filter((one) => one !== report)]);
    const overlaid = shown().flatMap((one) => {
      const made = curves.get(one.id);
      return made ? [{ report: one, curves: made, style: styles.get(one.id) ?? 0 }] : [];
    });
    const own = here.line();
    if (own) overlaid.push({ ...own, style: styles.size });
    figures.hidden = !overlaid.some((one) => one.curves.steps.length || one.curves.history.length);
    for (const figure of /** @type {const} */ (["loss", "accuracy"])) charts[figure].show(chartOf(figure, overlaid));
  });
}
