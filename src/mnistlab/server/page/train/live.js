/** The training under way, at a glance. */

import { element } from "../app/elements.js";
import { createWaiting } from "../app/waiting.js";
import { number, percent, say } from "../app/words.js";
import { duration } from "./curves.js";

/**
 * @typedef {import("./curves.js").Curves} Curves
 * @typedef {import("./curves.js").Report} Report
 */

const WAITS = { starting: say("train.wait_starting"), training: "", finishing: say("train.wait_finishing") };

/**
 * The training under way: how far, how well, how long still.
 *
 * @param {(run: string) => void} onStop
 */
export function createLive(onStop) {
  const title = element("h2", { class: "live-title" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": say("train.progress") });
  const facts = element("dl", { class: "live-facts" });
  const waiting = createWaiting();
  const button = element("button", { type: "button", class: "plain", text: say("train.stop") });
  const lost = element("p", { class: "live-lost", role: "status", hidden: true });
  const root = element(
    "section",
    { class: "live", "aria-label": say("train.live"), hidden: true },
    title,
    button,
    lost,
    waiting.root,
    bar,
    facts,
  );
  let run = "";
  let waitsFor = "";
  let lastWords = "";
  let isStopping = false;

  /** @param {boolean} wanted whether the training was asked to stop; a disabled button would lose the focus */
  function setStopping(wanted) {
    isStopping = wanted;
    button.setAttribute("aria-disabled", String(wanted));
    button.textContent = say(wanted ? "train.stop_asked" : "train.stop");
  }
  button.addEventListener("click", () => {
    if (isStopping) return;
    setStopping(true);
    onStop(run);
  });

  /** @param {string} what "" while it trains */
  function wait(what) {
    if (what === waitsFor) return;
    waitsFor = what;
    if (what) waiting.begin(what);
    else waiting.end();
  }

  return {
    root,
    button,
    /** @param {string} words what is said of the training that has ended, until another one begins */
    end: (words) => (lastWords = words),
    /** The training goes on after all. */
    goOn: () => setStopping(false),
    /** @param {boolean} isLost whether the figures are old, because the server does not answer */
    showLost(isLost) {
      if (lost.hidden !== isLost) return;
      lost.hidden = !isLost;
      lost.textContent = isLost ? say("train.lost") : "";
    },
    /**
     * @param {Report | null} report
     * @param {Curves | null} made
     */
    show(report, made) {
      if (report) lastWords = "";
      root.hidden = !report && !lastWords;
      button.hidden = facts.hidden = !report;
      if (!report) {
        bar.hidden = true;
        title.textContent = lastWords;
        setStopping(false);
        wait("");
        return;
      }
      if (report.id !== run && isStopping) setStopping(false);
      run = report.id;
      const last = made?.steps[made.steps.length - 1];
      const epoch = Math.min(report.epochs, last?.epoch ?? 1);
      const phase = made?.numSteps && made.done >= made.numSteps ? "finishing" : (report.phase ?? "starting");
      title.textContent = say(`train.phase_${phase}`, { run: report.title, epoch, epochs: report.epochs });
      wait(isStopping ? say("train.wait_saving") : WAITS[phase]);
      bar.hidden = Boolean(waitsFor);
      if (made?.numSteps) bar.value = made.done / made.numSteps;
      else bar.removeAttribute("value");
      const left = made?.leftSeconds ?? null;
      const values = [
        [say("train.fact_accuracy"), last ? percent(last.accuracy) : "–"],
        [say("train.fact_loss"), last ? number(last.loss, 3) : "–"],
        [
          say("train.fact_left"),
          phase !== "training" || left === null ? "–" : say("train.about", { duration: duration(left) }),
        ],
      ];
      facts.replaceChildren(
        ...values.map(([name, value]) =>
          element("div", {}, element("dt", { text: name }), element("dd", { text: value })),
        ),
      );
    },
  };
}
