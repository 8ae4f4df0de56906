/** The runs: which are on the charts, how they ended, and what can be done with each. */

import { element } from "../app/elements.js";
import { duration } from "./curves.js";

/** @typedef {import("./curves.js").Report} Report */

const STATES = { running: "training", stopped: "stopped", finished: "", failed: "failed", damaged: "damaged" };

/**
 * @param {{toggle: (run: string, isShown: boolean) => void, resume: (run: string) => void, draw: (network: string) => void,
 *   look: (network: string) => void}} handlers
 */
export function createRunList({ toggle, resume, draw, look }) {
  const list = element("ul", { class: "runs" });
  const empty = element("p", {
    class: "muted",
    text: "No run yet. The first training of the notebook's MLP takes about ten seconds.",
  });
  const missing = element("p", {
    class: "trouble missing",
    role: "status",
    hidden: true,
    text: "Not all of the runs that the address names are here; those that are, are shown.",
  });
  const root = element(
    "section",
    { "aria-labelledby": "runs-title" },
    element("h2", { id: "runs-title", text: "Runs" }),
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
      empty.hidden = reports.length > 0;
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
      add("draw", "Draw against it", () => draw(network));
      add("look", "Its mistakes", () => look(network));
    }
    if (report.resumable) add("resume", "Resume", () => resume(report.id));
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

/** @param {Report} report */
function result(report) {
  if (report.test_accuracy !== null) {
    const text = `${(100 * report.test_accuracy).toFixed(2)} %`;
    return element(
      "span",
      { class: "run-result" },
      element("strong", { text }),
      ` of the test digits, in ${duration(report.seconds)}`,
    );
  }
  const done =
    report.epochs && ["stopped", "failed"].includes(report.state)
      ? ` after ${report.epochs_done} of ${report.epochs} epochs`
      : "";
  return element("span", { class: `run-result run-${report.state}`, text: `${STATES[report.state]}${done}` });
}

/** @param {Report} report */
export function settingsText(report) {
  const { epochs, batch_size: batch, learning_rate: rate, augmentation, seed } = report.settings;
  if (epochs === undefined) return "";
  const parts = [
    report.recipe,
    `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`,
    `batches of ${batch.toLocaleString("en")}`,
    `rate ${rate}`,
  ];
  return [...parts, augmentation ? "augmented" : "as they are", `seed ${seed}`].join(" · ");
}

/** @param {Report} report how it ended, for people */
export function ending(report) {
  if (report.state === "finished")
    return `${report.title} is finished: ${(100 * (report.test_accuracy ?? 0)).toFixed(2)} % of the test digits right.`;
  return report.message ?? `${report.title} is ${report.state}.`;
}
