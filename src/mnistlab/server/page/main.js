/**
 * The shell: tabs, the live region, the code panel. What a tab shows is its own module's.
 *
 * @typedef {import("./app/state.js").State} State
 * @typedef {{
 *   state: typeof import("./app/state.js").state,
 *   api: typeof import("./app/api.js").api,
 *   announce: (text: string) => void,
 *   trouble: (sentence: string, again?: () => unknown) => void,
 *   code: (ask: () => import("./code/code_panel.js").Code | Promise<import("./code/code_panel.js").Code>) => void,
 * }} Context what a tab gets to work with
 * @typedef {{
 *   id: string,
 *   mount: (root: HTMLElement, context: Context) => void | Promise<void>,
 *   show: (state: State) => void | Promise<void>,
 *   hide: () => void,
 * }} Tab mount is called once, before the first show, and again if it failed; show whenever the address changes while
 *   it is on screen
 */

import { ApiError, answerWith, api, takeToken } from "./app/api.js";
import { element } from "./app/elements.js";
import { LANGUAGES, choose, language, say, sayAll } from "./app/words.js";
import { mountCodePanel } from "./code/code_panel.js";
import { foldedQuestionsOf, questionsOf } from "./tools/questions.js";
import { mountShare } from "./tools/share.js";

takeToken();
const site = await (await fetch(new URL("./site.json", import.meta.url))).json();
if (site.answers === "browser") {
  const { answers, prepare } = await import("./browser/answers.js");
  answerWith(answers);
  prepare();
}
// What reads the address comes after the token is out of it.
const { state } = await import("./app/state.js");
const { mountProjector } = await import("./tools/projector.js");

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
let retry = 0; // timer

/** @param {string} text */
function announce(text) {
  const live = /** @type {HTMLElement} */ (document.getElementById("live"));
  live.textContent = "";
  setTimeout(() => (live.textContent = text), ANNOUNCE_MILLISECONDS);
}

/**
 * @param {string} sentence what does not work, or ""
 * @param {() => unknown} [again] tries it again
 */
function showTrouble(sentence, again) {
  const trouble = /** @type {HTMLElement} */ (document.getElementById("trouble"));
  const button = again && element("button", { type: "button", class: "plain", onclick: again }, say("page.try_again"));
  trouble.replaceChildren(sentence, ...(sentence && button ? [button] : []));
  trouble.hidden = !sentence;
}

/**
 * The tab's module.
 *
 * @param {string} id
 * @returns {Promise<Tab | null>}
 */
function load(id) {
  const place = places.get(id);
  if (!place) return Promise.resolve(null);
  place.tab ??= import(`./${id}/${id}.js`).then(
    (module) => module.tab,
    (error) => {
      place.tab = null;
      throw error;
    },
  );
  return place.tab;
}

/**
 * Shows a tab; a failure is said, and the tab is tried again on a click, or when the server asks for it.
 *
 * @param {State} now
 */
async function showTab(now) {
  clearTimeout(retry);
  const again = () => {
    if (document.activeElement?.closest("#trouble")) places.get(shown)?.button.focus(); // its button goes away
    showTrouble("");
    void showTab(state.get());
  };
  try {
    await bringUp(now);
  } catch (error) {
    const id = places.has(now.tab) ? now.tab : FIRST;
    if (id !== shown) return; // another one by now
    if (error instanceof ApiError) {
      showTrouble(error.message, again);
      if (error.retrySeconds) retry = setTimeout(again, 1000 * error.retrySeconds);
    } else if (error instanceof TypeError && !places.get(id)?.tab) {
      // A module that did not arrive is not asked for again, but by a page that begins anew.
      showTrouble(say("page.part_missing"), () => location.reload());
    } else throw error;
  }
}

/** @param {State} now */
async function bringUp(now) {
  const id = places.has(now.tab) ? now.tab : FIRST;
  const place = places.get(id);
  if (!place) return;
  if (shown !== id) {
    const before = places.get(shown);
    const last = shown;
    shown = id;
    if (before?.mounted) void load(last).then((tab) => tab?.hide());
    for (const [other, { button, panel }] of places) {
      const isChosen = other === id;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      panel.hidden = !isChosen;
    }
    document.title = say("page.title", { tab: place.button.textContent ?? "" });
    place.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const tab = await load(id);
  if (!tab) return;
  place.mounted ??= mount(id, tab, place.panel).catch((error) => {
    place.mounted = null; // the next time it may work
    place.panel.replaceChildren();
    throw error;
  });
  await place.mounted;
  if (shown === id) await tab.show(state.get());
}

/**
 * @param {string} id
 * @param {Tab} tab
 * @param {HTMLElement} panel
 */
async function mount(id, tab, panel) {
  const code = (/** @type {() => any} */ ask) => void codes.set(id, ask);
  // A trouble of a tab that is not on screen is of no interest.
  const trouble = (/** @type {string} */ sentence, /** @type {(() => unknown) | undefined} */ again) => {
    if (shown === id) showTrouble(sentence, again);
  };
  await tab.mount(panel, { state, api, announce, trouble, code });
  const row = panel.querySelector(".below"); // of a tab that has little room below
  (row ?? panel).append(row ? foldedQuestionsOf(id) : questionsOf(id));
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

/** The tour is fetched when somebody takes it, so that a first answer needs less. */
function mountTourWhenTaken() {
  const opener = /** @type {HTMLElement} */ (document.getElementById("tour-opener"));
  /** @type {Promise<void> | null} */
  let tour = null;
  const mount = () => (tour ??= import("./tools/tour.js").then(({ mountTour }) => mountTour()));
  opener.addEventListener("click", () => {
    if (!tour) void mount().then(() => opener.click());
  });
  const follow = (/** @type {State} */ now) => now.tour && void mount();
  state.subscribe(follow);
  follow(state.get());
}

/** One button for each other language. What is on screen is in the address, so the page may begin anew. */
function mountLanguages() {
  const others = LANGUAGES.filter((one) => one !== language).map((lang) => {
    const name = new Intl.DisplayNames([lang], { type: "language" }).of(lang);
    const speak = () => {
      state.set({ lang });
      location.reload();
    };
    return element("button", { type: "button", class: "plain tool", lang, onclick: speak }, name);
  });
  document.getElementById("languages")?.append(...others);
}

/** On narrow screens the tools are behind one button. */
function mountMenu() {
  const opener = document.getElementById("menu-opener");
  opener?.addEventListener("click", () => {
    const isOpen = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(isOpen));
  });
}

sayAll(document);
mountLanguages();
mountMenu();
mountTabs();
mountProjector();
mountShare(announce);
mountTourWhenTaken();
mountCodePanel(() => codes.get(shown)?.() ?? null, announce);
state.subscribe((now) => {
  if (now.lang && choose([now.lang]) !== language) return location.reload(); // another address was typed, or the back button
  showTrouble("");
  void showTab(now);
});
await showTab(state.get());
if (api.isServer) for (const id of places.keys()) load(id).catch(() => null); // so that the next tab opens at once
