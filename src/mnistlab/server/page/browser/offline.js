/** Once loaded, the page works without a network: a service worker keeps its files. */

/** Browsers keep one only where nobody in between can change it: over HTTPS, or on the same machine. */
export function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register(new URL("../../offline.js", import.meta.url)).catch(() => null);
}
