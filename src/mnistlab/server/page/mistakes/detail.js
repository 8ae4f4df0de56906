/** One digit of the test split: what the network saw and says, who doubts its label, what it looks like. */

import { element } from "../app/elements.js";
import { oneOf } from "../app/networks.js";
import { chance, number, say, sayWith } from "../app/words.js";
import { createAnswer } from "../digits/answers.js";
import { decodeImage, drawDigit, onThemeChange } from "../digits/digits.js";

/**
 * @typedef {import("./gallery.js").TestImage} TestImage
 * @typedef {TestImage & {probabilities: number[] | null,
 *   nearest: {index: number, label: number, distance: number, image: string}[]}} Detail
 * @typedef {import("../app/networks.js").Network} Network
 */

const VOTES = { wrong: say("mistakes.votes_wrong"), undecided: say("mistakes.votes_undecided") };

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
      ...sayWith("mistakes.near", {
        thing: element("span", { class: isOther ? "is-other" : "", text: say(`thing.${label}`) }),
        distance: number(distance, 1),
      }),
    );
    return element("li", { title: say("mistakes.training_image", { index }) }, picture(image), words);
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
      const words = say(digit === label && !network.class_names ? "mistakes.agrees" : "mistakes.says", {
        label: { key: `thing.${label}` },
        network: network.title,
        answer: oneOf(network, digit),
        share: chance(confidence),
      });
      const caption = element("figcaption", { class: "small muted", text: say("mistakes.seen") });
      root.replaceChildren(
        element("figure", { class: "detail-picture" }, picture(detail.image), caption),
        element(
          "div",
          { class: "detail-words" },
          element("h2", {
            class: "detail-title",
            id: "detail-title",
            tabindex: -1,
            text: say("mistakes.test_image", { index }),
          }),
          element("p", { text: words }),
          contested &&
            element(
              "p",
              { class: "contested" },
              VOTES[contested],
              " ",
              element("span", { class: "small muted", text: say("mistakes.source") }),
            ),
          answer.root,
        ),
        element(
          "div",
          { class: "detail-near" },
          element("h3", { text: say("mistakes.nearest") }),
          element("p", {
            class: "small muted",
            text: say(nearest.length ? "mistakes.distance" : "site.no_nearest"),
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
