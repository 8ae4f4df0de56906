/**
 * A drawing as strokes of a pen, on a square of 256x256 places.
 *
 * @typedef {{width: number, points: readonly number[]}} Stroke the pen's width, 1 to 255 of those places, and x and y
 *   in turn, whole numbers from 0 to 255
 */

export const PLACES = 256;
const MIN_DISTANCE = 3; // what a hand trembles
const MAX_LETTERS = 30_000; // of a drawing in an address; a digit has 100 to 400, and more than this is none

const REACH = 7; // places that one byte can move the pen, each way
const BASE = 2 * REACH + 1;
const JUMP = 255; // says that the next two bytes are a place

/** @param {number} value */
const onSheet = (value) => Math.min(Math.max(Math.round(value), 0), PLACES - 1);

/**
 * @param {number} width
 * @param {number} x
 * @param {number} y
 * @returns {Stroke}
 */
export function beginStroke(width, x, y) {
  return { width, points: [onSheet(x), onSheet(y)] };
}

/**
 * A stroke led on to a place. The last place is always kept; one before it that is very near to its forerunner is not.
 *
 * @param {Stroke} stroke
 * @param {number} x
 * @param {number} y
 * @returns {Stroke}
 */
export function extendStroke({ width, points }, x, y) {
  const [toX, toY] = [onSheet(x), onSheet(y)];
  const [lastX, lastY] = points.slice(-2);
  if (toX === lastX && toY === lastY) return { width, points };
  const [beforeX, beforeY] = points.slice(-4, -2);
  const isNear = points.length > 2 && Math.hypot(lastX - beforeX, lastY - beforeY) < MIN_DISTANCE;
  return { width, points: [...(isNear ? points.slice(0, -2) : points), toX, toY] };
}

/**
 * Where strokes are on the sheet, with a few places of ground on each side that has some.
 *
 * @param {readonly Stroke[]} strokes at least one
 * @returns {[number, number, number, number]} left, top, and one past right and bottom
 */
export function boundsOf(strokes) {
  let [left, top, right, bottom] = [PLACES, PLACES, 0, 0];
  for (const { width, points } of strokes) {
    const reach = Math.ceil(width / 2) + 4;
    for (let at = 0; at < points.length; at += 2) {
      left = Math.min(left, points[at] - reach);
      right = Math.max(right, points[at] + reach + 1);
      top = Math.min(top, points[at + 1] - reach);
      bottom = Math.max(bottom, points[at + 1] + reach + 1);
    }
  }
  return [Math.max(left, 0), Math.max(top, 0), Math.min(right, PLACES), Math.min(bottom, PLACES)];
}

/**
 * Draws strokes as smooth lines: through the middles between places, bent towards the places.
 *
 * @param {CanvasRenderingContext2D} context its strokeStyle is the ink
 * @param {readonly Stroke[]} strokes
 * @param {number} scale pixels of the canvas for a place
 */
export function paintStrokes(context, strokes, scale) {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const { width, points } of strokes) {
    const at = (/** @type {number} */ index) => (points[index] + 0.5) * scale;
    context.lineWidth = width * scale;
    context.beginPath();
    context.moveTo(at(0), at(1));
    for (let next = 2; next + 3 < points.length; next += 2) {
      const [x, y] = [at(next), at(next + 1)];
      context.quadraticCurveTo(x, y, (x + at(next + 2)) / 2, (y + at(next + 3)) / 2);
    }
    context.lineTo(at(points.length - 2), at(points.length - 1)); // of one place alone, a dot
    context.stroke();
  }
}

/**
 * Strokes as text for an address: a byte or so for each place, in base64 of the kind that addresses may hold.
 *
 * Each stroke is its width, the number of its places in two bytes, its first place, and then one byte for each move of
 * up to 7 places; a longer move is the byte 255 and the place it leads to.
 *
 * @param {readonly Stroke[]} strokes
 * @returns {string} "" for none
 */
export function encodeStrokes(strokes) {
  /** @type {number[]} */
  const bytes = [];
  for (const { width, points } of strokes) {
    const count = points.length / 2;
    bytes.push(width, count >> 8, count & 255, points[0], points[1]);
    for (let at = 2; at < points.length; at += 2) {
      const [right, down] = [points[at] - points[at - 2], points[at + 1] - points[at - 1]];
      if (Math.max(Math.abs(right), Math.abs(down)) <= REACH) bytes.push((right + REACH) * BASE + down + REACH);
      else bytes.push(JUMP, points[at], points[at + 1]);
    }
  }
  return toText(bytes);
}

/**
 * @param {string} text from an address, so perhaps anything
 * @returns {Stroke[]} as far as it can be understood
 */
export function decodeStrokes(text) {
  const bytes = toBytes(text);
  /** @type {Stroke[]} */
  const strokes = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const width = Math.max(bytes[at], 1);
    const count = bytes[at + 1] * 256 + bytes[at + 2];
    const points = [bytes[at + 3], bytes[at + 4]];
    at += 5;
    while (points.length < 2 * count && at < bytes.length) {
      const byte = bytes[at++];
      if (byte === JUMP) {
        if (at + 2 > bytes.length) return strokes;
        points.push(bytes[at], bytes[at + 1]);
        at += 2;
      } else {
        points.push(onSheet(points[points.length - 2] + Math.floor(byte / BASE) - REACH));
        points.push(onSheet(points[points.length - 2] + (byte % BASE) - REACH));
      }
    }
    strokes.push({ width, points });
  }
  return strokes;
}

/**
 * An image of 28x28 as text for an address; the ground takes little room.
 *
 * @param {Uint8Array} image
 * @returns {string}
 */
export function encodeDigit(image) {
  /** @type {number[]} */
  const bytes = [];
  for (let at = 0; at < image.length;) {
    let end = at;
    while (end < image.length && image[end] === 0 && end - at < 255) end++;
    if (end > at) bytes.push(0, end - at);
    else bytes.push(image[end++]);
    at = end;
  }
  return toText(bytes);
}

/**
 * @param {string} text from an address, so perhaps anything
 * @returns {Uint8Array | null} 784 levels; null if it is not such an image
 */
export function decodeDigit(text) {
  const bytes = toBytes(text);
  /** @type {number[]} */
  const image = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]) image.push(bytes[at]);
    else image.push(...new Array(bytes[++at] || 0).fill(0));
  }
  return image.length === 784 ? Uint8Array.from(image) : null;
}

/** @param {number[]} bytes */
function toText(bytes) {
  const letters = bytes.map((byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text */
function toBytes(text) {
  if (!/^[\w-]*$/.test(text) || text.length > MAX_LETTERS) return [];
  try {
    return [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((letter) => letter.charCodeAt(0));
  } catch {
    return [];
  }
}
