/**
 * The networks that can be asked.
 *
 * @typedef {{size: [number, number], stride: [number, number], offset: [number, number]}} Field
 * @typedef {{name: string, title: string, kind: string, shape: number[], field: Field | null}} Layer
 * @typedef {{id: string, title: string, model: string, source: "shipped" | "run", recipe: string | null,
 *   test_accuracy: number | null, num_parameters: number | null, layers: Layer[], folder: string | null}} Network
 *   folder: of a run, as the command line takes it
 */

import { api } from "./api.js";

export const MAX_CHOSEN = 6;
const USUAL = ["shipped", "shipped-mlp", "shipped-cnn"];

/** @returns {Promise<Network[]>} those that ship first, then finished runs */
export async function loadNetworks() {
  return (await api.get("/api/networks")).networks;
}

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
