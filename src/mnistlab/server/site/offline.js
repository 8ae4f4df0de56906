/**
 * Keeps the page in the browser, so that it works without a network once it was loaded.
 *
 * `mnistlab site build` fills in the files, and a version that changes with any of their bytes: a folder that was built
 * anew is loaded as a whole beside the old one, and takes its place once the old page is closed.
 */

const VERSION = "";
const FILES = [];
const NAME = `mnistlab ${registration.scope} `; // other pages of the same host have caches, too
const CACHE = NAME + VERSION;

addEventListener("install", (event) => {
  // Asked for again where the browser is not sure to have the newest.
  const requests = FILES.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

addEventListener("activate", (event) => {
  const clean = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(NAME) && name !== CACHE).map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(clean());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(answer(request));
});

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const isPage = request.mode === "navigate";
  const kept = await cache.match(isPage ? registration.scope : request, { ignoreSearch: true });
  if (kept) return kept;
  const found = await fetch(request);
  if (found.ok && found.type === "basic") await cache.put(request, found.clone()); // the training images, once needed
  return found;
}
