/**
 * The networks that can be asked.
 *
 * @typedef {{size: [number, number], stride: [number, number], offset: [number, number]}} Field
 * @typedef {{name: string, title: string, kind: string, shape: number[], field: Field | null}} Layer
 * @typedef {{id: string, title: string, model: string, source: "shipped" | "run", recipe: string | null,
 *   test_accuracy: number | null, num_parameters: number | null, layers: Layer[], folder: string | null,
 *   class_names?: string[] | null}} Network
 *   folder: of a run, as the command line takes it
 * @typedef {{id: string, title: string, problem: string}} DamagedNetwork
 */

import { api } from "./api.js";
import { say } from "./words.js";

export const MAX_CHOSEN = 6;
const ID = /^[a-z0-9-]{1,64}$/;
const USUAL = ["shipped", "shipped-mlp", "shipped-cnn"];

/** @type {DamagedNetwork[]} */
let damaged = [];

/** @returns {Promise<Network[]>} those that ship first, then finished runs */
export async function loadNetworks() {
  const answer = await api.get("/api/networks");
  damaged = answer.damaged ?? [];
  return answer.networks;
}

/** @returns {DamagedNetwork[]} those that the last list named as such */
export const damagedNetworks = () => damaged;

/**
 * What a network calls one of its classes: a digit, or the name of something else.
 *
 * @param {Network} network
 * @param {number} number
 */
export const className = ({ class_names: names }, number) => names?.[number] ?? String(number);

/**
 * The same within a sentence.
 *
 * @param {Network} network
 * @param {number} number
 */
export const oneOf = ({ class_names: names }, number) => names?.[number] ?? say(`thing.${number}`);

/**
 * The networks side by side that an address asks for, as far as they exist; otherwise those that ship.
 *
 * @param {string | undefined} text ids between commas
 * @param {Network[]} networks
 * @returns {Network[]} 1 to 6, if there is any
 */
export function chosenNetworks(text, networks) {
  const find = (/** @type {string[]} */ ids) =>
    [...new Set(ids)].flatMap((id) => networks.find((network) => network.id === id) ?? []);
  const chosen = find((text ?? "").split(",")).slice(0, MAX_CHOSEN);
  if (chosen.length) return chosen;
  const usual = find(USUAL);
  return usual.length ? usual : networks.slice(0, 1);
}

/**
 * What to say of networks in an address that are not there, and of what is shown in their place.
 *
 * @param {string | undefined} text ids between commas
 * @param {Network[]} networks
 * @param {Network[]} chosen those shown
 * @returns {string} "" where none is missing
 */
export function missingNetworks(text, networks, chosen) {
  const missing = [...new Set((text ?? "").split(","))].filter((id) => id && !networks.some((one) => one.id === id));
  if (!missing.length || !chosen.length) return "";
  const named = missing.every((id) => ID.test(id)) && missing.length <= MAX_CHOSEN;
  const values = { count: missing.length, names: missing, instead: chosen.map(({ title }) => title) };
  return say(named ? "network.missing" : "network.missing_unnamed", values);
}

/**
 * Whether a network is the average of several, whose layers are not in its file: it gives its probabilities, no more.
 *
 * @param {Network} network
 */
export const isAverage = ({ layers }) => layers.every(({ name }) => name === "probabilities");
