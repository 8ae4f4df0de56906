/** Break it: what to switch off, how much noise, which pixels to cover; and what the network still gets right. */

import { element } from "../app/elements.js";
import { percent, say } from "../app/words.js";
import { SIDE } from "../digits/digits.js";
import { createCover } from "./cover.js";
import { MAX_NOISE, MAX_UNITS, SOUND, isBroken, withCut, writeDamage } from "./damage.js";
import { paintSigned } from "./path.js";
import { sizes } from "./arithmetic.js";

/**
 * @typedef {import("./damage.js").Damage} Damage
 * @typedef {import("./damage.js").Part} Part
 * @typedef {import("./layers.js").Activations} Activations
 */

const MAX_BUTTONS = 128; // of more units, one is chosen by its number
const NOISE_STEP = 5; // per cent

/** @param {import("../main.js").Context} context */
export function createBreaking({ state, announce }) {
  const result = element("p", { class: "broken-result", role: "status" });
  const bar = element("span", { class: "share-bar" });
  const bars = element("div", { class: "broken-bar", "aria-hidden": "true" }, bar);
  const part = element("select", { id: "break-part" });
  const [off, biases, linear] = ["off", "biases", "linear"].map((name) => element("input", { type: "checkbox", id: `break-${name}` }));
  const units = element("div", { class: "break-units", role: "group" });
  const noise = element("input", { type: "range", id: "break-noise", min: 0, max: MAX_NOISE, step: NOISE_STEP });
  const noiseSaid = element("output", { for: "break-noise" });
  const other = element("button", { type: "button", class: "plain", onclick: () => set({ ...now, seed: (now.seed + 1) % 10_000 }) }, say("break.other_noise"));
  const cover = createCover((covered) => set({ ...now, covered }));
  const repair = element("button", { type: "button", class: "plain primary", onclick: () => set(SOUND) }, say("break.repair"));

  /** @type {Damage} */
  let now = SOUND;
  /** @type {Part[]} */
  let parts = [];
  /** @type {Record<string, Activations>} */
  let layers = {};
  let shownUnits = "";

  /** @param {Damage} damage */
  const set = (damage) => state.set(writeDamage(damage));
  const chosen = () => Math.max(part.selectedIndex, 0) + 1;
  const cutOf = (/** @type {number} */ number) => now.cuts.find((one) => one.part === number);
  const check = (/** @type {HTMLInputElement} */ box, /** @type {string} */ name) => {
    box.addEventListener("change", () => set(withCut(now, chosen(), { [name]: box.checked })));
    return element("p", { class: "check" }, box, element("label", { for: box.id, text: say(`break.${name}`) }));
  };
  part.addEventListener("change", showPart);
  noise.addEventListener("input", () => set({ ...now, noise: Number(noise.value) / 100 }));

  const root = element(
    "div",
    { class: "breaking" },
    element(
      "div",
      { class: "break-layer" },
      element("p", { class: "break-choice" }, element("label", { for: "break-part", text: say("break.layer") }), part),
      check(off, "off"),
      check(biases, "biases"),
      check(linear, "linear"),
      element("p", { class: "small muted", text: say("break.units_lead") }),
      units,
    ),
    element(
      "div",
      {},
      element("p", { class: "break-choice" }, element("label", { for: "break-noise", text: say("break.noise") }), noiseSaid),
      noise,
      other,
      element("p", { class: "small muted", text: say("break.noise_lead") }),
    ),
    element("div", {}, element("p", { text: say("break.cover") }), cover.root),
  );
  const head = element("div", { class: "broken-head" }, element("div", {}, result, bars), repair);

  /** Shows what is broken in the layer that is chosen. */
  function showPart() {
    const known = parts[chosen() - 1];
    if (!known) return;
    const cut = cutOf(chosen());
    off.checked = Boolean(cut?.off);
    biases.checked = Boolean(cut?.biases);
    linear.checked = Boolean(cut?.linear);
    biases.disabled = !known.adds;
    linear.disabled = !known.has_relu;
    units.setAttribute("aria-label", say("break.units", { layer: layers[known.layer]?.title ?? known.layer }));
    const key = `${chosen()} ${known.layer} ${known.num_units}`;
    if (key !== shownUnits) {
      shownUnits = key;
      const count = Math.min(known.num_units, MAX_BUTTONS);
      units.replaceChildren(...Array.from({ length: count }, (_, at) => unitButton(at + 1)));
      if (known.num_units > MAX_BUTTONS) units.append(element("p", { class: "small muted", text: say("break.more", { count: MAX_BUTTONS }) }));
    }
    const isOff = new Set(cut?.units ?? []);
    for (const button of units.querySelectorAll("button")) {
      const number = Number(button.dataset.unit);
      button.setAttribute("aria-pressed", String(isOff.has(number) || Boolean(cut?.off)));
      const canvas = button.querySelector("canvas");
      const layer = layers[known.layer];
      if (canvas && layer) paintMap(canvas, layer, number - 1);
    }
  }

  /** @param {number} number */
  function unitButton(number) {
    const layer = layers[parts[chosen() - 1].layer];
    const hasMap = layer && layer.shape.length > 1;
    return element(
      "button",
      {
        type: "button",
        class: "unit",
        "data-unit": number,
        "aria-label": say(hasMap ? "break.filter" : "break.unit", { number }),
        onclick: () => toggle(number),
      },
      hasMap ? element("canvas", { class: "pixels", "aria-hidden": "true" }) : String(number),
    );
  }

  /** @param {number} number */
  function toggle(number) {
    const before = cutOf(chosen())?.units ?? [];
    const isOff = before.includes(number);
    if (!isOff && before.length >= MAX_UNITS) return announce(say("break.too_many", { count: MAX_UNITS }));
    set(withCut(now, chosen(), { units: isOff ? before.filter((one) => one !== number) : [...before, number] }));
  }

  return {
    head,
    root,
    /**
     * @param {Damage} damage
     * @param {Part[]} known
     * @param {Record<string, Activations>} drawn by the names of the layers, of the sound network
     * @param {Uint8Array} image
     */
    show(damage, known, drawn, image) {
      [now, layers] = [damage, drawn];
      if (known.map(({ layer }) => layer).join() !== parts.map(({ layer }) => layer).join()) {
        parts = known;
        part.replaceChildren(...parts.map(({ layer }) => element("option", { text: drawn[layer]?.title ?? layer })));
        shownUnits = "";
      }
      showPart();
      noise.value = String(Math.round(100 * damage.noise));
      noiseSaid.textContent = damage.noise ? say("break.noise_value", { share: damage.noise }) : say("break.noise_none");
      other.disabled = !damage.noise;
      repair.disabled = !isBroken(damage);
      cover.show(image, damage);
    },
    /**
     * @param {{correct: number, count: number} | null} left null while it is being counted
     * @param {{correct: number, count: number} | null} whole of the unbroken network, where something is broken
     */
    showAccuracy(left, whole) {
      if (!left) {
        result.textContent = say("break.counting");
        return;
      }
      const share = percent(left.correct / left.count);
      const values = { correct: left.correct, count: left.count, share, whole: whole?.correct ?? 0 };
      result.textContent = say(whole ? "break.result" : "break.result_whole", values);
      bar.style.setProperty("--share", (left.correct / left.count).toFixed(3));
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Activations} layer
 * @param {number} map
 */
function paintMap(canvas, layer, map) {
  const [rows, columns, count] = sizes(layer.shape);
  const strongest = Math.max(Math.abs(layer.minimum), Math.abs(layer.maximum)) || 1;
  if (rows * columns <= SIDE * SIDE) paintSigned(canvas, rows, columns, (at) => layer.values[at * count + map] / strongest);
}
