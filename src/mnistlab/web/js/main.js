/**
 * The shell: tabs, the live region, the code panel. What a tab shows is its own module's.
 *
 * @typedef {import("./state.js").State} State
 * @typedef {{
 *   state: typeof import("./state.js").state,
 *   api: typeof import("./api.js").api,
 *   announce: (text: string) => void,
 *   code: (ask: () => import("./code_panel.js").Code | Promise<import("./code_panel.js").Code>) => void,
 * }} Context what a tab gets to work with
 * @typedef {{
 *   id: string,
 *   title: string,
 *   mount: (root: HTMLElement, context: Context) => void | Promise<void>,
 *   show: (state: State) => void,
 *   hide: () => void,
 * }} Tab mount is called once, before the first show; show again whenever the address changes while it is on screen
 */

import { api, takeToken } from "./api.js";
import { mountCodePanel } from "./code_panel.js";

takeToken();
const { state } = await import("./state.js"); // reads the address

const FIRST = "draw";
const ANNOUNCE_MILLISECONDS = 100; // a live region that is emptied and filled at once is not read

/**
 * @type {Map<string, {
 *   button: HTMLElement,
 *   panel: HTMLElement,
 *   tab: Promise<Tab | null> | null,
 *   mounted: Promise<void> | null,
 * }>}
 */
const places = new Map();
/** @type {Map<string, () => any>} */
const codes = new Map();
let shown = "";

/** @param {string} text */
function announce(text) {
  const live = /** @type {HTMLElement} */ (document.getElementById("live"));
  live.textContent = "";
  setTimeout(() => (live.textContent = text), ANNOUNCE_MILLISECONDS);
}

/** @param {string} sentence what does not work, or "" */
function showTrouble(sentence) {
  const trouble = /** @type {HTMLElement} */ (document.getElementById("trouble"));
  trouble.textContent = sentence;
  trouble.hidden = !sentence;
}

/**
 * The tab's module; a tab without one is taken away.
 *
 * @param {string} id
 * @returns {Promise<Tab | null>}
 */
function load(id) {
  const place = places.get(id);
  if (!place) return Promise.resolve(null);
  place.tab ??= import(`./${id}.js`).then(
    (module) => module.tab,
    (error) => {
      console.error(error);
      place.button.hidden = true;
      return null;
    },
  );
  return place.tab;
}

/** @param {State} now */
async function showTab(now) {
  const id = places.has(now.tab) ? now.tab : FIRST;
  const place = places.get(id);
  if (!place) return;
  if (shown !== id) {
    const before = places.get(shown);
    if (before?.mounted) (await load(shown))?.hide();
    shown = id;
    for (const [other, { button, panel }] of places) {
      const isChosen = other === id;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      panel.hidden = !isChosen;
    }
    document.title = `${place.button.textContent} · mnistlab`;
    place.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const tab = await load(id);
  if (!tab) {
    if (id !== FIRST) state.set({ tab: FIRST });
    return;
  }
  const context = { state, api, announce, code: (/** @type {() => any} */ ask) => void codes.set(id, ask) };
  place.mounted ??= Promise.resolve(tab.mount(place.panel, context));
  await place.mounted;
  if (shown === id) tab.show(state.get());
}

function mountTabs() {
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
  for (const button of buttons) {
    const id = button.dataset.tab ?? "";
    const panel = /** @type {HTMLElement} */ (document.getElementById(`panel-${id}`));
    places.set(id, { button, panel, tab: null, mounted: null });
    button.addEventListener("click", () => state.set({ tab: id }, { push: true }));
  }
  document.querySelector("[role=tablist]")?.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const usable = buttons.filter((button) => !button.hidden);
    const at = usable.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = usable[(to + usable.length) % usable.length];
    next.focus();
    next.click();
  });
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name !== "ApiError") return;
  event.preventDefault();
  showTrouble(event.reason.message);
});

mountTabs();
mountCodePanel(() => codes.get(shown)?.() ?? null, announce);
state.subscribe((now) => {
  showTrouble("");
  void showTab(now);
});
await showTab(state.get());
for (const id of places.keys()) void load(id); // so that the next tab opens at once
