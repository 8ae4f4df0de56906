/** Experiments: questions about training, answered by many runs, with the intervals of what was measured. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { createChart } from "../charts/charts.js";
import { codeForExperiment } from "../code/code.js";

/**
 * @typedef {import("../main.js").Context} Context
 * @typedef {import("../app/state.js").State} State
 * @typedef {{id: string, title: string, question: string, lead: string, answer: string[], source: "published" | "own"}} Heading
 * @typedef {Heading & {method: string[], conditions: string, command: string | null, folder: string | null,
 *   experiment: string, charts: Measured[]}} Experiment
 * @typedef {{title: string, unit: string, scale: import("../charts/scales.js").Kind}} Axis
 * @typedef {{title: string, x: Axis, y: Axis, series: import("../charts/charts.js").Series[]}} Measured
 */

/** What the names of a chart's lines mean, by experiment. @type {Record<string, string>} */
const LINES = {
  "batch-size": "experiments.lines_batch_size",
  "label-noise": "experiments.lines_label_noise",
  "biased-noise": "experiments.lines_biased_noise",
  augmentation: "experiments.lines_augmentation",
};

/** @type {Context} */
let context;
/** @type {Heading[]} */
let headings = [];
/** @type {HTMLElement} */
let list;
/** @type {HTMLElement} */
let place;
/** @type {Experiment | null} */
let shown = null;

export const tab = { id: "experiments", mount, show, hide() {} };

/**
 * @param {HTMLElement} root
 * @param {Context} given
 */
async function mount(root, given) {
  context = given;
  list = element("nav", { class: "experiment-list", "aria-label": say("page.tab_experiments") });
  place = element("article", { class: "finding", "aria-labelledby": "finding-question" });
  root.append(element("div", { class: "experiments" }, list, place));
  ({ experiments: headings } = await context.api.get("/api/experiments"));
  list.append(
    ...headings.map(({ id, title, source }) => {
      const text = source === "own" ? say("experiments.yours", { title }) : title;
      return element("button", {
        type: "button",
        "data-experiment": id,
        text,
        onclick: () => context.state.set({ experiment: id }, { push: true }),
      });
    }),
  );
  context.code(() => codeForExperiment(shown));
}

/** @param {State} state */
async function show(state) {
  const chosen = headings.find((heading) => heading.id === state.experiment) ?? headings[0];
  for (const button of list.querySelectorAll("button")) {
    const isChosen = button.dataset.experiment === chosen?.id;
    button.setAttribute("aria-current", String(isChosen));
  }
  if (!chosen || chosen.id === shown?.id) return;
  const found = await context.api.get(`/api/experiments/${chosen.id}`);
  const wanted = context.state.get().experiment ?? headings[0].id;
  if (wanted !== chosen.id && headings.some((heading) => heading.id === wanted)) return; // another one by now
  const isFirst = shown === null;
  shown = found;
  render(found, chosen.source === "own" ? found.experiment : chosen.id);
  if (!isFirst) context.announce(`${found.question} ${found.lead}`);
}

/**
 * @param {Experiment} found
 * @param {string} name
 */
function render(found, name) {
  const charts = found.charts.map(({ title, x, y, series }) => {
    const chart = createChart(title);
    chart.show({ title, x: withUnit(x), y: withUnit(y), series });
    return chart.root;
  });
  const source = found.source === "own" ? say("experiments.own", { folder: found.folder ?? "" }) : say("experiments.published");
  place.replaceChildren(
    element("h2", { class: "finding-question", id: "finding-question", text: found.question }),
    element("p", { class: "finding-first", text: found.lead }),
    ...(charts.length && name in LINES ? [element("p", { class: "small muted", text: say(LINES[name]) })] : []),
    charts.length
      ? element("div", { class: "finding-charts" }, ...charts)
      : element("p", { class: "muted", text: say("experiments.no_charts") }),
    element(
      "details",
      { class: "finding-more" },
      element("summary", { text: say("experiments.details") }),
      element("ul", { class: "finding-answer" }, ...found.answer.map(answer)),
      element(
        "div",
        { class: "finding-method small muted" },
        ...found.method.map((sentence) => element("p", { text: sentence })),
        element("p", { text: `${found.conditions} ${source}` }),
      ),
    ),
  );
}

/**
 * @param {Axis} axis
 * @returns {import("../charts/charts.js").Axis}
 */
const withUnit = ({ title, unit, scale }) => ({ title: unit ? `${title}, ${unit}` : title, scale });

/** @param {string} sentences the first says it, the others give the figures */
function answer(sentences) {
  const [lead, ...details] = sentences.split(say("experiments.detail_mark"));
  const detail = details.join(" ");
  const small = detail && element("span", { class: "small muted", text: detail[0].toUpperCase() + detail.slice(1) });
  return element("li", {}, element("span", { class: "finding-lead", text: lead }), small);
}
