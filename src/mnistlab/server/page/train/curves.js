/**
 * The curves of trainings: what the server sends of one, put together as it comes, and made into charts.
 *
 * @typedef {{step: number, epoch: number, loss: number, accuracy: number, seconds: number}} Step
 * @typedef {{epoch: number, loss: number, accuracy: number, val_loss?: number, val_accuracy?: number}} Row
 * @typedef {{id: string, title: string, state: "running" | "stopped" | "finished" | "failed" | "damaged",
 *   phase: "starting" | "training" | "finishing" | null, recipe: string | null, settings: Record<string, any>,
 *   network: string | null, test_accuracy: number | null, epochs: number, epochs_done: number, num_steps: number,
 *   seconds: number, left_seconds: number | null, message: string | null, resumable: boolean,
 *   folder: string | null}} Report
 */

import { number, say } from "../app/words.js";

export class Curves {
  constructor() {
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Row[]} */
    this.history = [];
    this.numSteps = 0;
    this.done = 0;
    /** @type {number | null} */
    this.leftSeconds = null;
  }

  /**
   * A run as far as it is; what was known before and is not in it was undone.
   *
   * @param {{steps: Step[], history: Row[], num_steps: number, left_seconds: number | null, step?: number}} run
   */
  begin({ steps, history, num_steps, left_seconds, step = 0 }) {
    Object.assign(this, { steps, history, numSteps: num_steps, done: step, leftSeconds: left_seconds });
    return this;
  }

  /** @param {Step & {left_seconds: number | null}} line */
  step({ left_seconds, ...step }) {
    this.steps.push(step);
    Object.assign(this, { done: step.step, leftSeconds: left_seconds });
  }

  /** @param {Row & {step: number, left_seconds: number | null}} line */
  epoch({ left_seconds, step, ...row }) {
    this.history.push(row);
    Object.assign(this, { done: step, leftSeconds: left_seconds });
  }
}

/**
 * A chart of one figure of several runs, over the epochs, so that runs of other batch sizes can be compared.
 *
 * @param {"loss" | "accuracy"} figure
 * @param {{report: Report, curves: Curves, style: number}[]} runs
 * @returns {import("../charts/charts.js").Chart}
 */
export function chartOf(figure, runs) {
  const isLoss = figure === "loss";
  const series = runs.flatMap(({ report, curves, style }) => {
    const numSteps = curves.numSteps || report.num_steps;
    const points = curves.steps.length
      ? curves.steps.map((step) => ({ x: (step.step * report.epochs) / numSteps, y: step[figure] }))
      : curves.history.map((row, at) => ({ x: at + 1, y: row[figure] }));
    /** @type {import("../charts/charts.js").Point[]} */
    const checked = curves.history.flatMap((row, at) => {
      const value = row[isLoss ? "val_loss" : "val_accuracy"];
      return typeof value === "number" ? [{ x: at + 1, y: value }] : [];
    });
    const lines = [{ name: checked.length ? say("train.line_training", { run: report.title }) : report.title, points, style }];
    return checked.length
      ? [...lines, { name: say("train.line_validation", { run: report.title }), points: checked, style, marks: true }]
      : lines;
  });
  return {
    title: say(isLoss ? "train.loss" : "train.accuracy"),
    x: { title: say("train.axis_epochs"), scale: "exact", reach: [0, ...runs.map(({ report }) => report.epochs)] },
    y: {
      title: say(isLoss ? "train.axis_loss" : "train.axis_accuracy"),
      scale: isLoss ? "log" : "accuracy",
    },
    series: series.filter((one) => one.points.length),
    digits: 4,
  };
}

/**
 * @param {number} seconds
 * @returns {string} `"12 s"`, `"3 min"`
 */
export function duration(seconds) {
  if (seconds < 90) return `${number(Math.max(1, Math.round(seconds)))}\u00a0s`;
  return seconds < 5400 ? `${number(Math.round(seconds / 60))}\u00a0min` : `${number(seconds / 3600, 1)}\u00a0h`;
}
