/** The network as a drawn path from the image to the answer: each stop is a button that opens its layer. */

import { element } from "../app/elements.js";
import { color, onThemeChange, rgb } from "../digits/digits.js";
import { mainOf } from "./stops.js";
import { shape } from "./receptive.js";

/** @typedef {import("./stops.js").Stop} Stop */
/** @typedef {import("./layers.js").Activations} Activations */

const ROUND = 8; // pixels, radius of the path's corners

/**
 * @param {string} label
 * @param {(stop: Stop) => void} onOpen
 */
export function createPath(label, onOpen) {
  const line = shape("path", { class: "way-line" });
  const drawing = shape("svg", { class: "way-drawing", "aria-hidden": "true" });
  drawing.append(line);
  const list = element("ol", { class: "way-stops" });
  const root = element("nav", { class: "way-path", "aria-label": label }, /** @type {any} */ (drawing), list);
  /** @type {{stop: Stop, button: HTMLButtonElement, picture: HTMLCanvasElement | null, said: HTMLElement | null}[]} */
  let shown = [];

  /** One line through the middle of all pictures; between two rows it goes back through the gap. */
  function draw() {
    const from = root.getBoundingClientRect();
    const places = shown.map(({ button }) => {
      const box = (button.querySelector(".way-picture") ?? button).getBoundingClientRect();
      return { x: box.x + box.width / 2 - from.x, y: box.y + box.height / 2 - from.y, top: button.getBoundingClientRect().y - from.y };
    });
    drawing.setAttribute("width", String(from.width));
    drawing.setAttribute("height", String(from.height));
    const parts = places.map(({ x, y, top }, at) => {
      const last = places[at - 1];
      if (!last) return `M${x} ${y}`;
      if (top === last.top) return `H${x}`;
      const gap = top - ROUND;
      const [right, left] = [from.width - 1, 1];
      return `H${right - ROUND}Q${right} ${last.y} ${right} ${last.y + ROUND}V${gap - ROUND}Q${right} ${gap} ${right - ROUND} ${gap}H${left + ROUND}Q${left} ${gap} ${left} ${gap + ROUND}V${y - ROUND}Q${left} ${y} ${left + ROUND} ${y}H${x}`;
    });
    line.setAttribute("d", parts.join(""));
  }
  new ResizeObserver(draw).observe(root);
  onThemeChange(() => shown.forEach(({ stop, picture }) => picture && paint(picture, stop)));

  return {
    root,
    /** @param {Stop[]} stops @param {string} answer what the network calls its answer */
    show(stops, answer) {
      const isAlike = shown.length === stops.length && stops.every(({ title }, at) => title === shown[at].stop.title);
      if (isAlike) shown = shown.map((one, at) => ({ ...one, stop: stops[at] }));
      else {
        shown = stops.map((stop) => {
          const isAnswer = stop.kind === "softmax";
          const picture = isAnswer ? null : element("canvas", { class: "way-picture pixels", "aria-hidden": "true" });
          const said = isAnswer ? element("span", { class: "way-picture way-answer" }) : null;
          const button = element(
            "button",
            { type: "button", class: "way-stop" },
            picture ?? said,
            element("span", { class: "way-title", text: stop.title }),
            element("span", { class: "way-shape", text: isAnswer ? "" : mainOf(stop).shape.join(" × ") }),
          );
          return { stop, button, picture, said };
        });
        shown.forEach(({ button }, at) => button.addEventListener("click", () => onOpen(shown[at].stop)));
        list.replaceChildren(...shown.map(({ button }) => element("li", {}, button)));
      }
      for (const { stop, picture, said } of shown) {
        if (picture) paint(picture, stop);
        if (said) said.textContent = answer;
        said?.classList.toggle("is-name", answer.length > 2);
      }
      draw();
    },
    /** @param {string} name of the open layer */
    open(name) {
      for (const { stop, button } of shown) {
        const isOpen = stop.layers.some((layer) => layer.name === name);
        if (isOpen) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
    },
  };
}

/**
 * The strongest map of a stop's last layer, or all numbers of one that has no maps.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Stop} stop
 */
function paint(canvas, stop) {
  const layer = mainOf(stop);
  const [rows, columns, values] = layer.shape.length > 1 ? strongestMap(layer) : inSquare(layer.values);
  const strongest = Math.max(Math.abs(layer.minimum), Math.abs(layer.maximum)) || 1;
  paintSigned(canvas, rows, columns, (at) => (values[at] ?? 0) / strongest);
}

/** @param {Activations} layer @returns {[number, number, Float32Array]} */
function strongestMap({ shape: [rows, columns, count = 1], values }) {
  const sums = new Float64Array(count);
  values.forEach((value, at) => (sums[at % count] += Math.abs(value)));
  const best = sums.indexOf(Math.max(...sums));
  return [rows, columns, values.filter((_, at) => at % count === best)];
}

/** @param {Float32Array} values @returns {[number, number, Float32Array]} */
function inSquare(values) {
  if (values.length <= 10) return [1, values.length, values];
  const columns = Math.ceil(Math.sqrt(values.length));
  return [Math.ceil(values.length / columns), columns, values];
}

/**
 * Positive numbers are ink, negative ones blue, 0 is paper.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} rows
 * @param {number} columns
 * @param {(at: number) => number} shareAt -1 to 1
 */
export function paintSigned(canvas, rows, columns, shareAt) {
  [canvas.width, canvas.height] = [columns, rows];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const picture = context.createImageData(columns, rows);
  const [paper, ink, blue] = ["paper", "ink", "series-1"].map((name) => rgb(color(name)));
  for (let at = 0; at < rows * columns; at++) {
    const share = Math.max(-1, Math.min(shareAt(at), 1));
    const strong = share < 0 ? blue : ink;
    for (let band = 0; band < 3; band++)
      picture.data[4 * at + band] = paper[band] + (strong[band] - paper[band]) * (0.04 + 0.96 * Math.abs(share));
    picture.data[4 * at + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
