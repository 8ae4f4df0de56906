/** Inside: what happens between a drawing and its answer, and what is left of it when something is broken. */

import { ApiError } from "../app/api.js";
import { element } from "../app/elements.js";
import { className, isAverage, loadNetworks, missingNetworks } from "../app/networks.js";
import { number, say, sayWith } from "../app/words.js";
import { codeForInside } from "../code/code.js";
import { decodeFloats, encodeImage, onThemeChange } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { createBreaking } from "./break.js";
import { chapter } from "./chapter.js";
import { SOUND, isBroken, readDamage } from "./damage.js";
import { createFilters } from "./filters.js";
import { createOcclusion } from "./occlusion.js";
import { createPending } from "./pending.js";
import { createLookedAt, pixelsInWords, pixelsOf } from "./receptive.js";
import { createSamples } from "./samples.js";
import { createView } from "./view.js";
import { numberOf } from "./why.js";

/**
 * @typedef {import("../main.js").Context} Context
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {import("./layers.js").Activations} Activations
 * @typedef {import("./maps.js").Cell} Cell
 * @typedef {import("./damage.js").Damage} Damage
 * @typedef {{parts: import("./damage.js").Part[], derivations: import("./arithmetic.js").Derivation[]}} Structure
 */

const PATCH = { size: 8, step: 2 }; // pixels; such patches reach all four edges
const QUIET_MILLISECONDS = 500;

/** @type {Context} */
let context;
/** @type {Network[]} */
let networks = [];
/** @type {Map<string, Promise<Structure>>} */
const structures = new Map();
let isShown = false;
let generation = 0; // of what was asked last
let quiet = 0;

const chooser = element("select", { id: "inside-network" });
const second = element("select", { id: "inside-second" });
const digit = createLookedAt(say("inside.digit_seen"));
const answer = element("p", { class: "inside-answer" });
const said = element("p", { class: "small inside-said" });
const empty = element("div", { class: "inside-empty" });
const views = element("div", { class: "views" });
const filters = element("div", {});
const filtersChapter = chapter(say("inside.filters"), say("inside.filters_lead"), filters);
const scale = element("span", { class: "legend-scale values", "aria-hidden": "true" });
const pathChapter = chapter(
  say("inside.layers"),
  say("inside.layers_lead"),
  element("p", { class: "lead muted keys-only", text: say("inside.layers_keys") }),
  element("p", { class: "legend small muted" }, ...sayWith("inside.legend", { scale })),
  element("p", { class: "second-choice" }, element("label", { for: "inside-second", text: say("inside.second") }), second),
  views,
);
pathChapter.classList.add("way");
/** @type {ReturnType<typeof createView>} */
let view;
/** @type {ReturnType<typeof createView>} */
let secondView;
/** @type {ReturnType<typeof createOcclusion>} */
let occlusion;
/** @type {ReturnType<typeof createBreaking>} */
let breaking;
const live = element("div", { class: "inside-live" });
const missing = element("p", { class: "trouble missing", role: "status", hidden: true });
const nonsense = element("p", { class: "trouble nonsense", role: "status", hidden: true });
const broken = element("p", { class: "small is-broken", hidden: true });
const pending = createPending([live, answer, broken, filtersChapter], said);

/** @param {string} [key] @returns {Network | undefined} what the address names */
const named = (key = "network") => networks.find(({ id }) => id === context.state.get()[key]);

/** @returns {Network | undefined} */
const network = () => named() ?? networks[0];

/**
 * Says which pixels a cell depends on, and shows them.
 *
 * @param {Activations} layer
 * @param {Cell | null} cell
 * @param {boolean} isGrid
 * @param {number} columns in which the numbers of a layer without rows are shown
 * @param {number} value
 * @param {boolean} isNew
 */
function point(layer, cell, isGrid, columns, value, isNew) {
  if (!cell) return;
  const { map, row, column } = cell;
  const box = layer.field && pixelsOf(layer.field, row, column);
  digit.outline(box);
  const where = isGrid
    ? say("inside.cell_in_map", { map: map + 1, row: row + 1, column: column + 1 })
    : numberOf(layer, row * columns + column);
  const saw = box ? say("inside.saw", { pixels: pixelsInWords(box) }) : say("inside.saw_all");
  said.textContent = say("inside.cell_said", { layer: layer.title, where, value: number(value, 2), saw });
  clearTimeout(quiet);
  if (isNew) quiet = setTimeout(() => context.announce(said.textContent ?? ""), QUIET_MILLISECONDS);
}

/** @param {Network} chosen @returns {Promise<Structure>} */
function structureOf({ id, layers }) {
  const key = `${id} ${layers.map(({ name }) => name)}`;
  let found = structures.get(key);
  if (!found) {
    found = /** @type {Promise<Structure>} */ (context.api.get(`/api/networks/${id}/structure`));
    found.catch(() => structures.delete(key));
    structures.set(key, found);
  }
  return found;
}

/** @param {Network} chosen */
async function showFilters(chosen) {
  const found = (await context.api.get(`/api/networks/${chosen.id}/filters`)).layers[0];
  if (network() !== chosen) return;
  filtersChapter.hidden = !found; // not every network has a first layer of its own
  filters.replaceChildren(...(found ? [createFilters(found).root] : []));
}

/** The damage that the address holds; a sentence and a sound network where the network has no such parts. */
function damageOf(/** @type {Structure} */ { parts }) {
  const damage = readDamage(context.state.get(), parts);
  nonsense.hidden = damage !== null;
  nonsense.textContent = damage ? "" : say("break.nonsense");
  return damage ?? SOUND;
}

async function refresh() {
  const chosen = network();
  if (!chosen || !isShown) return;
  const asked = ++generation;
  live.hidden = drawing.isEmpty;
  empty.hidden = !drawing.isEmpty;
  digit.showImage(drawing.image);
  if (drawing.isEmpty) return pending.end("");
  const other = named("second");
  const key = [chosen.id, other?.id].join();
  pending.begin(key, say("inside.wait", { network: chosen.title }));
  const image = encodeImage(drawing.image);
  try {
    const structure = await structureOf(chosen);
    const damage = damageOf(structure);
    const ask = (/** @type {string} */ path, /** @type {any} */ more) => context.api.post(path, { image, ...more });
    const own = { network: chosen.id, damage };
    const counted = structure.parts.length ? countAll(chosen, damage, asked) : null;
    const [looked, covered, sound, compared, derived] = await Promise.all([
      ask("/api/activations", own),
      ask("/api/occlusion", { ...own, ...PATCH }),
      isBroken(damage) ? ask("/api/activations", { network: chosen.id }) : null,
      other && ask("/api/activations", { network: other.id }),
      other && structureOf(other),
    ]);
    if (asked !== generation) return;
    pending.end(key);
    const name = className(chosen, looked.answer.digit);
    answer.textContent = name;
    answer.classList.toggle("is-name", Boolean(chosen.class_names));
    answer.setAttribute("aria-label", say("inside.answer", { name }));
    broken.hidden = !isBroken(damage);
    broken.textContent = broken.hidden ? "" : say("break.is_broken", { name: className(chosen, (sound ?? looked).answer.digit) });
    views.classList.toggle("is-double", Boolean(other));
    if (other) views.append(secondView.root);
    else secondView.root.remove();
    const note = isBroken(damage) ? say("break.note") : "";
    pathChapter.querySelector(".legend")?.classList.toggle("is-hidden", isAverage(chosen));
    const drawn = (sound ?? looked).layers.map((/** @type {any} */ layer) => ({ ...layer, values: decodeFloats(layer.values) }));
    breakChapter.hidden = !structure.parts.length;
    breaking.show(damage, structure.parts, Object.fromEntries(drawn.map((/** @type {Activations} */ one) => [one.name, one])), drawing.image);
    occlusion.show(drawing.image, covered, chosen);
    await Promise.all([
      view.show(chosen, looked, structure.derivations, damage, { isAlone: !other, note }),
      other && secondView.show(other, compared, derived?.derivations ?? [], SOUND, { isAlone: false, note: "" }),
      counted,
    ]);
  } catch (error) {
    if (asked === generation) pending.stop();
    if (asked === generation || !(error instanceof ApiError)) throw error;
  }
}

/**
 * How many images of the sample are still right; the answers above do not wait for it.
 *
 * @param {Network} chosen
 * @param {Damage} damage
 * @param {number} asked
 */
async function countAll(chosen, damage, asked) {
  breaking.showAccuracy(null, null);
  const count = (/** @type {Damage} */ harm) => context.api.post("/api/accuracy", { network: chosen.id, damage: harm });
  const [left, whole] = await Promise.all([count(damage), isBroken(damage) ? count(SOUND) : null]);
  if (asked === generation) breaking.showAccuracy(left, whole);
}

/** @type {HTMLElement} */
let breakChapter;

export const tab = {
  id: "inside",

  /**
   * @param {HTMLElement} root
   * @param {Context} given
   */
  async mount(root, given) {
    context = given;
    occlusion = createOcclusion(given.announce);
    breaking = createBreaking(given);
    view = createView({ ...given, keys: { layer: "layer", cell: "cell" }, onPoint: point });
    secondView = createView({ ...given, keys: { layer: "layer2", cell: "cell2" }, onPoint: point });
    views.append(view.root);
    breakChapter = chapter(say("break.title"), say("break.title_lead"), breaking.head, breaking.root);
    breakChapter.hidden = true; // until it is known what can be broken
    const draw = () => context.state.set({ tab: "draw" }, { push: true });
    const toDraw = element("button", { type: "button", class: "plain", onclick: draw }, say("inside.draw"));
    empty.append(element("p", {}, ...sayWith("inside.empty", { draw: toDraw })), createSamples(given));
    live.append(pathChapter, breakChapter, chapter(say("inside.occlusion"), say("inside.occlusion_lead"), occlusion.root));
    const beside = element(
      "aside",
      { class: "beside", "aria-label": say("inside.digit") },
      element(
        "div",
        { class: "network-choice" },
        element("label", { for: "inside-network", text: say("network.one") }),
        chooser,
      ),
      element("div", { class: "beside-digit" }, digit.root, answer, broken),
      pending.root,
      said,
    );
    const chapters = element("div", { class: "chapters" }, empty, live, filtersChapter);
    root.append(missing, nonsense, element("div", { class: "inside" }, beside, chapters));
    const none = { layer: null, cell: null, cut: null, noise: null };
    chooser.addEventListener("change", () => context.state.set({ network: chooser.value, ...none }));
    second.addEventListener("change", () => context.state.set({ second: second.value, layer2: null, cell2: null }));
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
      if (!networks.length) pending.begin("networks", say("inside.wait_networks"));
      networks = await loadNetworks();
      const options = () => networks.map(({ id, title }) => element("option", { value: id, text: title }));
      chooser.replaceChildren(...options());
      second.replaceChildren(element("option", { value: "", text: say("inside.no_second") }), ...options());
    }
    if (isShown) await follow();
  },

  hide() {
    isShown = false;
    generation++;
    if (pending.isOn) followed = ""; // what was asked for comes too late
    clearTimeout(quiet);
  },
};

let followed = ""; // network, drawing and damage that were asked for last

/** Does what the address says. */
async function follow() {
  const chosen = network();
  if (!chosen) return;
  const { network: wanted, second: wantedSecond, cut, noise, cover } = context.state.get();
  const shown = [chosen, named("second") ?? []].flat();
  missing.textContent = missingNetworks([wanted, wantedSecond].filter(Boolean).join(), networks, shown);
  missing.hidden = !missing.textContent;
  const isOther = !followed.startsWith(`${chosen.id} `);
  chooser.value = chosen.id;
  second.value = named("second")?.id ?? "";
  const now = [chosen.id, second.value, cut, noise, cover, encodeImage(drawing.image)].join(" ");
  if (now === followed) {
    if (!drawing.isEmpty) await Promise.all([view.follow(), second.value && secondView.follow()]);
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
