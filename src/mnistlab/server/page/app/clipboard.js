/** Copying a text, and what a page says of it. */

import { say } from "./words.js";

const KEYS = navigator.platform.startsWith("Mac") ? "⌘C" : say("code.copy_keys");
const COPIED_MILLISECONDS = 2000;
const SELECTED_MILLISECONDS = 6000;

/**
 * Lets a button copy the text of an element; where the browser does not let a page copy, the text is selected.
 *
 * @param {HTMLElement} button whose text becomes what was done, for a moment
 * @param {HTMLElement} place an element with text, or a field
 * @param {(text: string) => void} announce
 */
export function copyOnClick(button, place, announce) {
  const label = button.textContent ?? "";
  let timer = 0;
  button.addEventListener("click", async () => {
    const isField = place instanceof HTMLInputElement;
    const isCopied = await copy(isField ? place.value : (place.textContent ?? ""));
    if (!isCopied) isField ? place.select() : getSelection()?.selectAllChildren(place);
    button.textContent = isCopied ? say("code.copied") : say("code.selected", { keys: KEYS });
    announce(isCopied ? say("code.copied") : say("code.not_copied", { keys: KEYS }));
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = label), isCopied ? COPIED_MILLISECONDS : SELECTED_MILLISECONDS);
  });
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
