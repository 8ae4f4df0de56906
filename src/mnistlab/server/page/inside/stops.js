/**
 * The stops on the way from the image to the answer: a layer, with what only follows on it, such as its ReLU.
 *
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {{title: string, kind: string, layers: Activations[]}} Stop
 */

const FOLLOWING = ["normalisation", "activation", "other"];

/**
 * @param {Activations[]} layers in the network's order, as they are drawn
 * @returns {Stop[]}
 */
export function stopsOf(layers) {
  /** @type {Stop[]} */
  const stops = [];
  for (const layer of layers) {
    const last = stops.at(-1);
    if (last && FOLLOWING.includes(layer.kind)) last.layers.push(layer);
    else stops.push({ title: layer.title, kind: layer.kind, layers: [layer] });
  }
  return stops;
}

/**
 * The layer that stands for a stop: what it hands on, before that is only arranged in another shape.
 *
 * @param {Stop} stop
 * @returns {Activations}
 */
export const mainOf = ({ layers }) => layers.findLast(({ kind }) => kind !== "other") ?? layers[0];

/**
 * The layer that is open where the address names none: what the first layer with weights hands on.
 *
 * @param {Stop[]} stops
 * @returns {string}
 */
export function usualLayer(stops) {
  const stop = stops.find(({ kind }) => kind === "convolution" || kind === "dense") ?? stops[0];
  return stop ? mainOf(stop).name : "";
}
