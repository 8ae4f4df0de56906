/**
 * Where covering a patch of the digit changes the answer.
 *
 * @typedef {{digit: number, confidence: number, rows: number, columns: number, size: number, step: number,
 *   drop: string, answers: number[]}} Occlusion
 */

import { element } from "../app/elements.js";
import { className, oneOf } from "../app/networks.js";
import { chance, say, sayWith } from "../app/words.js";
import { SIDE, color, decodeFloats } from "../digits/digits.js";
import { createLookedAt, shape } from "./receptive.js";

/** @param {(text: string) => void} announce */
export function createOcclusion(announce) {
  const picture = createLookedAt(say("inside.occlusion_picture"));
  const sentence = element("p", { class: "small occlusion-said" });
  const legend = element(
    "p",
    { class: "legend small muted" },
    ...sayWith("inside.occlusion_legend", { scale: element("span", { class: "legend-scale", "aria-hidden": "true" }) }),
  );
  const cells = shape("g");
  picture.overlay.prepend(cells);
  picture.root.tabIndex = 0;
  picture.root.setAttribute("role", "application");
  picture.root.setAttribute("aria-roledescription", say("inside.occlusion_role"));
  picture.root.setAttribute("aria-label", say("inside.occlusion_label"));
  const root = element("div", { class: "occlusion" }, picture.root, element("div", {}, sentence, legend));

  /** @type {Occlusion | null} */
  let now = null;
  /** @type {import("../app/networks.js").Network | null} */
  let asked = null;
  /** @type {Float32Array} */
  let drop = new Float32Array();
  let cursor = 0;

  /** @param {number} at @param {boolean} isSaid */
  function point(at, isSaid) {
    if (!now || !asked) return;
    cursor = at;
    const [row, column] = [Math.floor(at / now.columns), at % now.columns];
    const box = { x: column * now.step, y: row * now.step, width: now.size, height: now.size };
    picture.outline(box);
    const whole = chance(now.confidence);
    const rest = chance(Math.max(now.confidence - drop[at], 0));
    const other = now.answers[at];
    sentence.textContent =
      other === now.digit
        ? say(rest === whole ? "inside.covered_nothing" : "inside.covered_same", { thing: oneOf(asked, now.digit), rest, whole })
        : say("inside.covered_other", { thing: oneOf(asked, other), name: className(asked, now.digit), rest, whole });
    if (isSaid) announce(sentence.textContent);
  }

  function summarize() {
    if (!now) return;
    picture.outline(null);
    const most = drop.reduce((best, value, at) => (value > drop[best] ? at : best), 0);
    const least = Math.max(now.confidence - drop[most], 0);
    const changes = now.answers.filter((answer) => answer !== now?.digit).length;
    sentence.textContent = say(changes ? "inside.covering_changes" : "inside.covering_keeps", {
      changes,
      count: now.answers.length,
      size: now.size,
      rest: chance(least),
      whole: chance(now.confidence),
    });
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (!now) return;
    const box = picture.root.getBoundingClientRect();
    const along = (/** @type {number} */ share, /** @type {number} */ count) => {
      const place = Math.round((share * SIDE - (now?.size ?? 0) / 2) / (now?.step ?? 1));
      return Math.min(Math.max(place, 0), count - 1);
    };
    const row = along((event.clientY - box.top) / box.height, now.rows);
    const column = along((event.clientX - box.left) / box.width, now.columns);
    point(row * now.columns + column, false);
  }
  picture.root.addEventListener("pointerdown", follow);
  picture.root.addEventListener("pointermove", follow);
  // A finger leaves as soon as it has tapped; what it pointed at stays.
  picture.root.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && summarize());
  picture.root.addEventListener("blur", summarize);
  picture.root.addEventListener("keydown", (event) => {
    if (!now || !/^Arrow/.test(event.key)) return;
    event.preventDefault();
    const [row, column] = [Math.floor(cursor / now.columns), cursor % now.columns];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const to = [
      Math.min(Math.max(row + down, 0), now.rows - 1),
      Math.min(Math.max(column + right, 0), now.columns - 1),
    ];
    point(to[0] * now.columns + to[1], true);
  });

  return {
    root,
    /** @param {Uint8Array} image @param {Occlusion} occlusion @param {import("../app/networks.js").Network} network */
    show(image, occlusion, network) {
      [now, asked] = [occlusion, network];
      drop = decodeFloats(occlusion.drop);
      cursor = Math.floor(drop.length / 2);
      picture.showImage(image, { ink: color("ink") });
      const { step, size, columns, confidence } = occlusion;
      const parts = [...drop].flatMap((lost, at) => {
        const x = (at % columns) * step + size / 2;
        const y = Math.floor(at / columns) * step + size / 2;
        const opacity = (0.85 * Math.min(Math.max(lost / (confidence || 1), 0), 1)).toFixed(3);
        const square = shape("rect", {
          x: x - step / 2,
          y: y - step / 2,
          width: step,
          height: step,
          class: "heat",
          "fill-opacity": opacity,
        });
        if (occlusion.answers[at] === occlusion.digit) return [square];
        const text = shape("text", {
          x,
          y,
          class: "heat-digit",
          "font-size": 0.8 * step,
          "text-anchor": "middle",
          dy: "0.35em",
        });
        text.textContent = String(occlusion.answers[at]);
        return [square, text];
      });
      cells.replaceChildren(...parts);
      summarize();
    },
  };
}
