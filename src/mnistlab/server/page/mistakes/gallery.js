/** Many digits: small pictures, each a button, a page at a time. */

import { element } from "../app/elements.js";
import { chance, chanceShort, say } from "../app/words.js";
import { decodeImage, drawDigit, onThemeChange } from "../digits/digits.js";

/**
 * @typedef {{index: number, label: number, image: string, contested: "wrong" | "undecided" | null}} TestImage
 * @typedef {{index: number, prediction: number | null, confidence: number | null}} Place
 */

const PAGE = 48;

/**
 * @param {(indices: number[]) => Promise<TestImage[]>} load
 * @param {(index: number) => void} choose
 */
export function createGallery(load, choose) {
  const list = element("ul", { class: "digits" });
  const more = element("button", { type: "button", class: "plain digits-more", hidden: true, text: say("mistakes.more") });
  const marked = element("p", { class: "small muted", "aria-hidden": "true", hidden: true, text: say("mistakes.question_mark") });
  const below = element("p", { class: "small muted", "aria-hidden": "true", hidden: true, text: say("mistakes.below") });
  const root = element("div", {}, below, marked, list, more);
  /** @type {Place[]} */
  let places = [];
  /** @type {Map<number, {button: HTMLElement, paint: () => void}>} */
  let shown = new Map();
  /** @type {number | null} */
  let chosen = null;
  let turn = 0;
  more.addEventListener("click", () => void add());
  onThemeChange(() => shown.forEach(({ paint }) => paint()));

  async function add() {
    const now = turn;
    const page = places.slice(shown.size, shown.size + PAGE);
    const images = page.length ? await load(page.map((place) => place.index)) : [];
    if (now !== turn) return; // others are wanted by now
    const first = shown.size;
    images.forEach((image, at) => list.append(element("li", {}, item(image, page[at]))));
    more.hidden = shown.size >= places.length;
    if (images.some((image) => image.contested)) marked.hidden = false;
    if (page.some((place) => place.confidence !== null)) below.hidden = false;
    if (first) /** @type {HTMLElement | null} */ (list.children[first]?.querySelector("button"))?.focus();
    mark();
  }

  /**
   * @param {TestImage} image
   * @param {Place} place
   */
  function item(image, { prediction, confidence }) {
    const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
    const paint = () => drawDigit(canvas, decodeImage(image.image));
    paint();
    const isWrong = prediction !== null && prediction !== image.label;
    const says = element("span", {
      class: "digit-says",
      "aria-hidden": "true",
      text: isWrong ? `${image.label} → ${prediction}` : image.label,
    });
    const sure =
      confidence === null
        ? null
        : element("span", {
            class: "digit-sure",
            "aria-hidden": "true",
            text: chanceShort(confidence, 0),
          });
    const what = say(isWrong ? "mistakes.image_wrong" : "mistakes.image_right", {
      index: image.index,
      thing: { key: `thing.${image.label}` },
      prediction: String(prediction),
    });
    const name = [
      what,
      isWrong && confidence !== null ? say("mistakes.image_sure", { share: chance(confidence) }) : "",
      image.contested ? say("mistakes.image_contested") : "",
    ].filter(Boolean);
    const button = element(
      "button",
      {
        type: "button",
        class: image.contested ? "digit is-contested" : "digit",
        "aria-label": name.join(", "),
        "aria-pressed": "false",
        onclick: () => choose(image.index),
      },
      canvas,
      says,
      sure,
    );
    shown.set(image.index, { button, paint });
    return button;
  }

  function mark() {
    shown.forEach(({ button }, index) => button.setAttribute("aria-pressed", String(index === chosen)));
  }

  return {
    root,
    /** @param {Place[]} wanted */
    async show(wanted) {
      turn++;
      places = wanted;
      shown = new Map();
      list.replaceChildren();
      more.hidden = marked.hidden = below.hidden = true;
      await add();
    },
    /** @param {number | null} index */
    mark(index) {
      chosen = index;
      mark();
    },
  };
}
