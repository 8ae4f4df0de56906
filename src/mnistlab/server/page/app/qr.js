/**
 * QR codes of texts: byte mode, error correction L (7 %) or M (15 %), versions 1 to 40.
 *
 * Source: ISO/IEC 18004, whose section numbers of 2015 are named below.
 *
 * @typedef {boolean[][]} Matrix rows of modules, true where dark, without the quiet zone of four modules around it
 * @typedef {"L" | "M"} Level
 */

import { BLOCKS, PER_BLOCK } from "./qr_tables.js";

export const QUIET = 4; // modules of paper on each side that readers need (section 9.1)
const LEVEL_BITS = { L: 1, M: 0 }; // in the format information
/** @type {((row: number, column: number) => boolean)[]} where each mask turns modules over (table 10) */
const MASKS = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/**
 * The QR code of a text, as small as it can be, with as much error correction as that size has room for.
 *
 * @param {string} text
 * @param {{level?: Level, mask?: number}} [wanted] by default the level that fits and the mask that is easiest to read
 * @returns {Matrix | null} null if the text is too long for any: more than 2,953 bytes of UTF-8
 */
export function encodeQr(text, wanted = {}) {
  const bytes = new TextEncoder().encode(text);
  const fits = (/** @type {number} */ version, /** @type {Level} */ level) =>
    4 + lengthBits(version) + 8 * bytes.length <= 8 * numData(version, level);
  let version = 1;
  while (version <= 40 && !fits(version, wanted.level ?? "L")) version++;
  if (version > 40) return null;
  const level = wanted.level ?? (fits(version, "M") ? "M" : "L");
  const codewords = interleave(toCodewords(bytes, version, level), version, level);
  const masks = wanted.mask === undefined ? [0, 1, 2, 3, 4, 5, 6, 7] : [wanted.mask];
  const matrices = masks.map((mask) => draw(codewords, version, level, mask));
  const penalties = matrices.map(penaltyOf);
  return matrices[penalties.indexOf(Math.min(...penalties))];
}

/** @param {number} version */
const sideOf = (version) => 17 + 4 * version;

/** @param {number} version */
const lengthBits = (version) => (version < 10 ? 8 : 16);

/** Codewords that a version has room for, by the modules that nothing else takes. @param {number} version */
function numCodewords(version) {
  const { taken } = frameOf(version);
  return Math.floor(taken.flat().filter((isTaken) => !isTaken).length / 8);
}

/** @param {number} version @param {Level} level */
const numData = (version, level) => numCodewords(version) - PER_BLOCK[level][version - 1] * BLOCKS[level][version - 1];

/**
 * Mode, length, bytes and padding (section 7.4).
 *
 * @param {Uint8Array} bytes
 * @param {number} version
 * @param {Level} level
 * @returns {number[]}
 */
function toCodewords(bytes, version, level) {
  const count = numData(version, level);
  /** @type {number[]} */
  const bits = [];
  const put = (/** @type {number} */ value, /** @type {number} */ length) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  put(4, 4); // byte mode
  put(bytes.length, lengthBits(version));
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, 8 * count - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < 8 * count; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: count }, (_, at) => bits.slice(8 * at, 8 * at + 8).reduce((sum, bit) => 2 * sum + bit, 0));
}

/** @param {number} one @param {number} other @returns {number} their product in GF(256) with x⁸ + x⁴ + x³ + x² + 1 */
function times(one, other) {
  let product = 0;
  for (let at = 7; at >= 0; at--) {
    product = (product << 1) ^ (product >> 7 ? 0x11d : 0);
    if ((other >> at) & 1) product ^= one;
  }
  return product;
}

/** @param {number} degree @returns {number[]} coefficients of (x − 1)(x − 2)(x − 4)…, without the first, which is 1 */
function generator(degree) {
  const found = [...new Array(degree - 1).fill(0), 1];
  for (let at = 0, root = 1; at < degree; at++, root = times(root, 2)) {
    for (let place = 0; place < degree; place++) found[place] = times(found[place], root) ^ (found[place + 1] ?? 0);
  }
  return found;
}

/** @param {number[]} data @param {number[]} divisor @returns {number[]} the error correction codewords (section 7.5) */
function remainder(data, divisor) {
  const rest = new Array(divisor.length).fill(0);
  for (const value of data) {
    const factor = value ^ rest.shift();
    rest.push(0);
    divisor.forEach((coefficient, at) => (rest[at] ^= times(coefficient, factor)));
  }
  return rest;
}

/**
 * Blocks with their error correction, woven into each other (section 7.6).
 *
 * @param {number[]} data
 * @param {number} version
 * @param {Level} level
 * @returns {number[]}
 */
function interleave(data, version, level) {
  const count = BLOCKS[level][version - 1];
  const divisor = generator(PER_BLOCK[level][version - 1]);
  const short = Math.floor(data.length / count);
  const numShort = count - (data.length % count);
  /** @type {number[][]} */
  const blocks = [];
  for (let at = 0; blocks.length < count;) {
    const length = short + (blocks.length < numShort ? 0 : 1);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const weave = (/** @type {number[][]} */ rows) =>
    Array.from({ length: rows[rows.length - 1].length }, (_, at) => rows.flatMap((row) => row[at] ?? [])).flat();
  return [...weave(blocks), ...weave(blocks.map((block) => remainder(block, divisor)))];
}

/** @type {Map<number, {matrix: Matrix, taken: Matrix}>} */
const frames = new Map();

/**
 * What every code of a version has: finders, timing, alignment and version, and which modules they take (section 6.3).
 *
 * @param {number} version
 */
function frameOf(version) {
  const known = frames.get(version);
  if (known) return known;
  const side = sideOf(version);
  const blank = () => Array.from({ length: side }, () => new Array(side).fill(false));
  const [matrix, taken] = [blank(), blank()];
  const set = (/** @type {number} */ row, /** @type {number} */ column, /** @type {boolean} */ isDark) => {
    if (row < 0 || column < 0 || row >= side || column >= side) return;
    matrix[row][column] = isDark;
    taken[row][column] = true;
  };
  for (let at = 0; at < side; at++) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  const rings = (/** @type {number} */ row, /** @type {number} */ column, /** @type {number} */ reach) => {
    for (let down = -reach; down <= reach; down++) {
      for (let right = -reach; right <= reach; right++) {
        const ring = Math.max(Math.abs(down), Math.abs(right));
        set(row + down, column + right, reach === 4 ? ring !== 2 && ring !== 4 : ring !== 1);
      }
    }
  };
  const corners = [
    [3, 3],
    [3, side - 4],
    [side - 4, 3],
  ];
  for (const [row, column] of corners) rings(row, column, 4);
  const places = alignmentOf(version);
  const last = places.length - 1;
  places.forEach((row, at) =>
    places.forEach((column, other) => {
      const isFinder = (at === 0 && (other === 0 || other === last)) || (at === last && other === 0);
      if (!isFinder) rings(row, column, 2);
    }),
  );
  for (let at = 0; at < 9; at++) {
    if (!taken[8][at]) set(8, at, false); // format information, drawn later
    if (!taken[at][8]) set(at, 8, false);
    if (at < 8) set(8, side - 1 - at, false);
    if (at < 7) set(side - 1 - at, 8, false);
  }
  set(side - 8, 8, true);
  if (version >= 7) {
    const bits = (version << 12) | bch(version, 12, 0x1f25);
    for (let at = 0; at < 18; at++) {
      const [far, near] = [side - 11 + (at % 3), Math.floor(at / 3)];
      set(far, near, ((bits >> at) & 1) === 1);
      set(near, far, ((bits >> at) & 1) === 1);
    }
  }
  const made = { matrix, taken };
  frames.set(version, made);
  return made;
}

/** @param {number} version @returns {number[]} rows, and columns, of the centres of alignment patterns (annex E) */
function alignmentOf(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const last = sideOf(version) - 7;
  return [6, ...Array.from({ length: count - 1 }, (_, at) => last - step * (count - 2 - at))];
}

/** @param {number} value @param {number} length @param {number} divisor @returns {number} check bits (annexes C and D) */
function bch(value, length, divisor) {
  let rest = value;
  for (let at = 0; at < length; at++) rest = (rest << 1) ^ ((rest >> (length - 1)) & 1 ? divisor : 0);
  return rest & ((1 << length) - 1);
}

/**
 * @param {number[]} codewords
 * @param {number} version
 * @param {Level} level
 * @param {number} mask
 * @returns {Matrix}
 */
function draw(codewords, version, level, mask) {
  const { matrix: frame, taken } = frameOf(version);
  const side = sideOf(version);
  const matrix = frame.map((row) => [...row]);
  let at = 0;
  for (let right = side - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5; // the column of timing
    const isUpward = ((right + 1) & 2) === 0;
    for (let step = 0; step < side; step++) {
      for (const column of [right, right - 1]) {
        const row = isUpward ? side - 1 - step : step;
        if (taken[row][column]) continue;
        const bit = at < 8 * codewords.length && (codewords[at >> 3] >> (7 - (at & 7))) & 1;
        matrix[row][column] = Boolean(bit) !== MASKS[mask](row, column);
        at++;
      }
    }
  }
  drawFormat(matrix, (LEVEL_BITS[level] << 3) | mask);
  return matrix;
}

/** @param {Matrix} matrix @param {number} value level and mask (section 7.9) */
function drawFormat(matrix, value) {
  const side = matrix.length;
  const bits = ((value << 10) | bch(value, 10, 0x537)) ^ 0x5412;
  for (let at = 0; at < 15; at++) {
    const isDark = ((bits >> at) & 1) === 1;
    if (at < 6) matrix[at][8] = isDark;
    else if (at < 8) matrix[at + 1][8] = isDark;
    else matrix[8][at === 8 ? 7 : 14 - at] = isDark;
    if (at < 8) matrix[8][side - 1 - at] = isDark;
    else matrix[side - 15 + at][8] = isDark;
  }
}

/** @param {Matrix} matrix @returns {number} how hard it is to read (section 7.8.3) */
function penaltyOf(matrix) {
  const side = matrix.length;
  const columns = matrix.map((_, at) => matrix.map((row) => row[at]));
  let penalty = 0;
  for (const line of [...matrix, ...columns]) {
    const text = line.map(Number).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
    penalty += 40 * [...text.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  for (let row = 1; row < side; row++) {
    for (let column = 1; column < side; column++) {
      const one = matrix[row][column];
      const isBlock = one === matrix[row - 1][column] && one === matrix[row][column - 1];
      if (isBlock && one === matrix[row - 1][column - 1]) penalty += 3;
    }
  }
  const dark = matrix.flat().filter(Boolean).length / side ** 2;
  return penalty + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
