/**
 * The sheet of paper to draw on, with mouse, pen, finger or keyboard.
 *
 * Keyboard: arrows move the pen, with Home, End and the page keys for the diagonals and Shift for small steps; the
 * space bar puts it down and lifts it.
 */

import { say } from "../app/words.js";
import { color, onThemeChange } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";
import { PLACES, paintStrokes } from "../digits/strokes.js";

const STEP = 12; // places for a press of an arrow key
const SMALL_STEP = 3;
/** @type {Record<string, [number, number]>} */
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{width: () => number, announce: (text: string) => void}} options the pen's width in places
 */
export function mountPad(canvas, { width, announce }) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {number | null} */
  let pointer = null; // the one that draws
  let box = canvas.getBoundingClientRect();
  const pen = { x: PLACES / 2, y: PLACES / 3, isDown: false, isShown: false };
  let isPlanned = false;

  function paint() {
    isPlanned = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = color("ink");
    const scale = canvas.width / PLACES;
    paintStrokes(context, drawing.strokes, scale);
    if (pen.isShown) paintPen(scale);
  }

  /** @param {number} scale */
  function paintPen(scale) {
    const [x, y, radius] = [(pen.x + 0.5) * scale, (pen.y + 0.5) * scale, (width() / 2 + 3) * scale];
    context.strokeStyle = color(pen.isDown ? "accent" : "series-1");
    context.lineWidth = 2 * Math.max(scale, 1);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    for (const [right, down] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      context.moveTo(x + right * radius, y + down * radius);
      context.lineTo(x + 1.6 * right * radius, y + 1.6 * down * radius);
    }
    context.stroke();
  }

  function planPaint() {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(paint);
  }

  function fit() {
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (side && side !== canvas.width) canvas.width = canvas.height = side;
    planPaint();
  }

  /** @param {PointerEvent} event */
  function placeOf(event) {
    return [event.clientX - box.left, event.clientY - box.top].map((pixels) => (pixels / box.width) * PLACES - 0.5);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    liftPen();
    pen.isShown = false;
    canvas.classList.add("is-pointed"); // which needs no ring around it
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    box = canvas.getBoundingClientRect();
    const [x, y] = placeOf(event);
    drawing.begin(width(), x, y);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) {
      const [x, y] = placeOf(step);
      drawing.extend(x, y);
    }
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      drawing.end();
    });
  }

  function liftPen() {
    if (!pen.isDown) return;
    pen.isDown = false;
    drawing.end();
  }

  /** @param {string} key @param {boolean} isSmall */
  function movePen(key, isSmall) {
    const step = isSmall ? SMALL_STEP : STEP;
    const [right, down] = MOVES[key];
    pen.x = Math.min(Math.max(pen.x + right * step, 0), PLACES - 1);
    pen.y = Math.min(Math.max(pen.y + down * step, 0), PLACES - 1);
    if (pen.isDown) drawing.extend(pen.x, pen.y);
  }

  canvas.addEventListener("keydown", (event) => {
    canvas.classList.remove("is-pointed");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) movePen(event.key, event.shiftKey);
    else if (event.key === " ") {
      if (event.repeat) return event.preventDefault();
      if (pen.isDown) liftPen();
      else {
        pen.isDown = true;
        drawing.begin(width(), pen.x, pen.y);
      }
      announce(say(pen.isDown ? "draw.pen_down" : "draw.pen_up"));
    } else if (event.key === "Escape" && pen.isDown) liftPen();
    else return;
    pen.isShown = true;
    event.preventDefault();
    planPaint();
  });
  canvas.addEventListener("focus", () => {
    pen.isShown = canvas.matches(":focus-visible") && pointer === null;
    planPaint();
  });
  canvas.addEventListener("blur", () => {
    liftPen();
    pen.isShown = false;
    planPaint();
  });

  new ResizeObserver(fit).observe(canvas);
  onThemeChange(planPaint);
  drawing.subscribe(planPaint);
  fit();
  return {
    /** Lifts the pen of the keyboard, before strokes are taken away under it. */
    lift: liftPen,
  };
}
