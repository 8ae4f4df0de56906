/**
 * "How to do this in code": the command line and the Python for what is on screen.
 *
 * @typedef {{command: string, python: string}} Code
 */

import { say } from "../app/words.js";

const COPY_KEYS = navigator.platform.startsWith("Mac") ? "⌘C" : say("code.copy_keys");

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

  for (const button of panel.querySelectorAll("[data-copy]")) {
    const label = /** @type {Text} */ (button.firstChild);
    button.addEventListener("click", async () => {
      const place = document.getElementById(button.getAttribute("data-copy") ?? "");
      if (!place) return;
      const isCopied = await copy(place.textContent ?? "");
      if (!isCopied) getSelection()?.selectAllChildren(place);
      label.data = isCopied ? say("code.copied") : say("code.selected", { keys: COPY_KEYS });
      announce(isCopied ? say("code.copied") : say("code.not_copied", { keys: COPY_KEYS }));
      setTimeout(() => (label.data = say("code.copy")), isCopied ? 2000 : 6000);
    });
  }
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is on the clipboard; over plain HTTP from another machine there is none
 */
async function copy(text) {
  try {
    if (!navigator.clipboard) return false;
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
