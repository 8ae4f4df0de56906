/**
 * Many small pictures of numbers in rows, such as all maps of a layer, whose cells can be pointed at one by one.
 *
 * @typedef {{
 *   count: number,
 *   rows: number,
 *   columns: number,
 *   at: (map: number, row: number, column: number) => number,
 *   strongest: number,
 *   side?: number,
 * }} Maps `strongest` is what is painted in full; `side` how long the longer side of a picture should be on the
 *   screen, in pixels, about
 * @typedef {{map: number, row: number, column: number}} Cell
 */

import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { color, onThemeChange, rgb } from "../digits/digits.js";

const GAP = 8; // pixels between pictures
const USUAL_SIDE = 56; // pixels of a picture, about

/**
 * Positive numbers are ink, negative ones blue, 0 is paper.
 *
 * @param {{
 *   label: string,
 *   maps: Maps,
 *   limit: number,
 *   onPoint: (cell: Cell | null) => void,
 *   onChoose: (cell: Cell) => void,
 *   onLayOut?: (across: number) => void,
 * }} options limit: rows of pictures to show; onPoint: where the pointer or the arrow keys are; onChoose: what was
 *   clicked; onLayOut: how many one row has room for
 */
export function createMaps({ label, maps, limit, onPoint, onChoose, onLayOut }) {
  const canvas = element("canvas", {
    class: "pixels",
    tabindex: 0,
    role: "application",
    "aria-roledescription": say("inside.maps_role"),
    "aria-label": label,
  });
  const mark = element("div", { class: "cell-mark", hidden: true });
  const root = element("div", { class: "maps" }, canvas, mark);
  let [zoom, gap, across, shown] = [1, 1, 1, 0];
  /** @type {Cell} */
  let cursor = { map: 0, row: 0, column: 0 };
  /** @type {Cell | null} */
  let marked = null;

  function layOut() {
    const width = root.clientWidth;
    if (!width) return;
    const wanted = Math.floor((maps.side ?? USUAL_SIDE) / Math.max(maps.rows, maps.columns));
    zoom = Math.max(Math.min(wanted, Math.floor(width / maps.columns)), 1);
    gap = Math.max(Math.round(GAP / zoom), 1);
    across = Math.max(Math.floor((width / zoom + gap) / (maps.columns + gap)), 1);
    shown = Math.min(maps.count, across * limit);
    onLayOut?.(across);
    paint();
    showMark(marked);
  }

  function paint() {
    if (!shown) return;
    const [paper, ink, blue] = ["paper", "ink", "series-1"].map((name) => rgb(color(name)));
    canvas.width = Math.min(shown, across) * (maps.columns + gap) - gap;
    canvas.height = Math.ceil(shown / across) * (maps.rows + gap) - gap;
    canvas.style.width = `${canvas.width * zoom}px`;
    canvas.style.height = `${canvas.height * zoom}px`;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const picture = context.createImageData(canvas.width, canvas.height);
    for (let map = 0; map < shown; map++) {
      const { x, y } = cornerOf(map);
      for (let row = 0; row < maps.rows; row++) {
        for (let column = 0; column < maps.columns; column++) {
          const value = maps.at(map, row, column);
          const share = Math.min(Math.abs(value) / (maps.strongest || 1), 1);
          const strong = value < 0 ? blue : ink;
          const at = 4 * ((y + row) * canvas.width + x + column);
          for (let band = 0; band < 3; band++)
            picture.data[at + band] = paper[band] + (strong[band] - paper[band]) * (0.04 + 0.96 * share);
          picture.data[at + 3] = 255;
        }
      }
    }
    context.putImageData(picture, 0, 0);
  }

  /** @param {number} map */
  function cornerOf(map) {
    return { x: (map % across) * (maps.columns + gap), y: Math.floor(map / across) * (maps.rows + gap) };
  }

  /** @param {PointerEvent | MouseEvent} event @returns {Cell | null} */
  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom];
    const [right, down] = [Math.floor(x / (maps.columns + gap)), Math.floor(y / (maps.rows + gap))];
    const map = down * across + right;
    const [row, column] = [Math.floor(y - down * (maps.rows + gap)), Math.floor(x - right * (maps.columns + gap))];
    if (right >= across || map >= shown || row >= maps.rows || column >= maps.columns || Math.min(row, column) < 0)
      return null;
    return { map, row, column };
  }

  /** @param {Cell | null} cell */
  function showMark(cell) {
    marked = cell;
    mark.hidden = !cell || cell.map >= shown;
    if (!cell || mark.hidden) return;
    const { x, y } = cornerOf(cell.map);
    mark.style.left = `${(x + cell.column) * zoom}px`;
    mark.style.top = `${(y + cell.row) * zoom}px`;
    mark.style.width = mark.style.height = `${zoom}px`;
  }

  /** @param {string} key */
  function moveCursor(key) {
    let { map, row, column } = cursor;
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [
      0, 0,
    ];
    [row, column] = [row + down, column + right];
    // Beyond the edge of a picture is the next one.
    if (column < 0) [map, column] = [map - 1, maps.columns - 1];
    if (column >= maps.columns) [map, column] = [map + 1, 0];
    if (row < 0) [map, row] = [map - across, maps.rows - 1];
    if (row >= maps.rows) [map, row] = [map + across, 0];
    if (key === "PageUp") map--;
    if (key === "PageDown") map++;
    if (map >= 0 && map < shown) cursor = { map, row, column };
  }

  canvas.addEventListener("pointermove", (event) => onPoint(cellAt(event)));
  canvas.addEventListener("pointerleave", () => onPoint(null));
  canvas.addEventListener("click", (event) => {
    const cell = cellAt(event);
    if (cell) onChoose((cursor = cell));
  });
  canvas.addEventListener("keydown", (event) => {
    if (/^(Arrow|Page)/.test(event.key)) {
      moveCursor(event.key);
      onPoint(cursor);
    } else if (event.key === "Enter" || event.key === " ") onChoose(cursor);
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && onPoint(cursor));
  canvas.addEventListener("blur", () => onPoint(null));
  new ResizeObserver(layOut).observe(root);
  onThemeChange(paint);

  return {
    root,
    showMark,
    /** How many pictures there is room for. */
    get shown() {
      return shown;
    },
    /** @param {number} rows of pictures */
    setLimit(rows) {
      limit = rows;
      layOut();
    },
    /** @param {Maps} next of the same shape */
    show(next) {
      maps = next;
      paint();
    },
  };
}
