/**
 * Charts: lines with their names beside them, means with their intervals, and every figure as a table too.
 *
 * @typedef {{x: number | string, y: number, low?: number | null, high?: number | null, num?: number}} Point
 * @typedef {{name: string, points: Point[], style?: number, marks?: boolean}} Series style: which of six looks, from 0;
 *   marks: whether points stand for themselves, without a line
 * @typedef {{title: string, scale: import("./scales.js").Kind, reach?: number[]}} Axis reach: values to show besides
 *   those of the points
 * @typedef {{title: string, x: Axis, y: Axis, series: Series[], digits?: number}} Chart digits: behind the point, in
 *   the table
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { describe, tableOf } from "./chart_words.js";
import { createScale } from "./scales.js";

const SVG = "http://www.w3.org/2000/svg";
// Sizes in pixels where the page's text has 16; with larger text the whole chart is drawn larger.
const HEIGHT = 288;
const MARGIN = { top: 30, bottom: 48, left: 56, right: 28 };
const LETTER = 7; // of a letter of 13 px, about
const TILTED = 50; // more below a chart whose names are tilted
const LINE = 18; // between two names
const WIDE = 460; // from which names may stand beside their lines
const MOST_NAMES = 0.3; // of a wide chart's width, that names beside their lines may take; longer ones stand above
const MAX_DRAWN = 600; // points of a line; more would not be seen

/**
 * A chart that draws itself anew when it is given other figures or another width.
 *
 * @param {string} title
 */
export function createChart(title) {
  const caption = element("figcaption", { class: "chart-title", text: title });
  const names = element("p", { class: "chart-names small" });
  const frame = element("div", { class: "chart-frame" });
  const table = element("div", {
    class: "chart-table",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": say("chart.table", { title }),
  });
  const button = element("button", {
    type: "button",
    class: "quiet",
    "aria-expanded": "false",
    text: say("chart.show_table"),
  });
  const root = element(
    "figure",
    { class: "chart" },
    element("div", { class: "chart-head" }, caption, button),
    names,
    frame,
    table,
  );
  /** @type {Chart | null} */
  let shown = null;
  let width = 0;

  function draw() {
    if (!shown || !width) return;
    const zoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const isWide = hasRoom(shown, width / zoom) && endTogether(shown);
    frame.replaceChildren(drawChart(shown, width / zoom, isWide, zoom));
    names.replaceChildren(...keyOf(shown, isWide));
    names.hidden = !names.childElementCount;
    if (!table.hidden) table.replaceChildren(tableOf(shown));
  }

  button.addEventListener("click", () => {
    table.hidden = !table.hidden;
    button.setAttribute("aria-expanded", String(!table.hidden));
    button.textContent = say(table.hidden ? "chart.show_table" : "chart.hide_table");
    if (shown && !table.hidden) table.replaceChildren(tableOf(shown));
  });
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === width) return;
    width = now;
    draw();
  }).observe(frame);

  return {
    root,
    /** @param {Chart} chart */
    show(chart) {
      shown = chart;
      caption.textContent = chart.title;
      draw();
    },
  };
}

/**
 * What the lines, circles and bars of a chart stand for, where no name stands beside them.
 *
 * @param {Chart} chart
 * @param {boolean} isWide whether lines have their names beside them
 */
function keyOf(chart, isWide) {
  const named = chart.series.map((series, at) => ({ ...series, at })).filter(({ name }) => name);
  const lines = named.filter(({ marks }) => !marks);
  const needed = isWide || (lines.length < 2 && named.length < 2) ? named.filter(({ marks }) => marks) : named;
  const hasBars = chart.series.some(({ points }) => points.some(({ low }) => typeof low === "number"));
  return [
    ...needed.map((series) =>
      element("span", { class: `${look(series, series.at)}${series.marks ? " is-marks" : ""}`, text: series.name }),
    ),
    ...(hasBars ? [element("span", { class: "is-interval muted", text: say("chart.interval") })] : []),
  ];
}

/**
 * Whether names fit beside their lines.
 *
 * @param {Chart} chart
 * @param {number} width pixels, as if text had 16
 */
function hasRoom(chart, width) {
  const longest = Math.max(0, ...chart.series.map((series) => (series.marks ? 0 : series.name.length)));
  return longest * LETTER + 20 <= width * (width >= WIDE ? MOST_NAMES : 0.2);
}

/**
 * Whether all lines reach as far to the right: a name beside the end of a shorter one would lie upon the others.
 *
 * @param {Chart} chart
 */
function endTogether(chart) {
  const lines = chart.series.filter((series) => !series.marks && series.points.length);
  return new Set(lines.map(({ points }) => points[points.length - 1].x)).size <= 1;
}

/**
 * @param {Series} series
 * @param {number} at its place among the series
 */
const look = (series, at) => `look look-${(series.style ?? at) % 6}`;

/**
 * @param {Chart} chart
 * @param {number} width pixels, as if text had 16
 * @param {boolean} isWide
 * @param {number} zoom how much larger it is drawn
 */
function drawChart(chart, width, isWide, zoom) {
  const series = chart.series.map((one) => ({ ...one, points: thin(one.points) }));
  const points = series.flatMap((one) => one.points);
  const image = svg("svg", {
    width: width * zoom,
    height: HEIGHT * zoom,
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": describe(chart),
  });
  if (!points.length) return image;
  const longest = Math.max(0, ...series.map((one) => (one.marks ? 0 : one.name.length)));
  const right = isWide && longest && series.length > 1 ? longest * LETTER + 20 : MARGIN.right;
  const left = MARGIN.left;
  const x = createScale(
    chart.x.scale,
    [...points.map((point) => point.x), ...(chart.x.reach ?? [])],
    Math.max(2, Math.floor((width - left - right) / 80)),
  );
  const widest = LETTER * Math.max(...x.ticks.map((tick) => x.format(tick).length));
  const isTight = chart.x.scale === "names" && widest > (width - left - right) / x.ticks.length; // they would overlap
  const bottom = HEIGHT - MARGIN.bottom - (isTight ? TILTED : 0);
  const extent = points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]);
  const y = createScale(chart.y.scale, extent, 5);
  const across = (/** @type {number | string} */ value) => left + (width - left - right) * x.place(value);
  const down = (/** @type {number} */ value) => bottom + (MARGIN.top - bottom) * y.place(value);

  for (const tick of y.ticks) {
    const place = down(Number(tick));
    const isZero = chart.y.scale === "zero" && Number(tick) === 0;
    image.append(
      svg("line", { class: isZero ? "chart-zero" : "chart-grid", x1: left, x2: width - right, y1: place, y2: place }),
      text(y.format(tick), left - 8, place + 4, "chart-tick chart-end"),
    );
  }
  for (const tick of x.ticks) {
    const [place, row] = [round(across(tick)), bottom + (isTight ? 12 : 20)];
    const label = text(x.format(tick), place, row, isTight ? "chart-tick chart-end" : "chart-tick chart-middle");
    if (isTight) label.setAttribute("transform", `rotate(-50 ${place} ${row})`);
    image.append(label);
  }
  image.append(text(chart.y.title, 0, 12, "chart-tick"));
  image.append(text(chart.x.title, (left + width - right) / 2, HEIGHT - 6, "chart-tick chart-middle"));

  /** @type {{name: string, at: number, place: number, look: string}[]} */
  const labels = [];
  series.forEach((one, at) => {
    const group = svg("g", { class: look(one, at) });
    const places = one.points.map((point) => /** @type {const} */ ([across(point.x), down(point.y)]));
    if (!one.marks && chart.x.scale !== "names" && places.length > 1) {
      group.append(
        svg("path", { class: "chart-line", d: `M${places.map((place) => place.map(round).join()).join("L")}` }),
      );
    }
    one.points.forEach((point, number) => {
      const [cx, cy] = places[number];
      if (typeof point.low === "number" && typeof point.high === "number") {
        group.append(interval(cx, down(point.low), down(point.high)));
      }
      const hasDots =
        one.marks || chart.x.scale === "names" || typeof point.num === "number" || one.points.length === 1;
      if (hasDots)
        group.append(
          svg("circle", {
            class: one.marks ? "chart-mark" : "chart-dot",
            cx: round(cx),
            cy: round(cy),
            r: one.marks ? 4 : 3.5,
          }),
        );
    });
    image.append(group);
    if (places.length && isWide && !one.marks)
      labels.push({
        name: one.name,
        at: places[places.length - 1][0],
        place: places[places.length - 1][1],
        look: look(one, at),
      });
  });
  if (series.length > 1)
    for (const label of spread(labels))
      image.append(text(label.name, label.at + 10, label.place + 4, `chart-name ${label.look}`));
  return image;
}

/**
 * An interval as a line between two short ones.
 *
 * @param {number} at
 * @param {number} from
 * @param {number} to
 */
function interval(at, from, to) {
  const [x, low, high] = [at, from, to].map(round);
  return svg("path", { class: "chart-interval", d: `M${x},${low}V${high}M${x - 4},${low}h8M${x - 4},${high}h8` });
}

/**
 * Names moved apart until none covers another.
 *
 * @template {{place: number}} Label
 * @param {Label[]} labels
 * @returns {Label[]}
 */
function spread(labels) {
  const sorted = [...labels].sort((one, other) => one.place - other.place);
  sorted.forEach((label, at) => {
    if (at) label.place = Math.max(label.place, sorted[at - 1].place + LINE);
  });
  for (let at = sorted.length - 1, most = HEIGHT - MARGIN.bottom; at >= 0; at--, most -= LINE) {
    sorted[at].place = Math.min(sorted[at].place, most);
  }
  return sorted;
}

/**
 * Every so many points, and the last.
 *
 * @param {Point[]} points
 */
function thin(points) {
  const every = Math.ceil(points.length / MAX_DRAWN);
  return every > 1 ? points.filter((_, at) => at % every === 0 || at === points.length - 1) : points;
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/**
 * @param {string} content
 * @param {number} x
 * @param {number} y
 * @param {string} classes
 */
function text(content, x, y, classes) {
  const made = svg("text", { x: round(x), y: round(y), class: classes });
  made.textContent = content;
  return made;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
