/**
 * What a chart says, for those who do not see it or want the figures: a sentence and a table.
 *
 * @typedef {import("./charts.js").Chart} Chart
 */

import { element } from "../app/elements.js";
import { number, say } from "../app/words.js";

/**
 * A sentence for those who do not see the picture; the figures are in the table.
 *
 * @param {Chart} chart
 */
export function describe(chart) {
  const parts = chart.series
    .filter((series) => series.points.length)
    .map((series) => {
      const [first, last] = [series.points[0], series.points[series.points.length - 1]];
      const values = { from: figure(first.y, chart), first: first.x, to: figure(last.y, chart), last: last.x };
      return `${series.name ? `${series.name}: ` : ""}${say("chart.from_to", values)}`;
    });
  return `${chart.title}. ${parts.join("; ")}.`;
}

/**
 * @param {number | null | undefined} value
 * @param {Chart} chart
 */
function figure(value, chart) {
  if (typeof value !== "number") return "–";
  return chart.y.scale === "accuracy" ? `${number(100 * value, 2)}\u00a0%` : number(value, chart.digits ?? 2);
}

/** @param {Chart} chart */
export function tableOf(chart) {
  const rows = chart.series.flatMap((series) =>
    series.points.map((point) => {
      const hasInterval = typeof point.low === "number";
      const cells = [
        figure(point.y, chart),
        ...(intervals(chart)
          ? [hasInterval ? say("chart.range", { low: figure(point.low, chart), high: figure(point.high, chart) }) : "–"]
          : []),
      ];
      const place = typeof point.x === "number" ? number(point.x, Number.isInteger(point.x) ? 0 : 2) : point.x;
      return element(
        "tr",
        {},
        element("th", { scope: "row", text: series.name }),
        element("td", { text: place }),
        ...cells.map((cell) => element("td", { text: cell })),
      );
    }),
  );
  const heads = ["", chart.x.title, chart.y.title, ...(intervals(chart) ? [say("chart.interval")] : [])];
  const head = element(
    "tr",
    {},
    ...heads.map((title) => (title ? element("th", { scope: "col", text: title }) : element("td"))),
  );
  return element("table", { class: "small" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

/** @param {Chart} chart */
const intervals = (chart) =>
  chart.series.some((series) => series.points.some((point) => typeof point.low === "number"));
