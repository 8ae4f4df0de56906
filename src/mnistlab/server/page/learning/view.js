/**
 * A network while it learns: its first weights as pictures, digits with those still misread, and a slider through time.
 *
 * @typedef {{step: number, filters: Uint8Array, predictions: number[], shares: number[], member?: number,
 *   drawing?: Uint8Array | null, answer?: number[] | null}} Moment
 *   filters: one picture after the other, 0 for the lowest weight over 128 for none to 255; predictions: of the watched
 *   digits; shares: how probable each true digit is to the network; drawing and answer: one that was kept with it
 * @typedef {{images: Uint8Array, labels: number[], kind: "weights" | "filters", rows: number, columns: number,
 *   count: number}} Watched
 *   images: of the watched digits, `(digits, 784)`; count: units or filters of the layer, of which some are shown
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { createAnswer } from "../digits/answers.js";
import { PIXELS, color, drawDigit, onThemeChange, paintValues } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { largestOf } from "./network.js";

const PLAY_MILLISECONDS = 200;
const MOST_SMALL = 6; // pixels of a side; the filters of a convolution

/**
 * @param {{id: string, title: string, about: string, heading?: string, look?: (image: Uint8Array, at: number) => void}} options
 *   title: of the answer to the drawing; about: what the view shows; heading: the same where nothing else says it; look: asks what the network at a moment says of the
 *   drawing of now, -1 for the network as it is; without it the answers are those that were kept
 */
export function createView({ id, title, about, heading, look: onLook }) {
  const slider = element("input", { type: "range", id: `${id}-moment`, min: 0, max: 0, value: 0 });
  const moment = element("output", { class: "small", for: `${id}-moment` });
  const play = element("button", { type: "button", class: "plain", text: say("learning.play"), onclick: () => setPlaying(!timer) });
  const pictures = element("div", { class: "learning-filters", role: "img" });
  const picturesTitle = element("h3");
  const picturesHint = element("p", { class: "small muted" });
  const sum = element("p");
  const digits = element("ul", { class: "learning-digits", "aria-label": say("learning.digits") });
  const answer = createAnswer({ id, title });
  const invitation = element("p", { class: "small muted" });
  const picture = element("canvas", { class: "pixels", "aria-hidden": "true" });
  const root = element(
    "section",
    { class: "learning", id: `${id}-view`, "aria-label": about, hidden: true },
    heading ? element("h2", { text: heading }) : null,
    element("div", { class: "learning-time" }, play, element("label", { for: `${id}-moment`, text: say("learning.moment") }), slider, moment),
    element("div", {}, picturesTitle, picturesHint, pictures),
    element(
      "div",
      {},
      element("h3", { text: say("learning.digits") }),
      sum,
      element("p", { class: "small muted", text: say("learning.shares_hint") }),
      digits,
    ),
    element("div", { class: "learning-drawing" }, picture, answer.root, invitation),
  );
  /** @type {Moment[]} */
  let moments = [];
  /** @type {Watched} */
  let watched = { images: new Uint8Array(), labels: [], kind: "weights", rows: 1, columns: 1, count: 0 };
  let isNewest = true; // whether the slider follows the training
  let isOver = false; // whether no more moments come
  /** @type {number} */
  let timer = 0;
  /** @type {{root: HTMLElement, canvas: HTMLCanvasElement, text: HTMLElement}[]} */
  let items = [];

  const at = () => Number(slider.value);

  function render() {
    const shown = moments[at()];
    if (!shown) return;
    const { step, member = 1 } = shown;
    const several = moments.some((one) => (one.member ?? 1) > 1);
    moment.textContent = several ? say("learning.step_of", { step, member }) : say("learning.step", { step });
    slider.setAttribute("aria-valuetext", moment.textContent);
    showPictures(shown.filters);
    const { labels } = watched;
    const wrong = shown.predictions.filter((digit, index) => digit !== labels[index]).length;
    sum.textContent = say("learning.sum", { right: labels.length - wrong, count: labels.length });
    items.forEach(({ root: item, text }, index) => {
      const digit = shown.predictions[index];
      const isWrong = digit !== labels[index];
      item.classList.toggle("is-wrong", isWrong);
      item.style.setProperty("--share", shown.shares[index].toFixed(3));
      text.textContent = isWrong
        ? say("learning.misread", { digit: String(digit), label: String(labels[index]) })
        : String(digit);
    });
    look();
  }

  /** @param {Uint8Array} values */
  function showPictures(values) {
    const { kind, rows, columns, count } = watched;
    const size = rows * columns;
    const shown = values.length / size;
    pictures.setAttribute("aria-label", say(`learning.${kind}_label`, { count: shown, rows, columns }));
    picturesHint.textContent = [
      say(`learning.${kind}_hint`, { rows, columns }),
      shown < count ? say("learning.first_units", { shown, count }) : "",
    ].join(" ");
    while (pictures.childElementCount > shown) pictures.lastElementChild?.remove();
    while (pictures.childElementCount < shown) pictures.append(element("canvas", { class: "pixels" }));
    const [low, high] = [color("paper"), color("ink")];
    [...pictures.children].forEach((canvas, unit) => {
      const pixels = Array.from(values.subarray(unit * size, (unit + 1) * size), (value) => value / 255);
      paintValues(/** @type {HTMLCanvasElement} */ (canvas), pixels, columns, low, high);
    });
  }

  /** @param {Uint8Array | null} image @param {string} sentence where there is no image */
  function showDrawing(image, sentence) {
    picture.hidden = answer.root.hidden = image === null;
    invitation.hidden = image !== null;
    invitation.textContent = sentence;
    if (image) drawDigit(picture, image);
  }

  function look() {
    const now = drawing.isEmpty ? null : drawing.image;
    if (onLook) {
      showDrawing(now, say("learning.draw_first"));
      if (now && !root.hidden) onLook(now, isNewest ? -1 : at());
      return;
    }
    const { drawing: then, answer: said } = moments[at()] ?? {};
    const isAnswered = then !== undefined && then !== null;
    showDrawing(isAnswered ? then : null, say(isOver ? "learning.no_answer" : now ? "learning.soon" : "learning.draw_first"));
    if (isAnswered && said) tell(said);
  }

  /** @param {number[]} probabilities */
  function tell(probabilities) {
    const digit = largestOf(probabilities);
    const logits = probabilities.map((share) => Math.log(Math.max(share, 1e-30)));
    answer.show({ network: id, digit, confidence: probabilities[digit], probabilities, logits, temperature: 1 }, null);
  }

  /** @param {boolean} wanted */
  function setPlaying(wanted) {
    clearInterval(timer);
    timer = 0;
    play.textContent = say(wanted ? "learning.pause" : "learning.play");
    if (!wanted) return;
    if (at() >= moments.length - 1) slider.value = "0";
    isNewest = false;
    timer = window.setInterval(() => {
      slider.value = String(at() + 1);
      if (at() >= moments.length - 1) setPlaying(false);
      isNewest = at() >= moments.length - 1;
      render();
    }, PLAY_MILLISECONDS);
    render();
  }

  slider.addEventListener("input", () => {
    if (timer) setPlaying(false);
    isNewest = at() >= moments.length - 1;
    render();
  });
  drawing.subscribe(look);
  onThemeChange(() => {
    items.forEach(({ canvas }, index) => drawDigit(canvas, watched.images.subarray(index * PIXELS, (index + 1) * PIXELS)));
    render();
  });

  return {
    root,
    /** @param {Watched} given what is watched of a training run that begins, or was recorded */
    begin(given) {
      [watched, moments, isNewest, isOver] = [given, [], true, false];
      setPlaying(false);
      picturesTitle.textContent = say(`learning.${given.kind}`);
      pictures.classList.toggle("is-small", given.rows <= MOST_SMALL);
      items = given.labels.map((_, index) => {
        const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
        drawDigit(canvas, given.images.subarray(index * PIXELS, (index + 1) * PIXELS));
        const text = element("span", { class: "learning-said" });
        return { canvas, text, root: element("li", {}, canvas, element("span", { class: "learning-share" }), text) };
      });
      digits.replaceChildren(...items.map((item) => item.root));
      root.hidden = false;
    },
    /**
     * @param {Moment[]} made all there are, oldest first
     * @param {boolean} [over] whether no more come
     */
    show(made, over = false) {
      const step = moments[at()]?.step ?? 0;
      [moments, isOver] = [made, over];
      slider.max = String(made.length - 1);
      const same = made.findIndex((one) => one.step >= step);
      slider.value = String(isNewest || same < 0 ? made.length - 1 : same);
      render();
    },
    hide() {
      if (timer) setPlaying(false);
      root.hidden = true;
    },
    /** Says what the network said of the drawing. */
    answer: tell,
  };
}
