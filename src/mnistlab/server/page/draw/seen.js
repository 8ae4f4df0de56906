/** The 28x28 picture that the networks see, and what was done to the drawing to bring it there. */

import { element } from "../app/elements.js";
import { state } from "../app/state.js";
import { drawDigit } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";

export function createSeen() {
  const canvas = element("canvas", {
    class: "pixels",
    width: 28,
    height: 28,
    role: "img",
    "aria-label": "What the networks see",
  });
  const done = element("p", { class: "small muted seen-done" });
  const trouble = element("p", { class: "trouble", role: "alert", hidden: true });
  const inside = element("button", { type: "button", class: "plain" }, "Look inside");
  const saver = element("button", { type: "button", class: "plain" }, "Save as PNG");
  inside.addEventListener("click", () => state.set({ tab: "inside" }, { push: true }));
  const root = element(
    "figure",
    { class: "seen" },
    element("div", { class: "seen-frame" }, canvas),
    element("figcaption", {}, element("h2", { text: "What the networks see" }), done),
    element("div", { class: "seen-actions" }, inside, saver),
    trouble,
  );

  return {
    root,
    saver,
    show() {
      drawDigit(canvas, drawing.image);
      done.textContent = describe();
      root.classList.toggle("is-empty", drawing.isEmpty);
    },
    /** @param {string} sentence */
    showTrouble(sentence) {
      trouble.textContent = sentence;
      trouble.hidden = !sentence;
    },
  };
}

/** One or two sentences for people. */
function describe() {
  if (drawing.isPicked) return "28 × 28 pixels, cut from a picture.";
  if (drawing.isEmpty) return "28 × 28 pixels, empty so far.";
  const { shift, thicknessBefore, thickness } = drawing.normalized;
  const sentences = ["The drawing, made 20 pixels long"];
  const moves = [moved(shift[0], "down", "up"), moved(shift[1], "right", "left")].filter(Boolean);
  if (moves.length) sentences.push(` and moved ${moves.join(" and ")}, its centre of mass to the middle`);
  sentences.push(".");
  if (Math.abs(thickness - thicknessBefore) > 0.05) {
    sentences.push(` Its strokes, ${thicknessBefore.toFixed(1)} pixels thick, became ${thickness.toFixed(1)}.`);
  } else sentences.push(` Its strokes are ${thickness.toFixed(1)} pixels thick.`);
  return sentences.join("");
}

/**
 * @param {number} pixels
 * @param {string} forth
 * @param {string} back
 */
function moved(pixels, forth, back) {
  return pixels && `${Math.abs(pixels)} ${pixels > 0 ? forth : back}`;
}
