/** A network while it learns: its first weights as pictures, digits with those still misread, and a slider through time. */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { createAnswer } from "../digits/answers.js";
import { PIXELS, SIDE, color, drawDigit, onThemeChange, paintValues } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { largestOf } from "./network.js";

/** @typedef {import("./learner.js").Snapshot} Snapshot */

const PLAY_MILLISECONDS = 200;

/** @param {(image: Uint8Array, at: number) => void} onLook what did the network at a snapshot say of the drawing? */
export function createView(onLook) {
  const slider = element("input", { type: "range", id: "learning-moment", min: 0, max: 0, value: 0 });
  const moment = element("output", { class: "small", for: "learning-moment" });
  const play = element("button", { type: "button", class: "plain", text: say("learning.play"), onclick: () => setPlaying(!timer) });
  const filters = element("div", { class: "learning-filters", role: "img" });
  const sum = element("p");
  const digits = element("ul", { class: "learning-digits", "aria-label": say("learning.digits") });
  const answer = createAnswer({ id: "here", title: say("learning.drawing") });
  const invitation = element("p", { class: "small muted", text: say("learning.draw_first") });
  const picture = element("canvas", { class: "pixels", "aria-hidden": "true" });
  const root = element(
    "section",
    { class: "learning", "aria-label": say("learning.view"), hidden: true },
    element("div", { class: "learning-time" }, play, element("label", { for: "learning-moment", text: say("learning.moment") }), slider, moment),
    element("div", {}, element("h3", { text: say("learning.filters") }), element("p", { class: "small muted", text: say("learning.filters_hint") }), filters),
    element("div", {}, element("h3", { text: say("learning.digits") }), sum, digits),
    element("div", { class: "learning-drawing" }, picture, answer.root, invitation),
  );
  /** @type {Snapshot[]} */
  let snapshots = [];
  /** @type {Uint8Array} */
  let images = new Uint8Array();
  /** @type {number[]} */
  let labels = [];
  let isNewest = true; // whether the slider follows the training
  /** @type {number} */
  let timer = 0;
  /** @type {{root: HTMLElement, canvas: HTMLCanvasElement, text: HTMLElement}[]} */
  let items = [];

  const at = () => Number(slider.value);

  function render() {
    const snapshot = snapshots[at()];
    if (!snapshot) return;
    moment.textContent = say("learning.step", { step: snapshot.step });
    slider.setAttribute("aria-valuetext", moment.textContent);
    showFilters(snapshot.filters);
    const wrong = snapshot.predictions.filter((digit, index) => digit !== labels[index]).length;
    sum.textContent = say("learning.sum", { right: labels.length - wrong, count: labels.length });
    items.forEach(({ root: item, text }, index) => {
      const digit = snapshot.predictions[index];
      const isWrong = digit !== labels[index];
      item.classList.toggle("is-wrong", isWrong);
      text.textContent = isWrong
        ? say("learning.misread", { digit: String(digit), label: String(labels[index]) })
        : String(digit);
    });
    look();
  }

  /** @param {Uint8Array} values */
  function showFilters(values) {
    const count = values.length / PIXELS;
    filters.setAttribute("aria-label", say("learning.filters_label", { count }));
    while (filters.childElementCount > count) filters.lastElementChild?.remove();
    while (filters.childElementCount < count) filters.append(element("canvas", { class: "pixels" }));
    const [low, high] = [color("paper"), color("ink")];
    [...filters.children].forEach((canvas, unit) => {
      const pixels = Array.from(values.subarray(unit * PIXELS, (unit + 1) * PIXELS), (value) => value / 255);
      paintValues(/** @type {HTMLCanvasElement} */ (canvas), pixels, SIDE, low, high);
    });
  }

  function look() {
    picture.hidden = answer.root.hidden = drawing.isEmpty;
    invitation.hidden = !drawing.isEmpty;
    if (drawing.isEmpty || root.hidden) return;
    drawDigit(picture, drawing.image);
    onLook(drawing.image, isNewest ? -1 : at());
  }

  /** @param {boolean} wanted */
  function setPlaying(wanted) {
    clearInterval(timer);
    timer = 0;
    play.textContent = say(wanted ? "learning.halt" : "learning.play");
    if (!wanted) return;
    if (at() >= snapshots.length - 1) slider.value = "0";
    isNewest = false;
    timer = window.setInterval(() => {
      slider.value = String(at() + 1);
      if (at() >= snapshots.length - 1) setPlaying(false);
      isNewest = at() >= snapshots.length - 1;
      render();
    }, PLAY_MILLISECONDS);
    render();
  }

  slider.addEventListener("input", () => {
    if (timer) setPlaying(false);
    isNewest = at() >= snapshots.length - 1;
    render();
  });
  drawing.subscribe(look);
  onThemeChange(() => {
    items.forEach(({ canvas }, index) => drawDigit(canvas, images.subarray(index * PIXELS, (index + 1) * PIXELS)));
    render();
  });

  return {
    root,
    /**
     * A training run begins.
     *
     * @param {Uint8Array} pixels of the watched digits, `(count, 784)`
     * @param {number[]} truth their labels
     */
    begin(pixels, truth) {
      [images, labels, snapshots, isNewest] = [pixels, truth, [], true];
      setPlaying(false);
      items = labels.map((_, index) => {
        const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
        drawDigit(canvas, images.subarray(index * PIXELS, (index + 1) * PIXELS));
        const text = element("span");
        return { canvas, text, root: element("li", {}, canvas, text) };
      });
      digits.replaceChildren(...items.map((item) => item.root));
      root.hidden = false;
    },
    /** @param {Snapshot[]} made all there are, oldest first */
    show(made) {
      const step = snapshots[at()]?.step ?? 0;
      snapshots = made;
      slider.max = String(made.length - 1);
      const same = made.findIndex((one) => one.step >= step);
      slider.value = String(isNewest || same < 0 ? made.length - 1 : same);
      render();
    },
    /** @param {number[]} probabilities of the drawing */
    answer(probabilities) {
      const digit = largestOf(probabilities);
      const logits = probabilities.map((share) => Math.log(Math.max(share, 1e-30)));
      answer.show({ network: "here", digit, confidence: probabilities[digit], probabilities, logits, temperature: 1 }, null);
    },
  };
}
