/** One cell, computed by hand: the numbers over the picture, their products, and everything up to the cell's own number. */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";
import { chainOf, channelsOf, contributions, placeOf, pooled, sizes, valueAt } from "./arithmetic.js";
import { createNumbers } from "./numbers.js";
import { numberOf } from "./why.js";

/**
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {import("./arithmetic.js").Derivation} Derivation
 * @typedef {import("./arithmetic.js").Unit} Unit
 * @typedef {import("./arithmetic.js").Place} Place
 * @typedef {import("./arithmetic.js").Channel} Channel
 * @typedef {{layers: Record<string, Activations>, derivations: Record<string, Derivation>,
 *   ask: (layer: string, unit: number) => Promise<Unit>}} Known
 *   ask: the numbers of a filter or unit, counted from 0
 */

const NAMED = 6; // contributions that are listed one by one

/**
 * @param {(layer: string, place: Place) => void} onFollow where a number came from
 */
export function createExplanation(onFollow) {
  const root = element("section", { class: "explanation", "aria-label": say("explain.title") });
  let asked = 0;

  /**
   * @param {Known} known
   * @param {string} name of the layer
   * @param {Place} place
   */
  async function show(known, name, place) {
    const now = ++asked;
    const { layers, derivations } = known;
    const chain = chainOf(name, layers, derivations);
    const needed = chain.filter(({ operation }) => ["convolution", "dense", "scale"].includes(operation));
    const units = await Promise.all(needed.map(({ layer }) => known.ask(layer, place.map)));
    if (now !== asked) return;
    const unitOf = Object.fromEntries(needed.map(({ layer }, at) => [layer, units[at]]));
    const base = chain[0] && layers[chain[0].source] ? chain[0] : null;
    root.replaceChildren(
      element("h3", { text: say("explain.title") }),
      element("p", { class: "small explained", text: whereIs(layers[name], place) }),
      ...(base ? first(layers, base, unitOf[base.layer], place) : [inputSaid(layers[name], place)]),
      calculation(layers, base ? chain : [], unitOf, place),
      element("p", { class: "small muted", text: say("explain.rounded") }),
    );
  }

  /**
   * What is put together: products, or the numbers that pooling chooses from.
   *
   * @param {Record<string, Activations>} layers
   * @param {Derivation} how
   * @param {Unit} unit
   * @param {Place} place
   * @returns {Node[]}
   */
  function first(layers, how, unit, place) {
    const source = layers[how.source];
    if (how.operation === "convolution") return convolved(source, channelsOf(source, how, unit, place), how, place);
    if (how.operation === "dense") return connected(layers, source, unit);
    if (how.operation === "pool") {
      const found = pooled(source, how, place);
      const at = (found.most.row - (place.row * how.strides[0] - how.pads[0])) * found.columns;
      const most = at + found.most.column - (place.column * how.strides[1] - how.pads[1]);
      return [
        element("p", { class: "small", text: say("explain.pool", { count: found.values.length }) }),
        element("div", { class: "products" }, createNumbers({ grid: found, caption: source.title, marked: most })),
        follow(source, found.most),
      ];
    }
    if (how.operation === "arrange" && source.values.length === layers[how.layer].values.length)
      return [element("p", { class: "small", text: say("explain.arrange", { layer: source.title }) })];
    return [];
  }

  /**
   * @param {Activations} source
   * @param {Channel[]} channels
   * @param {Derivation} how
   * @param {Place} place
   */
  function convolved(source, channels, how, place) {
    const products = element("div", { class: "products" });
    const back = element("div", {});
    const show = (/** @type {Channel} */ { map, inputs, weights, products: results }) => {
      const isOne = channels.length === 1;
      products.replaceChildren(
        createNumbers({ grid: inputs, caption: isOne ? say("explain.pixels") : say("explain.map", { map: map + 1 }) }),
        element("span", { class: "operator", text: "×", "aria-hidden": "true" }),
        createNumbers({ grid: weights, caption: say("explain.weights") }),
        element("span", { class: "operator", text: "=", "aria-hidden": "true" }),
        createNumbers({ grid: results, caption: say("explain.products") }),
      );
      const middle = (/** @type {0 | 1} */ axis) =>
        Math.min(
          Math.max([place.row, place.column][axis] * how.strides[axis] - how.pads[axis] + Math.floor(how.window[axis] / 2), 0),
          source.shape[axis] - 1,
        );
      back.replaceChildren(isOne ? "" : follow(source, { map, row: middle(0), column: middle(1) }));
    };
    const count = channels[0].products.values.length;
    if (channels.length === 1) {
      show(channels[0]);
      return [element("p", { class: "small", text: say("explain.products_lead", { count }) }), products];
    }
    const sorted = [...channels].sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum));
    show(sorted[0]);
    const rows = sorted.slice(0, NAMED).map((channel) => ({
      label: say("explain.map", { map: channel.map + 1 }),
      sum: channel.sum,
      onChoose: () => show(channel),
    }));
    const rest = sorted.slice(NAMED);
    const lead = say("explain.maps_lead", { maps: channels.length, count });
    return [element("p", { class: "small", text: lead }), sums(rows, rest.map(({ sum }) => sum)), products, back];
  }

  /**
   * @param {Record<string, Activations>} layers
   * @param {Activations} source
   * @param {Unit} unit
   */
  function connected(layers, source, unit) {
    const all = contributions(source, unit);
    const before = known(layers, source);
    const rows = all.slice(0, NAMED).map(({ at, value, weight, product }) => ({
      label: nameOf(before, at),
      detail: `${number(value, 2)} × ${number(weight, 2)}`,
      sum: product,
    }));
    const rest = all.slice(NAMED).map(({ product }) => product);
    const isImage = source.values.length === 784;
    const side = 28;
    const picture = isImage
      ? [
          createNumbers({
            grid: { rows: side, columns: side, values: Array.from(source.values, (value, at) => value * unit.weights[at]), isOutside: [] },
            caption: say("explain.products_picture"),
          }),
        ]
      : [];
    const lead = say("explain.dense_lead", { count: source.values.length });
    const place = placeOf(before, all[0].at);
    return [
      element("p", { class: "small", text: lead }),
      element("div", { class: "products" }, sums(rows, rest), ...picture),
      ...(before.kind === "input" ? [] : [follow(before, place)]),
    ];
  }

  /** @param {Activations} layer @param {Place} place */
  function follow(layer, place) {
    const where = whereIs(layer, place);
    return element(
      "button",
      { type: "button", class: "text-button follow", onclick: () => onFollow(layer.name, place) },
      say("explain.follow", { where }),
    );
  }

  return { root, show, clear: () => (asked++, root.replaceChildren()) };
}

/**
 * The layer whose numbers a row holds: what was arranged in one row was maps before.
 *
 * @param {Record<string, Activations>} layers
 * @param {Activations} source
 */
function known(layers, source) {
  if (source.kind !== "other") return source;
  const before = Object.values(layers).findLast(
    (layer) =>
      layer.kind !== "other" && layer.shape.length > 1 && layer.values.length === source.values.length &&
      layer.values.every((value, at) => value === source.values[at]),
  );
  return before ?? source;
}

/** @param {Activations} layer @param {number} at */
function nameOf(layer, at) {
  const { map, row, column } = placeOf(layer, at);
  if (layer.shape.length === 1) return say("explain.number", { number: at + 1 });
  if (sizes(layer.shape)[2] === 1) return say("explain.pixel", { row: row + 1, column: column + 1 });
  return say("inside.cell_in_map", { map: map + 1, row: row + 1, column: column + 1 });
}

/** @param {Activations} layer @param {Place} place */
function whereIs(layer, place) {
  const { map, row, column } = place;
  const where =
    layer.shape.length === 1
      ? numberOf(layer, map)
      : say("inside.cell_in_map", { map: map + 1, row: row + 1, column: column + 1 });
  return say("explain.where", { layer: layer.title, where });
}

/** @param {Activations} layer @param {Place} place */
function inputSaid(layer, place) {
  const value = valueAt(layer, place);
  const key = layer.kind === "input" ? "explain.input" : "explain.only_arranged";
  return element("p", { class: "small", text: say(key, { level: Math.round(255 * value), value: number(value, 2) }) });
}

/**
 * A table of what adds up, the largest first.
 *
 * @param {{label: string, detail?: string, sum: number, onChoose?: () => void}[]} rows
 * @param {number[]} rest what is not listed
 */
function sums(rows, rest) {
  const most = Math.max(...rows.map(({ sum }) => Math.abs(sum))) || 1;
  const made = rows.map(({ label, detail, sum, onChoose }) => {
    const bar = element("span", { class: sum < 0 ? "sum-bar is-negative" : "sum-bar" });
    bar.style.setProperty("--share", (Math.abs(sum) / most).toFixed(3));
    const name = onChoose
      ? element("button", { type: "button", class: "text-button", onclick: onChoose }, label)
      : label;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", { class: "factors", text: detail ?? "" }),
      element("td", { text: number(sum, 2) }),
      element("td", { class: "share", "aria-hidden": "true" }, bar),
    );
  });
  const others = rest.length
    ? [
        element(
          "tr",
          {},
          element("th", { scope: "row", text: say("explain.rest", { count: rest.length }) }),
          element("td"),
          element("td", { text: number(rest.reduce((sum, value) => sum + value, 0), 2) }),
          element("td", { class: "share" }),
        ),
      ]
    : [];
  return element(
    "table",
    { class: "sums" },
    element("caption", { class: "visually-hidden", text: say("explain.sums_caption") }),
    element("tbody", {}, ...made, ...others),
  );
}

/**
 * From the sum to the cell's own number, a row for each thing that is done.
 *
 * @param {Record<string, Activations>} layers
 * @param {Derivation[]} chain
 * @param {Record<string, Unit>} units
 * @param {Place} place
 */
function calculation(layers, chain, units, place) {
  /** @type {[string, number][]} */
  const rows = [];
  for (const { layer, source, operation } of chain) {
    const result = valueAt(layers[layer], place);
    const { factor = 1, offset = 0 } = units[layer] ?? {};
    if (operation === "convolution" || operation === "dense") {
      rows.push([say("explain.sum"), result - offset]);
      if (offset) rows.push([say("explain.bias", { bias: number(offset, 3) }), result]);
    } else if (operation === "scale") {
      rows.push([say("explain.scale", { factor: number(factor, 3), offset: number(offset, 3) }), result]);
    } else if (operation === "pool") rows.push([say("explain.largest"), result]);
    else if (operation === "relu")
      rows.push([say(valueAt(layers[source], place) > 0 ? "explain.relu_keeps" : "explain.relu_drops"), result]);
  }
  return element(
    "table",
    { class: "calculation", hidden: !rows.length },
    element("caption", { class: "visually-hidden", text: say("explain.calculation_caption") }),
    element(
      "tbody",
      {},
      ...rows.map(([text, value], at) =>
        element(
          "tr",
          { class: at === rows.length - 1 && "is-first" },
          element("th", { scope: "row", text }),
          element("td", { text: number(value, 3) }),
        ),
      ),
    ),
  );
}

