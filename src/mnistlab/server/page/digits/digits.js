/** Images as the server sends them, and how they are shown: ink on paper, each pixel a crisp square. */

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/**
 * @param {string} text base64
 * @returns {Uint8Array}
 */
export function decodeImage(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} base64
 */
export function encodeImage(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}

/**
 * @param {string} text base64 of little-endian float32
 * @returns {Float32Array}
 */
export function decodeFloats(text) {
  const view = new DataView(decodeImage(text).buffer);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

/**
 * @param {Float32Array} values
 * @returns {string} base64 of little-endian float32
 */
export function encodeFloats(values) {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, at) => view.setFloat32(4 * at, value, true));
  return encodeImage(new Uint8Array(view.buffer));
}

/**
 * A colour of the theme.
 *
 * @param {string} name of a token, such as "ink" or "series-1"
 * @returns {string} `#rrggbb`
 */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * @param {string} hex `#rrggbb`
 * @returns {[number, number, number]}
 */
export function rgb(hex) {
  const number = Number.parseInt(hex.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/**
 * Calls back when the colours change: what is painted on a canvas must be painted again.
 *
 * @param {() => void} listener
 */
export function onThemeChange(listener) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
  document.addEventListener("themechange", listener);
}

/** Tells everybody who paints that the page has other colours now. */
export const themeChanged = () => document.dispatchEvent(new Event("themechange"));

/**
 * Paints values between two colours, one pixel of the canvas for each; CSS makes it as large as it should look.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values row by row, 0 for `low` to 1 for `high`
 * @param {number} columns
 * @param {string} low `#rrggbb`
 * @param {string} high `#rrggbb`
 */
export function paintValues(canvas, values, columns, low, high) {
  const rows = values.length / columns;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context || !values.length) return;
  const picture = context.createImageData(columns, rows);
  const [from, to] = [rgb(low), rgb(high)];
  for (let at = 0; at < values.length; at++) {
    const share = Math.min(Math.max(values[at], 0), 1);
    for (let band = 0; band < 3; band++) picture.data[4 * at + band] = from[band] + (to[band] - from[band]) * share;
    picture.data[4 * at + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

/**
 * Paints an image of MNIST's form.
 *
 * @param {HTMLCanvasElement} canvas becomes 28x28; CSS makes it as large as it should look
 * @param {Uint8Array} image 784 values, 0 ground to 255 ink
 * @param {{ink?: string, paper?: string}} [colors] `#rrggbb`; the theme's if left out
 */
export function drawDigit(canvas, image, { ink = color("ink"), paper = color("paper") } = {}) {
  paintValues(
    canvas,
    Array.from(image, (level) => level / 255),
    SIDE,
    paper,
    ink,
  );
}
