/**
 * A network's file as `mnistlab export --format web` writes it: a header that says what to compute, then the numbers.
 *
 * @typedef {{do: string, from: number[], shape: number[], weights?: number, bias?: number, factor?: number,
 *   offset?: number, strides?: number[], pads?: number[], size?: number[], axes?: number[], before?: number[],
 *   after?: number[]}} Step
 *   weights, bias, factor, offset: numbers of arrays
 * @typedef {{temperature: number, least_confidence: number, least_likeness: number, kinds: string[]}} Calibration
 * @typedef {{steps: Step[], outputs: Record<string, number>, arrays: Float32Array[], shapes: number[][],
 *   calibration: Calibration}} Weights
 *   arrays, with their shapes: all numbers that training found; outputs: the step that gives each of them
 */

const MAGIC = "mnistweb";
const VERSION = 1;

/**
 * @param {ArrayBuffer} file
 * @returns {Weights}
 * @throws {TypeError} if it is another kind of file, or of another version
 */
export function readWeights(file) {
  const view = new DataView(file);
  const text = new TextDecoder();
  if (file.byteLength < 12 || text.decode(new Uint8Array(file, 0, 8)) !== MAGIC) throw new TypeError("no-network");
  const begin = 12 + view.getUint32(8, true);
  const { version, arrays, ...rest } = JSON.parse(text.decode(new Uint8Array(file, 12, begin - 12)));
  if (version !== VERSION) throw new TypeError("other-version");
  return {
    ...rest,
    shapes: arrays.map((/** @type {{shape: number[]}} */ { shape }) => shape),
    arrays: arrays.map((/** @type {{shape: number[], type: string, offset: number}} */ { shape, type, offset }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      // Every machine with a browser has the lowest byte first, as the file has.
      if (type === "float32") return new Float32Array(file, begin + offset, length);
      if (type === "float24") return lengthen(new Uint8Array(file, begin + offset, 3 * length));
      return widen(new Uint16Array(file, begin + offset, length));
    }),
  };
}

/**
 * Numbers of which the file has the upper three bytes.
 *
 * @param {Uint8Array} bytes
 */
function lengthen(bytes) {
  const bits = new Uint32Array(bytes.length / 3);
  for (let at = 0; at < bits.length; at++)
    bits[at] = (bytes[3 * at] << 8) | (bytes[3 * at + 1] << 16) | (bytes[3 * at + 2] << 24);
  return new Float32Array(bits.buffer);
}

/** @type {Float32Array | null} */
let known = null;

/**
 * @param {Uint16Array} halves
 * @returns {Float32Array} the same numbers
 */
function widen(halves) {
  known ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => half(bits)); // all that there are
  const numbers = new Float32Array(halves.length);
  for (let at = 0; at < numbers.length; at++) numbers[at] = known[halves[at]];
  return numbers;
}

/**
 * A number in half precision: a sign, five bits of exponent, ten of fraction.
 *
 * @param {number} bits
 */
function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
  const size = exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
  return bits >> 15 ? -size : size;
}
