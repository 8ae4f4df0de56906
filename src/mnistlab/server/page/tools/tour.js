/** The guided tour: a card below the page that leads through it step by step. The step is in the address: `tour=3`. */

import { api } from "../app/api.js";
import { element } from "../app/elements.js";
import { state } from "../app/state.js";
import { say } from "../app/words.js";
import { LOOPBACK } from "./share.js";
import { EXAMPLE, STEPS } from "./steps.js";

const LOOK_MILLISECONDS = 150; // between two looks for what is to be outlined
const MOST_LOOKS = 60;
const LEAST_HEIGHT = 20; // pixels; what is lower has nothing in it yet
const MARGIN = 12; // pixels that are left free around what is to be seen; its outline is there

export function mountTour() {
  const card = /** @type {HTMLElement} */ (document.getElementById("tour"));
  const opener = /** @type {HTMLElement} */ (document.getElementById("tour-opener"));
  const menu = /** @type {HTMLElement} */ (document.getElementById("menu-opener"));
  const count = element("p", { class: "small muted tour-count" });
  const title = element("h2", { id: "tour-title", tabindex: -1 });
  const caption = element("p", { class: "tour-caption" });
  const task = element("p", { class: "tour-task" });
  const back = element("button", { type: "button", class: "plain", onclick: () => go(shown - 1) }, say("tour.back"));
  const next = element("button", { type: "button", class: "plain primary", onclick: () => go(shown + 1) });
  const fold = element("button", { type: "button", class: "plain tour-fold", onclick: () => setFolded(!isFolded) });
  const end = element("button", { type: "button", class: "plain", onclick: () => go(0) }, say("tour.end"));
  card.setAttribute("aria-labelledby", "tour-title");
  card.append(
    element("div", { class: "tour-words" }, count, title, caption, task),
    element("div", { class: "tour-buttons" }, back, next, end, fold),
  );
  let shown = 0; // from 1; 0 while there is no tour
  let timer = 0;
  let isFolded = false; // to a line, on a phone
  let isMoved = false; // whether somebody has scrolled or used the page since the step began

  /** @param {boolean} wanted */
  function setFolded(wanted) {
    isFolded = wanted;
    card.classList.toggle("is-folded", wanted);
    fold.textContent = say(wanted ? "tour.unfold" : "tour.fold");
    fold.setAttribute("aria-expanded", String(!wanted));
  }

  /** @param {string | undefined} text */
  function stepOf(text) {
    const step = Number(text);
    return Number.isInteger(step) && step >= 1 && step <= STEPS.length ? step : 0;
  }

  /** @param {number} step 0 or one too many ends it */
  function go(step) {
    const wanted = STEPS[step - 1];
    if (!wanted) {
      state.set({ tour: null }, { push: true });
      (opener.checkVisibility() ? opener : menu).focus();
      return;
    }
    const { strokes, digit } = state.get();
    const example = wanted.needsDigit && !strokes && !digit ? EXAMPLE : {};
    state.set({ ...wanted.view, ...example, tour: step }, { push: true });
    title.focus({ preventScroll: true });
  }

  function follow() {
    const step = stepOf(state.get().tour);
    if (step === shown) return;
    shown = step;
    isMoved = false;
    setFolded(false); // the next task is to be seen
    card.hidden = !step;
    clearTimeout(timer);
    for (const one of document.querySelectorAll(".is-toured")) one.classList.remove("is-toured");
    if (!step) {
      delete document.documentElement.dataset.tour;
      document.documentElement.style.scrollPaddingBottom = "";
      menu.setAttribute("aria-expanded", "false");
      sizes.disconnect();
      return;
    }
    const { name, needsMenu } = STEPS[step - 1];
    document.documentElement.dataset.tour = name;
    menu.setAttribute("aria-expanded", String(Boolean(needsMenu)));
    count.textContent = say("tour.count", { step, steps: STEPS.length });
    title.textContent = say(`tour.${name}`);
    caption.textContent = say(`tour.${name}_caption`);
    task.textContent = taskOf(name);
    back.hidden = step === 1;
    next.textContent = step === STEPS.length ? say("tour.finish") : say("tour.next");
    end.hidden = step === STEPS.length;
    sizes.observe(card);
    sizes.observe(/** @type {HTMLElement} */ (document.querySelector("main")));
    outline(MOST_LOOKS);
  }

  /**
   * Outlines what a step is about and brings it into sight, as soon as it is there.
   *
   * @param {number} looks that are left
   */
  function outline(looks) {
    const { at, see = [at] } = STEPS[shown - 1];
    const target = present(at)[0];
    if (target && !target.classList.contains("is-toured")) {
      for (const one of document.querySelectorAll(".is-toured")) one.classList.remove("is-toured");
      target.classList.add("is-toured");
    }
    if (target) bring(see);
    const isWhole = target && see.at(-1)?.split(", ").every((one) => present(one).length);
    if (!isWhole && looks) timer = setTimeout(() => outline(looks - 1), LOOK_MILLISECONDS);
  }

  /**
   * Scrolls what is to be seen into the space above the card; where that is too little for all of it, the first part
   * that fits, with as much as possible of what lies above it.
   *
   * @param {readonly string[]} choices
   */
  function bring(choices) {
    const spans = choices.map(spanOf).filter((span) => span !== null);
    if (isMoved || !spans.length) return;
    const free = card.getBoundingClientRect().top - 2 * MARGIN;
    const [all] = spans;
    const part = spans.find(({ top, bottom }) => bottom - top <= free);
    const isInSight = part === all && all.top >= 0 && all.bottom <= free + MARGIN;
    if (isInSight) return;
    const down = Math.max(all.top - MARGIN, part ? part.bottom - free - MARGIN : -Infinity);
    window.scrollBy({ top: down, behavior: "instant" });
  }

  // What is still being computed, or drawn anew, moves the rest.
  const sizes = new ResizeObserver(() => {
    if (!shown) return;
    document.documentElement.style.scrollPaddingBottom = `${card.offsetHeight + MARGIN}px`; // what lies behind it is not seen
    bring(STEPS[shown - 1].see ?? [STEPS[shown - 1].at]);
  });
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    const used = (/** @type {Event} */ event) => {
      if (!card.contains(/** @type {Node} */ (event.target))) isMoved = true;
    };
    addEventListener(kind, used, { capture: true, passive: true });
  }

  opener.addEventListener("click", () => go(1));
  card.addEventListener("keydown", (event) => event.key === "Escape" && go(0));
  setFolded(false);
  state.subscribe(follow);
  follow();
}

/** @param {string} selector @returns {Element[]} what it finds that is on the page and has something in it */
function present(selector) {
  const found = [...document.querySelectorAll(selector)];
  return found.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height >= LEAST_HEIGHT);
}

/** @param {string} selector @returns {{top: number, bottom: number} | null} from the first to the last of it */
function spanOf(selector) {
  const boxes = selector.split(", ").flatMap((one) => present(one).slice(0, 1).map((found) => found.getBoundingClientRect()));
  if (!boxes.length) return null;
  return { top: Math.min(...boxes.map(({ top }) => top)), bottom: Math.max(...boxes.map(({ bottom }) => bottom)) };
}

/** @param {string} name of a step @returns {string} what to do there */
function taskOf(name) {
  if (name === "train") return say("tour.train_task", { button: say(api.isServer ? "train.start" : "learning.start") });
  if (name === "ask") return say("tour.ask_task", { title: say("found.title_augmentation") });
  if (name === "share" && LOOPBACK.test(location.host)) return say("tour.share_task_here");
  return say(`tour.${name}_task`);
}
