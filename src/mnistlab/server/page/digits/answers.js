/** The answer in large, and what each network makes of it: ten bars. */

import { element } from "../app/elements.js";
import { className } from "../app/networks.js";
import { chanceShort, percent, say } from "../app/words.js";

/**
 * @typedef {import("../app/networks.js").Network} Network
 * @typedef {{digit: number, probability: number}} Alternative
 * @typedef {{kind: "digit" | "unsure" | "no digit", digit: number | null, confidence: number, likeness: number | null,
 *   alternatives: Alternative[], reason: string, said?: import("../app/words.js").Said | null}} Verdict
 *   said: the reason as a sentence of the catalogue; the reason itself is English
 * @typedef {{network: string, digit: number, confidence: number, probabilities: number[], logits: number[],
 *   temperature: number}} Answer
 */

/**
 * Why, in the language of the page.
 *
 * @param {{reason: string, said?: import("../app/words.js").Said | null}} verdict
 */
export const reasonOf = ({ reason, said }) =>
  said ? say(said.key, said.values) : reason.replaceAll(" %", "\u00a0%");

const startTour = () => document.getElementById("tour-opener")?.click();

/** The answer, as large as it can be. */
export function createVerdict() {
  const numeral = element("p", { class: "numeral", "aria-hidden": "true" });
  const reason = element("p", { class: "reason" });
  const tour = element("button", { type: "button", class: "plain", onclick: startTour }, say("answer.tour"));
  const invitation = [
    element("span", { class: "invitation", text: say("answer.invitation") }),
    element("span", { class: "invitation-more", text: say("answer.invitation_more") }),
    tour,
  ];
  const root = element("section", { class: "verdict", "aria-label": say("answer.title") }, numeral, reason);

  return {
    root,
    /** @param {Verdict | null} verdict null before anything is drawn */
    show(verdict) {
      root.dataset.kind = verdict?.kind ?? "none";
      const digit = verdict?.digit ?? "";
      numeral.replaceChildren(verdict?.kind === "no digit" ? say("answer.no_digit") : String(digit));
      if (verdict?.kind === "unsure") numeral.append(element("span", { class: "doubt", text: "?" }));
      if (verdict) reason.textContent = reasonOf(verdict);
      else reason.replaceChildren(...invitation);
      if (verdict?.kind === "no digit") reason.append(element("span", { class: "small muted", text: say("answer.all_the_same") }));
    },
  };
}

/**
 * A probability above its bar, in per cent; what is less than certain is not 100.
 *
 * @param {number} probability
 */
const shareOf = (probability) =>
  probability >= 0.995 ? "> 99" : String(Math.round(100 * probability));

/**
 * One network's answer: its title, the digit and ten bars.
 *
 * @param {Network} network
 */
export function createAnswer(network) {
  const digit = element("p", { class: "answer-digit" });
  const bars = Array.from({ length: 10 }, (_, at) => {
    const share = element("span", { class: "bar-share", "aria-hidden": "true" });
    const bar = element("span", { class: "bar", "aria-hidden": "true" });
    const said = element("span", { class: "visually-hidden" });
    const title = network.class_names ? className(network, at) : null;
    const name = element("span", { class: "bar-digit", "aria-hidden": "true", text: at });
    return { share, bar, said, root: element("li", { title }, share, bar, name, said) };
  });
  const facts = [
    network.num_parameters && say("network.parameters", { count: network.num_parameters }),
    network.test_accuracy && say("network.accuracy", { share: percent(network.test_accuracy, 2) }),
  ].filter(Boolean);
  const list = element("ol", { class: "bars", "aria-label": say("answer.probabilities", { network: network.title }) });
  list.append(...bars.map((bar) => bar.root));
  const root = element(
    "article",
    { class: "network" },
    element(
      "div",
      { class: "network-head" },
      element("h3", { text: network.title }),
      digit,
      element("p", { class: "small muted network-facts", text: facts.join(" · ") }),
    ),
    list,
  );

  return {
    id: network.id,
    root,
    /**
     * @param {Answer | null} answer null before anything is drawn
     * @param {number | null} other what the main network names
     */
    show(answer, other) {
      root.classList.toggle("is-other", answer !== null && other !== null && answer.digit !== other);
      digit.textContent = answer ? className(network, answer.digit) : "";
      bars.forEach(({ share, bar, said, root: item }, at) => {
        const probability = answer?.probabilities[at] ?? 0;
        bar.style.setProperty("--share", probability.toFixed(4));
        item.classList.toggle("is-first", answer?.digit === at);
        share.textContent = probability >= 0.01 ? shareOf(probability) : "";
        said.textContent = answer
          ? `${className(network, at)}: ${chanceShort(probability)}`
          : say("answer.nothing_yet", { name: className(network, at) });
      });
    },
  };
}
