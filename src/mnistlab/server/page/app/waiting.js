/** Waiting says what it waits for, and for how long it has. */

import { element } from "./elements.js";
import { say } from "./words.js";

const AFTER_SECONDS = 2; // shorter waits are not counted

/**
 * A line that is hidden until something is waited for.
 *
 * @example
 * const waiting = createWaiting();
 * waiting.begin("The network reads the 10,000 test digits");
 * // … 5 s later it reads "The network reads the 10,000 test digits … 5 s"
 * waiting.end();
 */
export function createWaiting() {
  const said = element("span", { role: "status" });
  const seconds = element("span", { class: "muted", "aria-hidden": "true" }); // not to be read out every second
  const bar = element("progress", { hidden: true });
  const root = element("p", { class: "waiting", hidden: true }, said, seconds, bar);
  let timer = 0;

  function end() {
    clearInterval(timer);
    root.hidden = bar.hidden = true;
    seconds.textContent = said.textContent = "";
  }

  return {
    root,
    end,
    /** @param {string} what a sentence without its full stop */
    begin(what) {
      end();
      const began = performance.now();
      root.hidden = bar.hidden = false;
      said.textContent = what;
      bar.setAttribute("aria-label", what);
      seconds.textContent = " …";
      timer = setInterval(() => {
        const passed = Math.round((performance.now() - began) / 1000);
        if (passed >= AFTER_SECONDS) seconds.textContent = say("page.seconds_passed", { seconds: passed });
      }, 1000);
    },
  };
}
