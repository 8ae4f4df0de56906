/**
 * "How to do this in code": the command line and the Python for what is on screen.
 *
 * @typedef {{command: string, python: string}} Code
 */

import { copyOnClick } from "../app/clipboard.js";

/**
 * @param {() => Code | Promise<Code> | null} ask gives the code of what is on screen at that moment
 * @param {(text: string) => void} announce
 */
export function mountCodePanel(ask, announce) {
  const panel = /** @type {HTMLDialogElement} */ (document.getElementById("code-panel"));
  const command = /** @type {HTMLElement} */ (document.getElementById("code-command"));
  const python = /** @type {HTMLElement} */ (document.getElementById("code-python"));

  document.getElementById("code-opener")?.addEventListener("click", async () => {
    const code = (await ask()) ?? { command: "mnistlab --help", python: "import mnistlab" };
    command.textContent = code.command;
    python.textContent = code.python;
    if (!panel.open) panel.showModal(); // it may have been asked for twice while the answer was on its way
  });
  document.getElementById("code-close")?.addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close(); // the backdrop
  });
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll("[data-copy]"))) {
    copyOnClick(button, button.dataset.copy === "code-command" ? command : python, announce);
  }
}
