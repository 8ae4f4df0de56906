/**
 * What all of the page looks at: the current drawing, or one digit of a photo. It is kept in step with the address.
 *
 * @typedef {import("./strokes.js").Stroke} Stroke
 * @typedef {import("./normalize.js").Normalized} Normalized
 */

import { state } from "../app/state.js";
import { PIXELS } from "./digits.js";
import { normalizeDigit } from "./normalize.js";
import {
  PLACES,
  beginStroke,
  boundsOf,
  decodeDigit,
  decodeStrokes,
  encodeDigit,
  encodeStrokes,
  extendStroke,
  paintStrokes,
} from "./strokes.js";

const MAX_UNDO = 200;

/** @type {readonly Stroke[]} */
let strokes = [];
/** @typedef {{strokes: readonly Stroke[], picked: Uint8Array | null}} Moment */
/** @type {Moment[]} */
let past = [];
/** @type {Moment[]} */
let future = [];
/** @type {Uint8Array | null} */
let picked = null; // a digit that was not drawn here
/** @type {{of: readonly Stroke[], normalized: Normalized} | null} */
let latest = null; // what was asked for last
/** @type {Set<(isDone: boolean) => void>} */
const listeners = new Set();

const sheet = document.createElement("canvas");
sheet.width = sheet.height = PLACES;
const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d", { willReadFrequently: true }));

/** The strokes with some ground around them, light ink on dark ground, a pixel for each place. */
function rasterize() {
  const [left, top, right, bottom] = boundsOf(strokes);
  context.fillStyle = "#000";
  context.fillRect(0, 0, PLACES, PLACES);
  context.strokeStyle = "#fff";
  paintStrokes(context, strokes, 1);
  const { data, width, height } = context.getImageData(left, top, right - left, bottom - top);
  const values = new Uint8Array(width * height);
  for (let at = 0; at < values.length; at++) values[at] = data[4 * at];
  return { values, width, height };
}

/** @param {boolean} isDone whether the pen is off the paper */
function changed(isDone) {
  if (isDone) {
    state.set({ strokes: picked ? null : encodeStrokes(strokes), digit: picked ? encodeDigit(picked) : null });
  }
  for (const listener of listeners) listener(isDone);
}

/** @param {readonly Stroke[]} next */
function replace(next) {
  past = [...past.slice(-MAX_UNDO), { strokes, picked }];
  future = [];
  strokes = next;
  picked = null;
}

/** Takes over what the address says, unless that is what is here. */
function followAddress() {
  const { strokes: text = "", digit = "" } = state.get();
  if (picked ? digit === encodeDigit(picked) : !digit && text === encodeStrokes(strokes)) return;
  picked = digit ? decodeDigit(digit) : null;
  if (!picked && text !== encodeStrokes(strokes)) {
    strokes = decodeStrokes(text);
    // So that it can be taken back stroke by stroke.
    past = strokes.map((_, at) => ({ strokes: strokes.slice(0, at), picked: null }));
    future = [];
  }
  for (const listener of listeners) listener(true);
}

export const drawing = Object.freeze({
  get strokes() {
    return picked ? [] : strokes;
  },
  get canUndo() {
    return past.length > 0;
  },
  get canRedo() {
    return future.length > 0;
  },
  /** Whether the digit comes from elsewhere than the pen. */
  get isPicked() {
    return picked !== null;
  },
  /** What was done to the strokes to bring them into MNIST's form. */
  get normalized() {
    if (latest?.of !== strokes) latest = { of: strokes, normalized: normalizeDigit(rasterize(), { ink: "light" }) };
    return latest.normalized;
  },
  /** What the networks see: 784 values, 0 ground to 255 ink; the same array until it changes. */
  get image() {
    if (picked) return picked;
    return strokes.length ? this.normalized.image : new Uint8Array(PIXELS);
  },
  get isEmpty() {
    return !picked && (!strokes.length || this.normalized.isBlank);
  },

  /**
   * @param {number} width
   * @param {number} x
   * @param {number} y
   */
  begin(width, x, y) {
    replace([...(picked ? [] : strokes), beginStroke(width, x, y)]);
    changed(false);
  },
  /**
   * @param {number} x
   * @param {number} y
   */
  extend(x, y) {
    const last = strokes.at(-1);
    if (!last) return;
    strokes = [...strokes.slice(0, -1), extendStroke(last, x, y)];
    changed(false);
  },
  end: () => changed(true),

  undo() {
    if (picked) picked = null;
    else if (past.length) {
      future = [...future, { strokes, picked }];
      ({ strokes, picked } = past[past.length - 1]);
      past = past.slice(0, -1);
    } else return;
    changed(true);
  },
  redo() {
    const next = future.at(-1);
    if (!next) return;
    past = [...past, { strokes, picked }];
    future = future.slice(0, -1);
    ({ strokes, picked } = next);
    changed(true);
  },
  clear() {
    if (!strokes.length && !picked) return;
    replace([]);
    changed(true);
  },

  /** @param {Uint8Array} image 784 values of a digit in MNIST's form */
  pick(image) {
    picked = image;
    changed(true);
  },

  /** @param {(isDone: boolean) => void} listener called after each change */
  subscribe(listener) {
    listeners.add(listener);
  },
});

state.subscribe(followAddress);
followAddress();
