/** One network, looked into: its path from the image to the answer, one layer of it, and one cell of that layer. */

import { element } from "../app/elements.js";
import { className, isAverage, oneOf } from "../app/networks.js";
import { chance, say } from "../app/words.js";
import { decodeFloats } from "../digits/digits.js";
import { strongestPlace } from "./arithmetic.js";
import { createExplanation } from "./explain.js";
import { columnsOf, createLayer, passesOn } from "./layers.js";
import { createPath } from "./path.js";
import { createProbabilities, createSoftmax } from "./softmax.js";
import { mainOf, stopsOf, usualLayer } from "./stops.js";
import { settingsOf, whyOf } from "./why.js";

/**
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {import("./maps.js").Cell} Cell
 * @typedef {import("./arithmetic.js").Place} Place
 * @typedef {import("./arithmetic.js").Derivation} Derivation
 * @typedef {import("./stops.js").Stop} Stop
 * @typedef {{layer: string, cell: string}} Keys the names of what the address holds of this view
 */

/**
 * @param {{
 *   state: import("../main.js").Context["state"],
 *   api: import("../main.js").Context["api"],
 *   keys: Keys,
 *   onPoint: (layer: Activations, cell: Cell | null, isGrid: boolean, columns: number, value: number, isNew: boolean) => void,
 * }} options
 */
export function createView({ state, api, keys, onPoint }) {
  const title = element("h3", { class: "view-title" });
  const answered = element("p", { class: "view-answer" });
  const path = createPath(say("inside.path"), (stop) => open(mainOf(stop).name));
  const layerTitle = element("h3", { class: "layer-title" });
  const why = element("p", { class: "why" });
  const settings = element("div", {});
  const choices = element("div", { class: "stop-layers", role: "group", "aria-label": say("inside.stop_layers") });
  const place = element("div", { class: "open-layer" });
  const explanation = createExplanation((layer, target) => {
    state.set({ [keys.layer]: layer, [keys.cell]: cellOf(layers[layer], target) });
    layerTitle.scrollIntoView({ block: "start" });
  });
  const layerArea = element("div", { class: "layer-area" }, layerTitle, why, settings, choices, place, explanation.root);
  const mean = element("div", { class: "softmax-place", hidden: true });
  const root = element("div", { class: "view" }, title, answered, path.root, layerArea, mean);

  /** @type {Network | null} */
  let network = null;
  /** @type {Record<string, Activations>} */
  let layers = {};
  /** @type {Record<string, Derivation>} */
  let derivations = {};
  /** @type {Stop[]} */
  let stops = [];
  /** @type {any} */
  let answer = null;
  /** @type {any} */
  let damage = {};
  /** @type {ReturnType<typeof createLayer> | null} */
  let drawn = null;
  let drawnFor = "";
  /** @type {Map<string, Promise<any>>} */
  const asked = new Map();

  /** @param {string} name */
  function open(name) {
    state.set({ [keys.layer]: name, [keys.cell]: null });
    requestAnimationFrame(() => place.scrollIntoView({ block: "nearest" })); // on a phone it is below the path
  }

  /** The layer that the address names, as far as there is one. */
  function openName() {
    const wanted = state.get()[keys.layer] ?? "";
    return stops.some((stop) => stop.layers.some(({ name }) => name === wanted)) ? wanted : usualLayer(stops);
  }

  /** @param {string} layer @param {number} unit */
  function ask(layer, unit) {
    const key = JSON.stringify([network?.id, damage, layer, unit]);
    let found = asked.get(key);
    if (!found) {
      found = api.post("/api/unit", { network: network?.id, layer, unit: unit + 1, damage }).then((sent) => ({
        ...sent,
        weights: decodeFloats(sent.weights),
      }));
      found.catch(() => asked.delete(key));
      asked.set(key, found);
    }
    return found;
  }

  /** Shows what the address says: the open layer and the cell that was chosen, or else its strongest one. */
  async function follow() {
    const name = openName();
    const stop = stops.find((one) => one.layers.some((layer) => layer.name === name));
    if (!stop || !network) return;
    path.open(name);
    const layer = layers[name];
    const how = derivations[name];
    layerTitle.textContent = layer.title;
    const reasons = [...new Set([stop.layers[0], layer])].map((one) => whyOf(one, derivations[one.name]));
    why.textContent = reasons.join(" "); // of what the stop begins with, too: its name is on the path
    settings.replaceChildren(settingsOf(layer, how, layers[how?.source]?.values.length ?? 0));
    const choosable = stop.layers.length > 1 ? stop.layers : [];
    choices.hidden = !choosable.length;
    choices.replaceChildren(...choosable.map((one) => choice(one, one === layer)));
    if (layer.kind === "softmax") {
      [drawn, drawnFor] = [null, ""];
      explanation.clear();
      place.replaceChildren(createSoftmax(answer.logits, answer.temperature, network));
      return;
    }
    draw(layer);
    await explain(layer);
  }

  /** @param {Activations} layer @param {boolean} isOpen */
  function choice(layer, isOpen) {
    const key = { convolution: "inside.sub_convolution", normalisation: "inside.sub_normalised", activation: "inside.sub_relu" }[layer.kind];
    const text = key ? say(key) : layer.title;
    return element("button", { type: "button", class: "plain", "aria-pressed": String(isOpen), onclick: () => open(layer.name) }, text);
  }

  /** @param {Activations} layer */
  function draw(layer) {
    const key = `${network?.id} ${layer.name} ${layer.shape}`;
    if (drawn && key === drawnFor) drawn.show(layer);
    else {
      drawn = createLayer(layer, {
        onPoint: (cell) => tell(layer.name, cell, true),
        onChoose: (cell) => state.set({ [keys.layer]: layer.name, [keys.cell]: `${cell.map}.${cell.row}.${cell.column}` }),
      });
      drawnFor = key;
      place.replaceChildren(drawn.root);
    }
  }

  /** @param {Activations} layer */
  async function explain(layer) {
    const cell = chosenCell(layer);
    if (state.get()[keys.cell]) drawn?.reveal(cell);
    tell(layer.name, null, false);
    if (network) await explanation.show({ layers, derivations, ask }, layer.name, toPlace(layer, cell));
  }

  /** @param {Activations} layer @returns {Cell} */
  function chosenCell(layer) {
    const maps = drawn?.maps;
    const [map, row, column] = (state.get()[keys.cell] ?? "").split(".").map((text) => (/^\d{1,5}$/.test(text) ? Number(text) : -1));
    const isInside = maps && map >= 0 && row >= 0 && column >= 0 && map < maps.count && row < maps.rows && column < maps.columns;
    const exists = isInside && (layer.shape.length > 1 || row * maps.columns + column < layer.shape[0]);
    if (exists) return { map, row, column };
    const place = strongestPlace(layer);
    return layer.shape.length > 1 ? place : inRow(place.map, maps?.columns ?? 1);
  }

  /** @param {Activations} layer @param {Cell} cell @returns {Place} */
  function toPlace(layer, { map, row, column }) {
    if (layer.shape.length > 1) return { map, row, column };
    return { map: row * (drawn?.maps.columns ?? 1) + column, row: 0, column: 0 };
  }

  /** @param {Activations} layer @param {Place} target */
  function cellOf(layer, { map, row, column }) {
    const cell = layer.shape.length > 1 ? { map, row, column } : inRow(map, columnsOf(layer));
    return `${cell.map}.${cell.row}.${cell.column}`;
  }

  /**
   * @param {string} name
   * @param {Cell | null} cell null for the one that is chosen
   * @param {boolean} isNew whether the pointer or the keys have just come there
   */
  function tell(name, cell, isNew) {
    const layer = layers[name];
    if (!layer || !drawn) return;
    const target = cell ?? chosenCell(layer);
    drawn.showMark(target);
    const value = drawn.maps.at(target.map, target.row, target.column);
    onPoint(layer, target, drawn.isGrid, drawn.maps.columns, value, isNew && Boolean(cell));
  }

  return {
    root,
    follow,
    /**
     * @param {Network} chosen
     * @param {any} looked what the server says of its layers
     * @param {Derivation[]} derived
     * @param {any} harm what is broken in it
     * @param {{isAlone: boolean, note: string}} options
     */
    async show(chosen, looked, derived, harm, { isAlone, note }) {
      network = chosen;
      [answer, damage] = [looked.answer, harm];
      const found = looked.layers.map((/** @type {any} */ layer) => ({ ...layer, values: decodeFloats(layer.values) }));
      layers = Object.fromEntries(found.map((/** @type {Activations} */ layer) => [layer.name, layer]));
      derivations = Object.fromEntries(derived.map((how) => [how.layer, how]));
      stops = stopsOf(found.filter((/** @type {Activations} */ layer, /** @type {number} */ at) => !passesOn(layer, found[at - 1])));
      title.textContent = chosen.title;
      title.hidden = isAlone;
      const share = chance(answer.confidence);
      answered.textContent = `${say("inside.view_answer", { thing: oneOf(chosen, answer.digit), share })} ${note}`.trim();
      const isMean = isAverage(chosen);
      path.root.hidden = layerArea.hidden = isMean;
      mean.hidden = !isMean;
      if (isMean) {
        mean.replaceChildren(element("p", { class: "lead muted", text: say("inside.average_lead") }), createProbabilities(answer.probabilities, chosen));
        return;
      }
      path.show(stops, className(chosen, answer.digit));
      await follow();
    },
  };
}

/** @param {number} at @param {number} columns @returns {Cell} */
const inRow = (at, columns) => ({ map: 0, row: Math.floor(at / columns), column: at % columns });
