/** The guided tour: a card below the page that leads through it step by step. The step is in the address: `tour=3`. */

import { element } from "../app/elements.js";
import { state } from "../app/state.js";
import { say } from "../app/words.js";
import { EXAMPLE, STEPS } from "./steps.js";

const LOOK_MILLISECONDS = 150; // between two looks for what is to be outlined
const MOST_LOOKS = 60;
const LEAST_HEIGHT = 20; // pixels; what is lower has nothing in it yet
const LEAST_SEEN = 60; // pixels above the card, with which there is no need to scroll

export function mountTour() {
  const card = /** @type {HTMLElement} */ (document.getElementById("tour"));
  const opener = /** @type {HTMLElement} */ (document.getElementById("tour-opener"));
  const count = element("p", { class: "small muted" });
  const title = element("h2", { id: "tour-title", tabindex: -1 });
  const caption = element("p", { class: "tour-caption" });
  const task = element("p", { class: "tour-task" });
  const back = element("button", { type: "button", class: "plain", onclick: () => go(shown - 1) }, say("tour.back"));
  const next = element("button", { type: "button", class: "plain primary", onclick: () => go(shown + 1) });
  const end = element("button", { type: "button", class: "plain", onclick: () => go(0) }, say("tour.end"));
  card.setAttribute("aria-labelledby", "tour-title");
  card.append(
    element("div", { class: "tour-words" }, count, title, caption, task),
    element("div", { class: "tour-buttons" }, back, next, end),
  );
  let shown = 0; // from 1; 0 while there is no tour
  let timer = 0;

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
      opener.focus();
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
    card.hidden = !step;
    clearTimeout(timer);
    for (const one of document.querySelectorAll(".is-toured")) one.classList.remove("is-toured");
    if (!step) return;
    const { name, at } = STEPS[step - 1];
    count.textContent = say("tour.count", { step, steps: STEPS.length });
    title.textContent = say(`tour.${name}`);
    caption.textContent = say(`tour.${name}_caption`);
    task.textContent = say(`tour.${name}_task`);
    back.hidden = step === 1;
    next.textContent = step === STEPS.length ? say("tour.finish") : say("tour.next");
    end.hidden = step === STEPS.length;
    outline(at, MOST_LOOKS);
  }

  /**
   * Outlines what a step is about, as soon as it is there.
   *
   * @param {string} selector
   * @param {number} looks that are left
   */
  function outline(selector, looks) {
    const targets = [...document.querySelectorAll(selector)];
    const target = targets.find((one) => one.checkVisibility() && one.getBoundingClientRect().height > LEAST_HEIGHT);
    if (!target) {
      if (looks) timer = setTimeout(() => outline(selector, looks - 1), LOOK_MILLISECONDS);
      return;
    }
    target.classList.add("is-toured");
    const { top, bottom } = target.getBoundingClientRect();
    if (bottom < 0 || top > card.getBoundingClientRect().top - LEAST_SEEN) target.scrollIntoView({ block: "nearest" });
  }

  opener.addEventListener("click", () => go(1));
  card.addEventListener("keydown", (event) => event.key === "Escape" && go(0));
  state.subscribe(follow);
  follow();
}
