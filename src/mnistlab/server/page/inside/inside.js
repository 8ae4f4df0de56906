/** Inside: what happens between a drawing and its answer. */

import { ApiError } from "../app/api.js";
import { element } from "../app/elements.js";
import { className, isAverage, loadNetworks, missingNetworks } from "../app/networks.js";
import { number, say, sayWith } from "../app/words.js";
import { codeForInside } from "../code/code.js";
import { decodeFloats, encodeImage, onThemeChange } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { createFilters, createLayer, passesOn } from "./layers.js";
import { createOcclusion } from "./occlusion.js";
import { createLookedAt, pixelsInWords, pixelsOf } from "./receptive.js";
import { createSamples } from "./samples.js";
import { createProbabilities, createSoftmax } from "./softmax.js";

/**
 * @typedef {import("../main.js").Context} Context
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {import("./maps.js").Cell} Cell
 */

const PATCH = { size: 8, step: 2 }; // pixels; such patches reach all four edges
const QUIET_MILLISECONDS = 500;

/** @type {Context} */
let context;
/** @type {Network[]} */
let networks = [];
/** @type {Map<string, ReturnType<typeof createLayer>>} */
let layers = new Map();
/** @type {Record<string, Activations>} */
let activations = {};
let shownFor = ""; // network whose layers are on the page
let isShown = false;
let generation = 0; // of what was asked last
let quiet = 0;

const chooser = element("select", { id: "inside-network" });
const digit = createLookedAt(say("inside.digit_seen"));
const answer = element("p", { class: "inside-answer" });
const said = element("p", { class: "small inside-said" });
const empty = element("div", { class: "inside-empty" });
const way = element("div", { class: "way" });
const softmax = element("div", { class: "softmax-place" });
const filters = element("div", {});
const filtersChapter = chapter(
  say("inside.filters"),
  say("inside.filters_lead"),
  filters,
);
const scale = element("span", { class: "legend-scale values", "aria-hidden": "true" });
const layersChapter = chapter(
  say("inside.layers"),
  say("inside.layers_lead"),
  element("p", { class: "legend small muted" }, ...sayWith("inside.legend", { scale })),
  way,
);
const softmaxChapter = chapter(
  say("inside.softmax"),
  say("inside.softmax_lead"),
  softmax,
);
const mean = element("div", { class: "softmax-place" });
const averageChapter = chapter(
  say("inside.average"),
  say("inside.average_lead"),
  mean,
);
/** @type {ReturnType<typeof createOcclusion>} */
let occlusion;
const live = element("div", { class: "inside-live" });
const missing = element("p", { class: "trouble missing", role: "status", hidden: true });

/** @returns {Network | undefined} */
function network() {
  return networks.find(({ id }) => id === context.state.get().network) ?? networks[0];
}

/** The cell that the address names, if the network has it. */
function chosenCell() {
  const { layer, cell } = context.state.get();
  const [map, row, column] = (cell ?? "").split(".").map(Number);
  const maps = layer && activations[layer] ? layers.get(layer)?.maps : undefined;
  const exists = maps && map < maps.count && row < maps.rows && column < maps.columns;
  return layer && exists ? { layer, cell: { map, row, column } } : null;
}

/**
 * @param {string | null} name of the layer; null for what the address names
 * @param {Cell | null} cell
 */
function point(name, cell) {
  const target = name && cell ? { layer: name, cell } : chosenCell();
  for (const [other, { showMark }] of layers) showMark(target?.layer === other ? target.cell : null);
  const layer = target && activations[target.layer];
  if (!target || !layer) {
    digit.outline(null);
    said.textContent = layers.size ? say("inside.point") : "";
    return;
  }
  const { map, row, column } = target.cell;
  const shape = layers.get(target.layer);
  const value = shape?.maps.at(map, row, column) ?? 0;
  const box = layer.field && pixelsOf(layer.field, row, column);
  digit.outline(box);
  const where = shape?.isGrid
    ? say("inside.cell_in_map", { map: map + 1, row: row + 1, column: column + 1 })
    : say("inside.cell_number", { number: row * (shape?.maps.columns ?? 0) + column + 1 });
  const saw = box ? say("inside.saw", { pixels: pixelsInWords(box) }) : say("inside.saw_all");
  said.textContent = say("inside.cell_said", { layer: layer.title, where, value: number(value, 2), saw });
  clearTimeout(quiet);
  if (name) quiet = setTimeout(() => context.announce(said.textContent ?? ""), QUIET_MILLISECONDS);
}

/** @param {Activations[]} found */
function showLayers(found) {
  activations = Object.fromEntries(found.map((layer) => [layer.name, layer]));
  const drawn = found.filter((layer, at) => {
    const isTen = layer.shape.length === 1 && layer.shape[0] <= 10; // the ten numbers have a table
    return !isTen && !passesOn(layer, found[at - 1]);
  });
  const key = `${network()?.id} ${drawn.map(({ name }) => name).join()}`;
  if (key !== shownFor) {
    shownFor = key;
    layers = new Map();
    for (const layer of drawn) {
      const made = createLayer(layer, {
        onPoint: (cell) => point(layer.name, cell),
        onChoose: ({ map, row, column }) => context.state.set({ layer: layer.name, cell: `${map}.${row}.${column}` }),
        onOpen: (isOpen) => context.state.set({ layer: isOpen ? layer.name : null, cell: null }),
      });
      layers.set(layer.name, made);
    }
    way.replaceChildren(...[...layers.values()].map(({ root }) => root));
  } else for (const layer of drawn) layers.get(layer.name)?.show(layer);
  openLayer();
  point(null, null);
}

/** Shows all maps of the layer that the address names, and of the others as many as fit into a row. */
function openLayer() {
  const { layer } = context.state.get();
  for (const [name, made] of layers) made.open(name === layer);
}

/** @param {Network} chosen */
async function showFilters(chosen) {
  const found = (await context.api.get(`/api/networks/${chosen.id}/filters`)).layers[0];
  if (network() !== chosen) return;
  filtersChapter.hidden = !found; // not every network has a first layer of its own
  filters.replaceChildren(...(found ? [createFilters(found).root] : []));
}

async function refresh() {
  const chosen = network();
  if (!chosen || !isShown) return;
  const asked = ++generation;
  live.hidden = drawing.isEmpty;
  empty.hidden = !drawing.isEmpty;
  digit.showImage(drawing.image);
  if (drawing.isEmpty) return;
  const body = { image: encodeImage(drawing.image), network: chosen.id };
  try {
    const [classified, looked, covered] = await Promise.all([
      context.api.post("/api/classify", { image: body.image, networks: [chosen.id] }),
      context.api.post("/api/activations", body),
      context.api.post("/api/occlusion", { ...body, ...PATCH }),
    ]);
    if (asked !== generation) return;
    const [own] = classified.answers;
    answer.textContent = className(chosen, own.digit);
    answer.classList.toggle("is-name", Boolean(chosen.class_names));
    answer.setAttribute("aria-label", say("inside.answer", { name: className(chosen, own.digit) }));
    showLayers(looked.layers.map((/** @type {any} */ layer) => ({ ...layer, values: decodeFloats(layer.values) })));
    const isMean = isAverage(chosen);
    layersChapter.hidden = softmaxChapter.hidden = isMean;
    averageChapter.hidden = !isMean;
    if (isMean) mean.replaceChildren(createProbabilities(own.probabilities, chosen));
    else softmax.replaceChildren(createSoftmax(own.logits, own.temperature, chosen));
    occlusion.show(drawing.image, covered, chosen);
  } catch (error) {
    if (asked === generation || !(error instanceof ApiError)) throw error;
  }
}

/**
 * @param {string} title
 * @param {string} lead
 * @param {...Node} content
 */
function chapter(title, lead, ...content) {
  return element(
    "section",
    { class: "chapter" },
    element("h2", { text: title }),
    element("p", { class: "lead muted", text: lead }),
    ...content,
  );
}

export const tab = {
  id: "inside",

  /**
   * @param {HTMLElement} root
   * @param {Context} given
   */
  async mount(root, given) {
    context = given;
    occlusion = createOcclusion(given.announce);
    const toDraw = element(
      "button",
      { type: "button", class: "plain", onclick: () => context.state.set({ tab: "draw" }, { push: true }) },
      say("inside.draw"),
    );
    empty.append(
      element("p", {}, ...sayWith("inside.empty", { draw: toDraw })),
      createSamples(given),
    );
    live.append(
      layersChapter,
      averageChapter,
      softmaxChapter,
      chapter(
        say("inside.occlusion"),
        say("inside.occlusion_lead"),
        occlusion.root,
      ),
    );
    const beside = element(
      "aside",
      { class: "beside", "aria-label": say("inside.digit") },
      element(
        "div",
        { class: "network-choice" },
        element("label", { for: "inside-network", text: say("network.one") }),
        chooser,
      ),
      element("div", { class: "beside-digit" }, digit.root, answer),
      said,
    );
    root.append(
      missing,
      element("div", { class: "inside" }, beside, element("div", { class: "chapters" }, empty, live, filtersChapter)),
    );
    chooser.addEventListener("change", () => context.state.set({ network: chooser.value, layer: null, cell: null }));
    drawing.subscribe((isDone) => isDone && isShown && void follow());
    onThemeChange(() => digit.showImage(drawing.image));
    given.code(() => {
      const chosen = network();
      return chosen ? codeForInside(drawing.image, chosen) : null;
    });
  },

  async show() {
    const wasShown = isShown;
    isShown = true;
    if (!wasShown || !networks.length) {
      networks = await loadNetworks();
      chooser.replaceChildren(...networks.map(({ id, title }) => element("option", { value: id, text: title })));
    }
    if (isShown) await follow();
  },

  hide() {
    isShown = false;
    generation++;
    clearTimeout(quiet);
  },
};

let followed = ""; // network and drawing that were asked for last

/** Does what the address says. */
async function follow() {
  const chosen = network();
  if (!chosen) return;
  missing.textContent = missingNetworks(context.state.get().network, networks, [chosen]);
  missing.hidden = !missing.textContent;
  const isOther = chooser.value !== chosen.id || !followed.startsWith(`${chosen.id} `);
  chooser.value = chosen.id;
  const now = `${chosen.id} ${encodeImage(drawing.image)}`;
  if (now === followed) {
    openLayer();
    point(null, null);
    return;
  }
  followed = now;
  try {
    await Promise.all([refresh(), isOther && showFilters(chosen)]);
  } catch (error) {
    if (followed === now) followed = ""; // so that it is asked for again
    throw error;
  }
}
