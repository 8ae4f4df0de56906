/** The runs: which are on the charts, how they ended, and what can be done with each. */

import { api } from "../app/api.js";
import { element } from "../app/elements.js";
import { percent, say, sayWith } from "../app/words.js";
import { duration } from "./curves.js";

/** @typedef {import("./curves.js").Report} Report */

/**
 * @param {{toggle: (run: string, isShown: boolean) => void, resume: (run: string) => void, draw: (network: string) => void,
 *   look: (network: string) => void}} handlers
 */
export function createRunList({ toggle, resume, draw, look }) {
  const list = element("ul", { class: "runs" });
  const empty = element("p", {
    class: "muted",
    text: say("train.no_run"),
  });
  const missing = element("p", {
    class: "trouble missing",
    role: "status",
    hidden: true,
    text: say("train.missing"),
  });
  const root = element(
    "section",
    { "aria-labelledby": "runs-title" },
    element("h2", { id: "runs-title", text: say("train.runs") }),
    missing,
    empty,
    list,
  );
  let before = "";

  return {
    root,
    /**
     * @param {Report[]} reports
     * @param {Map<string, number>} styles of those on the charts, by their ids
     * @param {boolean} isMissing whether the address names a run that is not there
     */
    show(reports, styles, isMissing) {
      missing.hidden = !isMissing;
      const now = JSON.stringify([reports.map((report) => ({ ...report, seconds: 0, left_seconds: 0 })), [...styles]]);
      if (now === before) return; // what has the focus keeps it
      before = now;
      const focused = document.activeElement?.id;
      empty.hidden = !api.isServer || reports.some((report) => !isRecording(report));
      list.replaceChildren(...reports.map((report) => row(report, styles.get(report.id))));
      if (focused) document.getElementById(focused)?.focus();
    },
  };

  /**
   * @param {Report} report
   * @param {number | undefined} style
   */
  function row(report, style) {
    const isShown = style !== undefined;
    const box = element("input", { type: "checkbox", id: `run-${report.id}`, disabled: report.state === "damaged" });
    box.checked = isShown;
    box.addEventListener("change", () => toggle(report.id, box.checked));
    const name = element("label", {
      for: `run-${report.id}`,
      class: isShown ? `run-name look look-${style % 6}` : "run-name",
      text: report.title,
    });
    const actions = element("span", { class: "run-actions" });
    const add = (/** @type {string} */ action, /** @type {string} */ title, /** @type {() => void} */ onclick) =>
      actions.append(
        element(
          "button",
          { type: "button", class: "quiet", id: `${action}-${report.id}`, onclick },
          title,
          element("span", { class: "visually-hidden", text: `: ${report.title}` }),
        ),
      );
    const { network } = report;
    if (network) {
      add("draw", say("train.draw"), () => draw(network));
      add("look", say("train.mistakes"), () => look(network));
    }
    if (report.resumable) add("resume", say("train.resume"), () => resume(report.id));
    const facts = element("span", { class: "run-facts small muted", text: settingsText(report) });
    return element(
      "li",
      { class: "run" },
      box,
      name,
      result(report),
      facts,
      actions,
      report.message && element("p", { class: "run-message small", text: report.message }),
    );
  }
}

/** @param {Report} report whether it ships with the page, rather than lies in the runs folder */
export const isRecording = (report) => report.id.startsWith("shipped-");

/** @param {Report} report */
function result(report) {
  if (report.test_accuracy !== null) {
    const share = element("strong", { text: percent(report.test_accuracy, 2) });
    return element(
      "span",
      { class: "run-result" },
      ...sayWith("train.result", { share, duration: duration(report.seconds) }),
    );
  }
  const isEarly = report.epochs && ["stopped", "failed"].includes(report.state);
  const text = isEarly
    ? say(`train.${report.state}_after`, { done: report.epochs_done, epochs: report.epochs })
    : say(`train.is_${report.state}`);
  return element("span", { class: `run-result run-${report.state}`, text });
}

/** @param {Report} report */
export function settingsText(report) {
  const { epochs, batch_size: batch, learning_rate: rate, augmentation, validation, seed } = report.settings;
  if (epochs === undefined) return "";
  const parts = [
    report.recipe,
    say("train.with_epochs", { epochs }),
    say("train.with_batch", { batch }),
    say("train.with_rate", { rate }),
    say(augmentation ? "train.with_augmentation" : "train.without_augmentation"),
    ...(validation === "split" ? [say("train.with_validation")] : []),
    say("train.with_seed", { seed: String(seed) }),
  ];
  return parts.join(" · ");
}

/** @param {Report} report how it ended, for people */
export function ending(report) {
  if (report.state === "finished")
    return say("train.ended_finished", { run: report.title, share: percent(report.test_accuracy ?? 0, 2) });
  return report.message ?? say("train.ended", { run: report.title, state: say(`train.is_${report.state}`) });
}
