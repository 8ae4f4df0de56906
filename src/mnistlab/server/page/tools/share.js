/** Sharing what is on screen: its address, to copy or as a QR code. */

import { accessToken } from "../app/api.js";
import { copyOnClick } from "../app/clipboard.js";
import { say } from "../app/words.js";

const SIDE = 480; // pixels, about; modules are whole pixels
const MOST_BYTES = 2953; // of a QR code
/** Hosts of addresses that open on this computer alone. */
export const LOOPBACK = /^(localhost|127\.|\[::1\])/;

/** @param {(text: string) => void} announce */
export function mountShare(announce) {
  const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const panel = /** @type {HTMLDialogElement} */ (find("share-panel"));
  const address = /** @type {HTMLInputElement} */ (find("share-address"));
  const code = /** @type {HTMLCanvasElement} */ (find("share-code"));
  const trouble = find("share-trouble");
  const withToken = /** @type {HTMLInputElement} */ (find("share-with-token"));
  const token = accessToken();
  /** @type {typeof import("../app/qr.js") | null} */
  let qr = null;
  code.hidden = true; // until it is painted
  find("share-token").hidden = !token;
  find("share-loopback").hidden = !LOOPBACK.test(location.host);

  async function show() {
    const here = new URL(location.href);
    const parts = here.hash.slice(1).split("&");
    const fragment = parts.filter((part) => part && !part.startsWith("tour=")); // others begin where they like
    if (token && withToken.checked) fragment.push(`token=${token}`);
    here.hash = fragment.join("&");
    address.value = here.href;
    qr ??= await import("../app/qr.js"); // nobody who shares nothing waits for it
    if (address.value !== here.href) return;
    const matrix = qr.encodeQr(here.href);
    code.hidden = !matrix;
    trouble.hidden = Boolean(matrix);
    if (matrix) paint(code, matrix, qr.QUIET);
    else {
      const bytes = new TextEncoder().encode(here.href).length;
      trouble.textContent = say("share.too_long", { count: bytes, most: MOST_BYTES });
    }
  }

  find("share-opener").addEventListener("click", () => {
    show();
    panel.showModal();
  });
  withToken.addEventListener("change", show);
  find("share-close").addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close(); // the backdrop
  });
  copyOnClick(find("share-copy"), address, announce);
}

/**
 * Black on white in any theme, with the edge that readers need.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("../app/qr.js").Matrix} matrix
 * @param {number} quiet modules of that edge
 */
function paint(canvas, matrix, quiet) {
  const modules = matrix.length + 2 * quiet;
  const scale = Math.max(Math.round(SIDE / modules), 2);
  canvas.width = canvas.height = modules * scale;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  matrix.forEach((row, at) =>
    row.forEach((isDark, other) => {
      if (isDark) context.fillRect((other + quiet) * scale, (at + quiet) * scale, scale, scale);
    }),
  );
}
