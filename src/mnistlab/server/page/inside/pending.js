/** What another network showed is out of sight until the one that was chosen has answered, and the page says so. */

import { createWaiting } from "../app/waiting.js";

/**
 * @param {HTMLElement[]} parts what belongs to one network
 * @param {HTMLElement} sentence in whose place the waiting is said
 */
export function createPending(parts, sentence) {
  const waiting = createWaiting();
  let shownFor = ""; // whose answers are on the page

  /** @param {boolean} isPending */
  function mark(isPending) {
    for (const part of parts) part.classList.toggle("is-pending", isPending);
    sentence.hidden = isPending;
  }

  return {
    root: waiting.root,
    /** @returns {boolean} whether something is waited for */
    get isOn() {
      return !waiting.root.hidden;
    },
    /**
     * @param {string} key stands for the networks that are looked into
     * @param {string} what is waited for, without its full stop
     */
    begin(key, what) {
      if (key === shownFor) return;
      shownFor = "";
      mark(true);
      waiting.begin(what);
    },
    /** @param {string} key whose answers are there now */
    end(key) {
      shownFor = key;
      waiting.end();
      mark(false);
    },
    /** Nothing is waited for any longer, nor is there anything to see. */
    stop() {
      waiting.end();
      sentence.hidden = false;
    },
  };
}
