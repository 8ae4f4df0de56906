/** The training under way, at a glance. */

import { duration } from "./curves.js";
import { element } from "./elements.js";

/**
 * @typedef {import("./curves.js").Curves} Curves
 * @typedef {import("./curves.js").Report} Report
 */

/**
 * The training under way: how far, how well, how long still.
 *
 * @param {(run: string) => void} onStop
 */
export function createLive(onStop) {
  const title = element("h2", { class: "live-title" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Progress of the training" });
  const facts = element("dl", { class: "live-facts" });
  const button = element("button", { type: "button", class: "plain", text: "Stop" });
  const root = element(
    "section",
    { class: "live", "aria-label": "The training under way", hidden: true },
    title,
    button,
    bar,
    facts,
  );
  let run = "";
  let isStopping = false;
  button.addEventListener("click", () => {
    isStopping = true;
    button.disabled = true;
    button.textContent = "Stopping …";
    onStop(run);
  });

  return {
    root,
    /**
     * @param {Report | null} report
     * @param {Curves | null} made
     */
    show(report, made) {
      root.hidden = !report;
      if (!report) {
        isStopping = false;
        return;
      }
      if (report.id !== run) [run, isStopping] = [report.id, false];
      button.disabled = isStopping;
      button.textContent = isStopping ? "Stopping …" : "Stop";
      const last = made?.steps[made.steps.length - 1];
      const epoch = Math.min(report.epochs, last?.epoch ?? 1);
      const phases = {
        starting: "is getting ready",
        training: `is in epoch ${epoch} of ${report.epochs}`,
        finishing: "is trained and reads the test digits",
      };
      const phase = made?.numSteps && made.done >= made.numSteps ? "finishing" : (report.phase ?? "starting");
      title.textContent = `${report.title} ${phases[phase]}`;
      if (made?.numSteps) bar.value = made.done / made.numSteps;
      else bar.removeAttribute("value");
      const left = made?.leftSeconds ?? null;
      const values = [
        ["accuracy", last ? `${(100 * last.accuracy).toFixed(1)} %` : "–"],
        ["loss", last ? last.loss.toFixed(3) : "–"],
        ["time left", phase !== "training" || left === null ? "–" : `about ${duration(left)}`],
      ];
      facts.replaceChildren(
        ...values.map(([name, value]) =>
          element("div", {}, element("dt", { text: name }), element("dd", { text: value })),
        ),
      );
    },
  };
}
