/** The 28x28 picture that the networks see, and what was done to the drawing to bring it there. */

import { element } from "../app/elements.js";
import { state } from "../app/state.js";
import { say } from "../app/words.js";
import { drawDigit } from "../digits/digits.js";
import { drawing } from "../digits/drawing.js";

export function createSeen() {
  const canvas = element("canvas", {
    class: "pixels",
    width: 28,
    height: 28,
    role: "img",
    "aria-label": say("draw.seen"),
  });
  const done = element("p", { class: "small muted seen-done" });
  const trouble = element("p", { class: "trouble", role: "alert", hidden: true });
  const inside = element("button", { type: "button", class: "plain" }, say("draw.look_inside"));
  const saver = element("button", { type: "button", class: "plain" }, say("draw.save"));
  const printer = element("button", { type: "button", class: "plain" }, say("draw.print"));
  inside.addEventListener("click", () => state.set({ tab: "inside" }, { push: true }));
  const root = element(
    "figure",
    { class: "seen" },
    element("div", { class: "seen-frame" }, canvas),
    element("figcaption", {}, element("h2", { text: say("draw.seen") }), done),
    element("div", { class: "seen-actions" }, inside, saver, printer),
    trouble,
  );

  return {
    root,
    saver,
    printer,
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
  if (drawing.isPicked) return say("draw.seen_picked");
  if (drawing.isEmpty) return say("draw.seen_empty");
  const { shift, thicknessBefore, thickness } = drawing.normalized;
  const moves = [moved(shift[1], "right", "left"), moved(shift[0], "down", "up")].filter((move) => move !== null);
  const became = Math.abs(thickness - thicknessBefore) > 0.05 ? "draw.seen_thickness_changed" : "draw.seen_thickness";
  return [
    moves.length ? say("draw.seen_moved", { moves }) : say("draw.seen_scaled"),
    say(became, { before: thicknessBefore, now: thickness }),
  ].join(" ");
}

/**
 * @param {number} pixels
 * @param {string} forth
 * @param {string} back
 * @returns {import("../app/words.js").Said | null}
 */
function moved(pixels, forth, back) {
  return pixels ? { key: `draw.seen_${pixels > 0 ? forth : back}`, values: { pixels: Math.abs(pixels) } } : null;
}
