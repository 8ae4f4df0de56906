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

const RATE_STEPS = 40; // of the last, from which the time left is estimated

export class Curves {
  constructor() {
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Row[]} */
    this.history = [];
    this.numSteps = 0;
    this.done = 0;
    this.firstOfPart = 0; // place among the steps of the first since the training last began
  }

  /**
   * The curves of a run that was told as a whole.
   *
   * @param {{history: Row[], steps: Step[], num_steps: number}} run
   */
  static of({ history, steps, num_steps }) {
    const made = new Curves();
    made.begin({ step: 0, num_steps, history });
    for (const step of steps) made.step(step);
    return made;
  }

  /** @param {{step: number, num_steps: number, history: Row[]}} line what came later than its step was undone */
  begin(line) {
    this.steps = this.steps.filter((step) => step.step <= line.step);
    this.history = [...line.history];
    this.numSteps = line.num_steps;
    this.done = line.step;
    this.firstOfPart = this.steps.length;
  }

  /** @param {Step} line */
  step(line) {
    this.steps.push(line);
    this.done = line.step;
  }

  /** @param {Row & {step: number}} line */
  epoch(line) {
    this.history.push(line);
    this.done = line.step;
  }

  /** @returns {number | null} seconds of training still to come, if it goes on as the last steps went */
  get leftSeconds() {
    const last = this.steps.slice(Math.max(this.firstOfPart, this.steps.length - RATE_STEPS));
    if (last.length < 2) return null;
    const [from, to] = [last[0], last[last.length - 1]];
    return ((to.seconds - from.seconds) / (to.step - from.step)) * Math.max(0, this.numSteps - this.done);
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
    const lines = [{ name: report.title, points, style }];
    return checked.length
      ? [...lines, { name: `${report.title}, validation`, points: checked, style, marks: true }]
      : lines;
  });
  return {
    title: isLoss ? "Loss" : "Training accuracy",
    x: { title: "epochs", scale: "linear", reach: [0, ...runs.map(({ report }) => report.epochs)] },
    y: {
      title: isLoss ? "cross-entropy, nats an image" : "share of images read right",
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
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
