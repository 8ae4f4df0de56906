/** The confusion matrix: a table of buttons, the rows what the label says, the columns what the network reads. */

import { element } from "../app/elements.js";
import { className } from "../app/networks.js";
import { say } from "../app/words.js";

const DIGITS = [...Array(10).keys()];
const STEPS = /** @type {Record<string, [number, number]>} */ ({
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
});

/** @param {(label: number, prediction: number) => void} choose */
export function createMatrix(choose) {
  const buttons = DIGITS.map((label) =>
    DIGITS.map((prediction) => {
      const button = element("button", {
        type: "button",
        tabindex: -1,
        "aria-pressed": "false",
        onclick: () => choose(label, prediction),
      });
      button.addEventListener("keydown", (event) => move(event, label, prediction));
      button.addEventListener("focus", () => rove(label, prediction));
      return button;
    }),
  );
  const columns = DIGITS.map((digit) => element("th", { scope: "col", text: digit }));
  const head = element("tr", {}, element("td", { class: "matrix-side" }), ...columns);
  const rows = DIGITS.map((label) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", text: label }),
      ...buttons[label].map((button) => element("td", {}, button)),
    ),
  );
  const caption = element(
    "caption",
    {},
    element("span", {
      class: "small muted",
      text: say("mistakes.matrix"),
    }),
  );
  const root = element(
    "table",
    { class: "matrix" },
    caption,
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
  let [row, column] = [4, 9]; // where Tab leads
  rove(row, column);

  /**
   * @param {number} label
   * @param {number} prediction
   */
  function rove(label, prediction) {
    buttons[row][column].tabIndex = -1;
    [row, column] = [label, prediction];
    buttons[row][column].tabIndex = 0;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} label
   * @param {number} prediction
   */
  function move(event, label, prediction) {
    const [down, right] =
      STEPS[event.key] ??
      (event.key === "Home" ? [0, -prediction] : event.key === "End" ? [0, 9 - prediction] : [0, 0]);
    if (!down && !right) return;
    event.preventDefault();
    buttons[Math.min(Math.max(label + down, 0), 9)][Math.min(Math.max(prediction + right, 0), 9)].focus();
  }

  return {
    root,
    /**
     * @param {number[][]} matrix
     * @param {[number, number] | null} chosen
     * @param {import("../app/networks.js").Network} network
     */
    show(matrix, chosen, network) {
      columns.forEach((column, prediction) => (column.textContent = className(network, prediction)));
      root.classList.toggle("has-names", Boolean(network.class_names));
      const most = Math.max(
        1,
        ...matrix.flatMap((counts, label) => counts.filter((_, prediction) => prediction !== label)),
      );
      for (const label of DIGITS) {
        for (const prediction of DIGITS) {
          const [button, count] = [buttons[label][prediction], matrix[label][prediction]];
          button.textContent = String(count);
          button.className = label === prediction ? "is-right" : count ? "" : "is-none";
          // Logarithmic: the difference between one mistake and five is seen beside the one between fifty and a hundred.
          button.style.setProperty(
            "--shade",
            label === prediction ? "0" : (Math.log1p(count) / Math.log1p(most)).toFixed(3),
          );
          const values = { label: String(label), name: className(network, prediction), count };
          button.setAttribute(
            "aria-label",
            say(label === prediction ? "mistakes.cell_right" : "mistakes.cell_wrong", values),
          );
          button.setAttribute(
            "aria-pressed",
            String(chosen !== null && chosen[0] === label && chosen[1] === prediction),
          );
        }
      }
      if (chosen && !root.contains(document.activeElement)) rove(...chosen);
    },
  };
}
