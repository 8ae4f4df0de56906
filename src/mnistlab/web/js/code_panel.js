/**
 * "How to do this in code": the command line and the Python for what is on screen.
 *
 * @typedef {{command: string, python: string}} Code
 */

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
    panel.showModal();
  });
  document.getElementById("code-close")?.addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close(); // the backdrop
  });

  for (const button of panel.querySelectorAll("[data-copy]")) {
    const label = /** @type {Text} */ (button.firstChild);
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.getAttribute("data-copy") ?? "")?.textContent ?? "";
      const isCopied = await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      );
      label.data = isCopied ? "Copied" : "Select and copy it";
      announce(isCopied ? "Copied." : "The browser does not allow copying. Select the text and copy it.");
      setTimeout(() => (label.data = "Copy"), 2000);
    });
  }
}
