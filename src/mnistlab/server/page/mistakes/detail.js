/** One digit of the test split: what the network saw and says, who doubts its label, what it looks like. */

import { element, percent } from "../app/elements.js";
import { className } from "../app/networks.js";
import { createAnswer } from "../digits/answers.js";
import { decodeImage, drawDigit, onThemeChange } from "../digits/digits.js";

/**
 * @typedef {import("./gallery.js").TestImage} TestImage
 * @typedef {TestImage & {probabilities: number[] | null,
 *   nearest: {index: number, label: number, distance: number, image: string}[]}} Detail
 * @typedef {import("../app/networks.js").Network} Network
 */

const VOTES = {
  wrong: "Contested: of five people who were asked, at least three saw another digit than the label says.",
  undecided: "Contested: five people were asked, and they did not agree.",
};
const SOURCE = "Northcutt, Athalye and Mueller, “Pervasive Label Errors in Test Sets”, 2021";

export function createDetail() {
  const root = element("section", { class: "detail", "aria-labelledby": "detail-title", hidden: true });
  /** @type {(() => void)[]} */
  let paints = [];
  onThemeChange(() => paints.forEach((paint) => paint()));

  /** @param {string} image base64 */
  function picture(image) {
    const canvas = element("canvas", { class: "pixels", "aria-hidden": "true" });
    const paint = () => drawDigit(canvas, decodeImage(image));
    paint();
    paints.push(paint);
    return canvas;
  }

  /** @param {Detail["nearest"][number] & {isOther: boolean}} near */
  function neighbour({ label, distance, image, index, isOther }) {
    const words = element(
      "p",
      { class: "small" },
      element("span", { class: isOther ? "is-other" : "", text: `a ${label}` }),
      ` at ${distance.toFixed(1)}`,
    );
    return element("li", { title: `Training image ${index}` }, picture(image), words);
  }

  return {
    root,
    hide() {
      root.hidden = true;
    },
    /**
     * @param {Detail} detail
     * @param {Network} network
     */
    show(detail, network) {
      paints = [];
      const { index, label, probabilities, contested, nearest } = detail;
      const answer = createAnswer(network);
      const confidence = probabilities ? Math.max(...probabilities) : 0;
      const digit = probabilities ? probabilities.indexOf(confidence) : label;
      if (probabilities)
        answer.show({ network: network.id, digit, confidence, probabilities, logits: [], temperature: 1 }, label);
      const verb = digit === label ? "too reads" : "reads";
      const words = `The label says ${label}. ${network.title} ${verb} ${className(network, digit)} and is ${percent(confidence)} sure.`;
      const caption = element("figcaption", { class: "small muted", text: "What the network saw: 28 × 28 pixels." });
      root.replaceChildren(
        element("figure", { class: "detail-picture" }, picture(detail.image), caption),
        element(
          "div",
          { class: "detail-words" },
          element("h2", {
            class: "detail-title",
            id: "detail-title",
            tabindex: -1,
            text: `Test image ${index.toLocaleString("en")}`,
          }),
          element("p", { text: words }),
          contested &&
            element(
              "p",
              { class: "contested" },
              VOTES[contested],
              " ",
              element("span", { class: "small muted", text: SOURCE }),
            ),
          answer.root,
        ),
        element(
          "div",
          { class: "detail-near" },
          element("h3", { text: "The training images that look most like it" }),
          element("p", {
            class: "small muted",
            text: "Euclidean distance over the 784 pixels, each from 0 to 1: what comparing pixels alone would say.",
          }),
          element(
            "ol",
            { class: "nearest" },
            ...nearest.map((near) => neighbour({ ...near, isOther: near.label !== label })),
          ),
        ),
      );
      root.hidden = false;
      return `${words}${contested ? ` ${VOTES[contested]}` : ""}`;
    },
  };
}
