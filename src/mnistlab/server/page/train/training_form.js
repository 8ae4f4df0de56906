/**
 * What to train: a recipe and its settings, as the address has them. What is left at the recipe's own is left out of it.
 *
 * @typedef {{id: string, title: string, model: string, epochs: number, batch_size: number, learning_rate: number,
 *   augmentation: boolean, seed: number, members: number}} Recipe
 * @typedef {{recipe: string, epochs: number, batch_size: number, learning_rate: number, augmentation: boolean, seed: number}}
 *   Settings
 * @typedef {import("../app/state.js").State} State
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";

const NUMBERS = /** @type {const} */ ([
  { key: "epochs", setting: "epochs", title: "train.epochs", hint: "train.epochs_hint", step: "1" },
  { key: "batch", setting: "batch_size", title: "train.batch", hint: "train.batch_hint", step: "1" },
  { key: "rate", setting: "learning_rate", title: "train.rate", hint: "train.rate_hint", step: "any" },
  { key: "seed", setting: "seed", title: "train.seed", hint: "train.seed_hint", step: "1" },
]);

/**
 * The settings that an address asks for; what is out of bounds or no number is the recipe's own.
 *
 * @param {State} state
 * @param {Recipe[]} recipes
 * @param {Record<string, [number, number]>} limits
 * @returns {Settings}
 */
export function settingsOf(state, recipes, limits) {
  const recipe = recipes.find((one) => one.id === state.recipe) ?? recipes[0];
  const settings = /** @type {any} */ ({ recipe: recipe.id, augmentation: recipe.augmentation });
  if (state.augment === "yes" || state.augment === "no") settings.augmentation = state.augment === "yes";
  for (const { key, setting, step } of NUMBERS) {
    const [low, high] = limits[setting];
    const wanted = Number(state[key]);
    const isGood = state[key] && wanted >= low && wanted <= high && (step === "any" || Number.isInteger(wanted));
    settings[setting] = isGood ? wanted : recipe[setting];
  }
  return settings;
}

/**
 * Only what differs from the recipe.
 *
 * @param {Settings} settings
 * @param {Recipe[]} recipes
 * @returns {Partial<Settings>}
 */
export function changesOf(settings, recipes) {
  const recipe = /** @type {any} */ (recipes.find((one) => one.id === settings.recipe));
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => name !== "recipe" && recipe[name] !== value),
  );
}

/**
 * Settings as an address has them; null for what is the recipe's own.
 *
 * @param {Settings} settings
 * @param {Recipe[]} recipes
 * @returns {Record<string, string | number | null>}
 */
export function addressOf(settings, recipes) {
  const differing = /** @type {Record<string, any>} */ (changesOf(settings, recipes));
  const numbers = Object.fromEntries(NUMBERS.map(({ key, setting }) => [key, differing[setting] ?? null]));
  return { ...numbers, augment: "augmentation" in differing ? (settings.augmentation ? "yes" : "no") : null };
}

/**
 * @param {Recipe[]} recipes
 * @param {Record<string, [number, number]>} limits
 * @param {{change: (changes: Record<string, string | number | null>) => void, start: () => void}} handlers
 */
export function createForm(recipes, limits, { change, start }) {
  const select = element(
    "select",
    { id: "train-recipe" },
    ...recipes.map((one) => element("option", { value: one.id, text: one.id })),
  );
  const about = element("span", { class: "small muted", id: "train-recipe-hint" });
  select.setAttribute("aria-describedby", "train-recipe-hint");
  const fields = NUMBERS.map(({ key, setting, title, hint, step }) => {
    const [min, max] = limits[setting];
    const attributes = {
      type: "number",
      id: `train-${key}`,
      min,
      max,
      step,
      required: true,
      inputmode: step === "any" ? "decimal" : "numeric",
      "aria-describedby": `train-${key}-hint`,
    };
    const input = element("input", attributes);
    input.addEventListener("change", () => input.reportValidity() && change({ [key]: input.value }));
    const note = element("span", { class: "small muted", id: `train-${key}-hint`, text: say(hint) });
    const root = element(
      "div",
      { class: "field" },
      element("label", { for: `train-${key}`, text: say(title) }),
      input,
      note,
    );
    return { key, setting, input, root };
  });
  const augment = element("input", { type: "checkbox", id: "train-augment" });
  const note = element("span", {
    class: "small muted",
    id: "train-augment-hint",
    text: say("train.augment_hint"),
  });
  augment.setAttribute("aria-describedby", "train-augment-hint");
  const button = element("button", { type: "submit", class: "plain primary", text: say("train.start") });
  const why = element("p", { class: "small muted", id: "train-why" });
  const root = element(
    "form",
    { class: "training-form", "aria-labelledby": "train-form-title" },
    element("h2", { id: "train-form-title", text: say("train.title") }),
    element("p", { class: "small muted field-wide", text: say("train.kept") }),
    element(
      "div",
      { class: "field field-wide" },
      element("label", { for: "train-recipe", text: say("train.recipe") }),
      select,
      about,
    ),
    ...fields.map((field) => field.root),
    element(
      "div",
      { class: "field field-check" },
      augment,
      element("label", { for: "train-augment", text: say("train.augment") }),
      note,
    ),
    element("div", { class: "field field-start" }, button, why),
  );
  select.addEventListener("change", () =>
    change({ recipe: select.value, epochs: null, batch: null, rate: null, seed: null, augment: null }),
  );
  augment.addEventListener("change", () => change({ augment: augment.checked ? "yes" : "no" }));
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });

  return {
    root,
    button,
    /**
     * @param {Settings} settings
     * @param {string | null} running the run that is under way
     */
    show(settings, running) {
      select.value = settings.recipe;
      about.textContent = recipes.find((one) => one.id === settings.recipe)?.title ?? "";
      for (const { setting, input } of fields) {
        if (document.activeElement !== input) input.value = String(settings[setting]); // somebody may be typing there
      }
      augment.checked = settings.augmentation;
      button.disabled = running !== null;
      why.textContent = running === null ? "" : say("train.one_at_a_time", { run: running });
    },
  };
}
