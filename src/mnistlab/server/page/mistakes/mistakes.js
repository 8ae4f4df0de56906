/** Mistakes: which test digits a network takes for which, those it was surest of, and each of them in detail. */

import { element } from "../app/elements.js";
import { className, loadNetworks, missingNetworks, oneOf } from "../app/networks.js";
import { createWaiting } from "../app/waiting.js";
import { percent, say } from "../app/words.js";
import { codeForMistakes } from "../code/code.js";
import { createDetail } from "./detail.js";
import { createGallery } from "./gallery.js";
import { createMatrix } from "./matrix.js";

/**
 * @typedef {import("../main.js").Context} Context
 * @typedef {import("../app/state.js").State} State
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {{network: string, num_images: number, num_wrong: number, accuracy: number, matrix: number[][],
 *   wrong: {index: number, label: number, prediction: number, confidence: number}[],
 *   contested: {index: number, verdict: string}[]}} Mistakes
 */

const CONTESTED = "contested"; // in place of a label, in the address

/** @type {Context} */
let context;
/** @type {Network[]} */
let networks = [];
/** @type {Mistakes | null} */
let mistakes = null;
/** @type {Map<string, Promise<Mistakes>>} */
const asked = new Map();
/** @type {Record<string, any>} */
let parts;
let shownList = "";
let shownImage = "";

export const tab = { id: "mistakes", mount, show, hide() {} };

/**
 * @param {HTMLElement} root
 * @param {Context} given
 */
async function mount(root, given) {
  context = given;
  const select = element("select", { id: "mistakes-network" });
  select.addEventListener("change", () => context.state.set({ network: select.value, image: null }, { push: true }));
  const sum = element("p", { class: "mistakes-sum", role: "status" });
  const head = element(
    "div",
    { class: "mistakes-head" },
    element("label", { for: "mistakes-network", class: "visually-hidden", text: say("network.one") }),
    select,
    sum,
  );
  const matrix = createMatrix((label, prediction) => choose(label, prediction));
  const load = async (/** @type {number[]} */ indices) =>
    (await context.api.get(`/api/images/test?indices=${indices.join(",")}`)).images;
  const gallery = createGallery(load, (index) => context.state.set({ image: index }, { push: true }));
  const title = element("h2", { id: "digits-title" });
  const all = element("button", {
    type: "button",
    class: "quiet",
    text: say("mistakes.all"),
    onclick: () => context.state.set({ label: null, prediction: null, image: null }),
  });
  const contested = element("button", {
    type: "button",
    class: "quiet",
    text: say("mistakes.contested"),
    onclick: () => context.state.set({ label: CONTESTED, prediction: null, image: null }),
  });
  const digits = element(
    "section",
    { "aria-labelledby": "digits-title" },
    element("div", { class: "digits-head" }, title, element("span", {}, all, " ", contested)),
    gallery.root,
  );
  const detail = createDetail();
  const body = element("div", { class: "mistakes-body", hidden: true }, element("div", { class: "matrix-place" }, matrix.root), digits);
  const waiting = createWaiting();
  const missing = element("p", { class: "trouble missing", role: "status", hidden: true });
  root.append(element("div", { class: "mistakes" }, missing, head, waiting.root, body), detail.root);
  parts = { missing, waiting, select, sum, matrix, gallery, title, all, contested, detail, body };
  context.code(code);
}

/** @param {State} state */
async function show(state) {
  networks = await loadNetworks();
  const options = networks.map((network) => element("option", { value: network.id, text: network.title }));
  if (options.map((option) => option.text).join() !== [...parts.select.options].map((option) => option.text).join())
    parts.select.replaceChildren(...options);
  const network = chosenNetwork(state);
  if (!network) return;
  parts.select.value = network.id;
  parts.missing.textContent = missingNetworks(state.network, networks, [network]);
  parts.missing.hidden = !parts.missing.textContent;
  if (mistakes?.network !== network.id) {
    parts.sum.textContent = "";
    parts.body.hidden = true;
    parts.waiting.begin(say("mistakes.wait"));
    parts.detail.hide();
    const found = await ask(network.id).finally(() => parts.waiting.end());
    if (chosenNetwork(context.state.get())?.id !== network.id) return; // another one was chosen meanwhile
    [mistakes, shownList, shownImage] = [found, "", ""];
  }
  await render(context.state.get(), /** @type {Mistakes} */ (mistakes), network);
}

/** @param {State} state */
const chosenNetwork = (state) => networks.find((network) => network.id === state.network) ?? networks[0];

/** @param {string} id each network once, but for a run that failed to load */
function ask(id) {
  const known = asked.get(id) ?? context.api.get(`/api/mistakes/${id}`);
  asked.set(id, known);
  known.catch(() => asked.delete(id));
  return known;
}

/**
 * @param {number} label
 * @param {number} prediction
 */
function choose(label, prediction) {
  const { label: before, prediction: beforePrediction } = context.state.get();
  const isChosen = before === String(label) && beforePrediction === String(prediction);
  const wanted = isChosen ? { label: null, prediction: null } : { label, prediction };
  context.state.set({ ...wanted, image: null }, { push: true });
  if (!isChosen) parts.title.scrollIntoView({ block: "nearest" }); // on a phone it is below the matrix
}

/**
 * The cell that an address names: label and prediction.
 *
 * @param {State} state
 * @returns {[number, number] | null}
 */
function cellOf({ label, prediction }) {
  const isDigit = (/** @type {string | undefined} */ text) => /^\d$/.test(text ?? "");
  return isDigit(label) && isDigit(prediction) ? [Number(label), Number(prediction)] : null;
}

/**
 * The test image that an address names.
 *
 * @param {State} state
 * @returns {number | null}
 */
const imageOf = ({ image }) => (/^\d{1,4}$/.test(image ?? "") ? Number(image) : null);

/**
 * @param {State} state
 * @param {Mistakes} found
 * @param {Network} network
 */
async function render(state, found, network) {
  parts.sum.textContent = say(network.class_names ? "mistakes.sum_foreign" : "mistakes.sum", {
    share: percent(found.accuracy, 2),
    wrong: found.num_wrong,
    count: found.num_images,
  });
  parts.body.hidden = false;
  const cell = cellOf(state);
  parts.matrix.show(found.matrix, cell, network);
  await Promise.all([
    listDigits(state, found, cell, network).catch((error) => {
      shownList = ""; // so that it is asked for again
      throw error;
    }),
    showImage(state, found, network).catch((error) => {
      shownImage = "";
      throw error;
    }),
  ]);
}

/**
 * @param {State} state
 * @param {Mistakes} found
 * @param {[number, number] | null} cell
 * @param {Network} network
 */
async function listDigits(state, found, cell, network) {
  const isContested = state.label === CONTESTED;
  const list = `${found.network} ${isContested ? CONTESTED : cell}`;
  if (list === shownList) return;
  shownList = list;
  const byIndex = new Map(found.wrong.map((one) => [one.index, one]));
  const place = (/** @type {number} */ index) => ({
    index,
    prediction: byIndex.get(index)?.prediction ?? null,
    confidence: byIndex.get(index)?.confidence ?? null,
  });
  /** @type {number[]} */
  let indices = found.wrong.map((one) => one.index);
  let title = say("mistakes.surest");
  if (isContested) {
    indices = found.contested.map((one) => one.index);
    title = say("mistakes.contested_count", { count: indices.length });
  } else if (cell) {
    const answer = await context.api.get(`/api/mistakes/${found.network}/cell?label=${cell[0]}&prediction=${cell[1]}`);
    if (list !== shownList) return;
    indices = answer.indices;
    title = say(cell[0] === cell[1] ? "mistakes.list_right" : "mistakes.list_wrong", {
      count: answer.count,
      thing: { key: `thing.${cell[0]}` },
      answer: oneOf(network, cell[1]),
      name: className(network, cell[1]),
    });
    context.announce(`${title}.`);
  }
  parts.title.textContent = title;
  parts.all.hidden = !cell && !isContested;
  parts.contested.hidden = isContested;
  await parts.gallery.show(indices.map(place));
  parts.gallery.mark(imageOf(state));
}

/**
 * @param {State} state
 * @param {Mistakes} found
 * @param {Network} network
 */
async function showImage(state, found, network) {
  const image = imageOf(state);
  parts.gallery.mark(image);
  if (image === null) {
    shownImage = "";
    parts.detail.hide();
    return;
  }
  const key = `${found.network} ${image}`;
  if (key === shownImage) return;
  shownImage = key;
  const detail = await context.api.get(`/api/images/test/${image}?network=${found.network}`);
  if (key !== shownImage) return;
  context.announce(parts.detail.show(detail, network));
  parts.detail.root.scrollIntoView({ block: "nearest" });
}

/** @returns {import("../code/code_panel.js").Code | null} */
function code() {
  const state = context.state.get();
  const network = chosenNetwork(state);
  return network ? codeForMistakes(network, cellOf(state), imageOf(state)) : null;
}
