/** The page for a projector: large text, black on white, nothing that only fingers need. The address says so. */

import { state } from "../app/state.js";
import { themeChanged } from "../digits/digits.js";

const VIEW = "projector";

export function mountProjector() {
  const button = document.getElementById("projector");
  const follow = () => {
    const isOn = state.get().view === VIEW;
    button?.setAttribute("aria-pressed", String(isOn));
    if ((document.documentElement.dataset.view === VIEW) === isOn) return;
    if (isOn) document.documentElement.dataset.view = VIEW;
    else delete document.documentElement.dataset.view;
    themeChanged();
  };
  button?.addEventListener("click", () => state.set({ view: state.get().view === VIEW ? null : VIEW }));
  state.subscribe(follow);
  follow();
}
