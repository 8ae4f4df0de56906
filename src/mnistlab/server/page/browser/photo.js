/** A photo of one digit: brought into MNIST's form and judged. Whole pages are read by `mnistlab serve`. */

import { ApiError } from "../app/api.js";
import { element } from "../app/elements.js";
import { say } from "../app/words.js";
import { encodeImage } from "../digits/digits.js";
import { normalizeDigit } from "../digits/normalize.js";
import { verdictOf } from "./asking.js";

const LONGEST = 600; // pixels of the photo's longer side that are looked at

/**
 * @param {Blob} file
 * @returns {Promise<object>} what the server's `/api/read` gives
 */
export async function readPhoto(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new ApiError(say("site.no_picture"), 422);
  const scale = Math.min(LONGEST / Math.max(bitmap.width, bitmap.height), 1);
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const sheet = element("canvas", { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, width, height);
  pen.drawImage(bitmap, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  const values = Uint8Array.from({ length: width * height }, (_, at) =>
    Math.round(0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]),
  );
  const { image, isBlank, box } = normalizeDigit({ values, width, height });
  const troubles = [{ kind: "one digit", sentence: say("site.one_digit"), advice: say("site.whole_pages") }];
  const page = { width: bitmap.width, height: bitmap.height, turn: 0, troubles };
  if (isBlank) return { ...page, lines: [], digits: [] };
  const verdict = await verdictOf(image);
  const [top, left, bottom, right] = box.map((place) => Math.round(place / scale));
  const found = { ...verdict, box: { top, left, bottom, right }, line: 0, position: 0, marks: [], image: encodeImage(image) };
  return { ...page, lines: verdict.digit === null ? [] : [String(verdict.digit)], digits: [found] };
}
