/**
 * Digits made larger and smaller, and the thickness of their strokes measured and changed: steps 3 and 4 of
 * `docs/normalization.md`.
 *
 * @typedef {{values: Float64Array, width: number, height: number}} Grid row by row, 0 beyond the edges
 */

export const FINE = 4; // strokes are measured and changed on a grid so many times as fine
export const FINEST = 6; // the same for strokes thinner than usual, of which the coarser grid may lose a part
export const USUAL_THICKNESS = [1.1, 6]; // pixels; 999 of 1,000 training images of MNIST are between
const NEARER_THICKNESS = [1.6, 3.7]; // pixels; where strokes go that are thinner or thicker
export const HALF = 0.500001; // added before rounding down; ties must not depend on the last bit of a sum

/**
 * Enlarges or reduces by `newSide / side`: area averages to reduce, straight lines between pixels to enlarge.
 *
 * @param {Grid} grid
 * @param {number} side a length in pixels, most often the longer side of the grid
 * @param {number} newSide what it becomes
 * @returns {Grid} both lengths rounded up; the same grid if both sides are equal
 */
export function resample(grid, side, newSide) {
  if (side === newSide) return grid;
  const columns = weights(grid.width, side, newSide);
  const rows = weights(grid.height, side, newSide);
  const narrow = new Float64Array(grid.height * columns.length);
  for (let y = 0; y < grid.height; y++) {
    columns.forEach(({ first, shares }, x) => {
      let total = 0;
      for (let k = 0; k < shares.length; k++) total += shares[k] * grid.values[y * grid.width + first + k];
      narrow[y * columns.length + x] = total;
    });
  }
  const values = new Float64Array(rows.length * columns.length);
  rows.forEach(({ first, shares }, y) => {
    for (let k = 0; k < shares.length; k++) {
      const [from, to, share] = [(first + k) * columns.length, y * columns.length, shares[k]];
      for (let x = 0; x < columns.length; x++) values[to + x] += share * narrow[from + x];
    }
  });
  return { values, width: columns.length, height: rows.length };
}

/**
 * For each new pixel of one axis, what the old ones count from the first that counts on.
 *
 * @param {number} length
 * @param {number} side
 * @param {number} newSide
 * @returns {{first: number, shares: number[]}[]}
 */
function weights(length, side, newSide) {
  return Array.from({ length: Math.ceil((length * newSide) / side) }, (_, at) => {
    const [start, end] = [(at * side) / newSide, ((at + 1) * side) / newSide];
    const middle = ((at + 0.5) * side) / newSide - 0.5;
    const isReduced = newSide < side;
    const first = Math.max(Math.floor(isReduced ? start : middle), 0);
    const last = Math.min(Math.ceil(isReduced ? end : middle + 1), length - 1);
    const shares = [];
    for (let old = first; old <= last; old++) {
      const covered = (Math.min(end, old + 1) - Math.max(start, old)) * (newSide / side);
      shares.push(Math.max(isReduced ? covered : 1 - Math.abs(middle - old), 0));
    }
    return { first, shares };
  });
}

/**
 * The mean width of strokes in pixels: twice their area for the length of their outline.
 *
 * @param {Grid} grid
 * @returns {number} 0 where there is no ink
 */
export function measureThickness(grid) {
  const { values, width, height } = pad(sharpen(grid), 1);
  let [area, outline] = [0, 0];
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const at = y * width + x;
      area += values[at];
      const rising = values[at + width + 1] - values[at];
      const falling = values[at + 1] - values[at + width];
      outline += Math.sqrt((rising * rising + falling * falling) / 2);
    }
  }
  return outline ? (2 * area) / outline : 0;
}

/**
 * Edges made steep about half of the strongest ink, 0 to 1.
 *
 * @param {Grid} grid
 * @returns {Grid}
 */
function sharpen(grid) {
  const strongest = grid.values.reduce((most, value) => Math.max(most, value), 0);
  if (!strongest) return { ...grid, values: new Float64Array(grid.values.length) };
  const steep = (/** @type {number} */ value) => (value - 0.375 * strongest) / (0.25 * strongest);
  return { ...grid, values: grid.values.map((value) => Math.min(Math.max(steep(value), 0), 1)) };
}

/**
 * @param {Grid} grid
 * @param {number} frame zeros on each side
 * @returns {Grid}
 */
function pad(grid, frame) {
  const [width, height] = [grid.width + 2 * frame, grid.height + 2 * frame];
  const values = new Float64Array(width * height);
  for (let y = 0; y < grid.height; y++) {
    values.set(grid.values.subarray(y * grid.width, (y + 1) * grid.width), (y + frame) * width + frame);
  }
  return { values, width, height };
}

/**
 * Reduces a digit by a whole number, to the strongest ink of each square, so that no hairline fades on the way.
 *
 * @param {Grid} grid
 * @param {number} most length that the longer side may have twice; nothing changes below that
 * @returns {Grid}
 */
export function keepThin(grid, most) {
  const factor = Math.floor(Math.max(grid.width, grid.height) / (2 * most));
  if (factor < 2) return grid;
  const [width, height] = [Math.ceil(grid.width / factor), Math.ceil(grid.height / factor)];
  const values = new Float64Array(width * height);
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const at = Math.floor(y / factor) * width + Math.floor(x / factor);
      values[at] = Math.max(values[at], grid.values[y * grid.width + x]);
    }
  }
  return { values, width, height };
}

/**
 * Makes strokes that are far too thin thicker, and far too thick ones thinner, with a round brush.
 *
 * @param {Grid} fine a digit that fills the fine grid
 * @param {number} measured thickness of its strokes there, outside of what is usual
 * @param {number} side of the fine grid
 * @param {boolean} isCut whether to cut the result to its ink; otherwise it stays as large as `fine`
 * @param {number} times how many times as fine the grid is as the image
 * @returns {Grid} 0 to 255
 */
export function changeThickness(fine, measured, side, isCut, times) {
  const wanted = times * NEARER_THICKNESS[measured < times * USUAL_THICKNESS[0] ? 0 : 1];
  const radius = Math.max((wanted - measured) / (2 * (1 - wanted / side)), -measured / 4); // half of it is left
  const whole = Math.floor(Math.abs(radius));
  const part = Math.abs(radius) - whole;
  const frame = 2 * whole + 2;
  const padded = pad(sharpen(fine), frame);
  const [inner, outer] = [brush(padded, whole, radius > 0), brush(padded, whole + 1, radius > 0)];
  const changed = { ...padded, values: inner.map((value, at) => (1 - part) * value + part * outer[at]) };
  const box = (isCut && inkBox(changed, (value) => value >= 0.5)) || [
    frame,
    frame,
    frame + fine.height,
    frame + fine.width,
  ];
  const kept = cut(changed, box);
  return { ...kept, values: kept.values.map((value) => 255 * value) };
}

/**
 * The highest value within the radius, or the lowest.
 *
 * A disc is a stack of rows. From its top and bottom to its middle they grow longer, so that the extreme of each row is
 * made from that of the shorter one.
 *
 * @param {Grid} grid
 * @param {number} radius
 * @param {boolean} grows
 * @returns {Float64Array}
 */
function brush({ values, width, height }, radius, grows) {
  const pick = grows ? Math.max : Math.min;
  const row = values.slice(); // the extreme of what is up to `reach` to the left and right
  const changed = values.slice();
  let reach = 0;
  for (let down = radius; down >= 0; down--) {
    const farther = Math.floor(Math.sqrt(radius * radius - down * down));
    for (reach++; reach <= farther; reach++) {
      for (let at = 0; at < values.length; at++) {
        const x = at % width;
        const left = x >= reach ? values[at - reach] : 0;
        const right = x + reach < width ? values[at + reach] : 0;
        row[at] = pick(row[at], left, right);
      }
    }
    reach = farther;
    for (let at = 0; at < values.length; at++) {
      const [above, below] = [at - down * width, at + down * width];
      changed[at] = pick(changed[at], above < 0 ? 0 : row[above], below >= width * height ? 0 : row[below]);
    }
  }
  return changed;
}

/**
 * Top, left, bottom and right of what is ink, the last two one past it.
 *
 * @param {Grid} grid
 * @param {(value: number) => boolean} isInk
 * @returns {number[] | null} null if nothing is
 */
export function inkBox({ values, width, height }, isInk) {
  let [top, left, bottom, right] = [height, width, 0, 0];
  values.forEach((value, at) => {
    if (!isInk(value)) return;
    const [y, x] = [Math.floor(at / width), at % width];
    top = Math.min(top, y);
    left = Math.min(left, x);
    bottom = Math.max(bottom, y + 1);
    right = Math.max(right, x + 1);
  });
  return bottom ? [top, left, bottom, right] : null;
}

/**
 * @param {Grid} grid
 * @param {number[]} box
 * @returns {Grid}
 */
export function cut(grid, [top, left, bottom, right]) {
  const width = right - left;
  const values = new Float64Array(width * (bottom - top));
  for (let y = top; y < bottom; y++) {
    values.set(grid.values.subarray(y * grid.width + left, y * grid.width + right), (y - top) * width);
  }
  return { values, width, height: bottom - top };
}
