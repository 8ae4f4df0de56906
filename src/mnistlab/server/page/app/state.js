/**
 * What is on screen, as the address says it: `#tab=draw&networks=shipped&strokes=…`.
 *
 * The address is the only place where this is kept, so a copied link, the back button and a reload all show the same.
 *
 * @typedef {Readonly<Record<string, string>>} State
 */

/** @type {Set<(state: State, before: State) => void>} */
const listeners = new Set();

/** @type {State} */
let current = read();

/** @returns {State} */
function read() {
  return Object.freeze(Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
}

/**
 * The fragment that stands for a state, without the `#`.
 *
 * @param {State} state
 * @returns {string}
 */
export function toFragment(state) {
  const { tab, ...rest } = state;
  return new URLSearchParams(tab ? { tab, ...rest } : rest).toString().replaceAll("%2C", ",");
}

function announceChange() {
  const before = current;
  const after = read();
  if (toFragment(before) === toFragment(after)) return;
  current = after;
  for (const listener of [...listeners]) listener(after, before);
}

export const state = Object.freeze({
  /** @returns {State} the parameters of the address */
  get: () => current,

  /**
   * Changes some parameters and tells whoever subscribed.
   *
   * @param {Record<string, string | number | null | undefined>} changes null, undefined or "" removes one
   * @param {{push?: boolean}} [options] push: whether the back button should lead to how it was
   */
  set(changes, { push = false } = {}) {
    const merged = { ...current };
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") delete merged[key];
      else merged[key] = String(value);
    }
    const fragment = toFragment(merged);
    if (fragment === toFragment(current)) return;
    const address = `${location.pathname}${location.search}${fragment ? `#${fragment}` : ""}`;
    history[push ? "pushState" : "replaceState"](null, "", address);
    announceChange();
  },

  /**
   * @param {(state: State, before: State) => void} listener called after each change, from the page or the address
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
});

addEventListener("popstate", announceChange);
addEventListener("hashchange", announceChange);
