/**
 * Whom the page asks: the server over its HTTP interface, or, in a folder that `mnistlab site build` made, the browser
 * itself. The file `site.json` says which of the two; the questions are the same.
 *
 * @typedef {{
 *   isServer: boolean,
 *   get: (path: string, options?: {signal?: AbortSignal}) => Promise<any>,
 *   post: (path: string, body?: unknown, options?: {signal?: AbortSignal}) => Promise<any>,
 *   upload: (path: string, file: Blob, options?: {signal?: AbortSignal}) => Promise<any>,
 *   events: (path: string, handlers: Record<string, (data: any) => void>) => () => void,
 * }} BackEnd
 *   isServer: whether there is a server, which can read photos of whole pages and train
 */

import { createEventParser } from "./events.js";
import { language, say } from "./words.js";

const TOKEN_KEY = "mnistlab-token";
const RECONNECT_MILLISECONDS = [500, 1000, 2000, 5000];

/** What the server refused, in its own sentence; status 0 where it did not answer at all. */
export class ApiError extends Error {
  /**
   * @param {string} message one or two plain sentences
   * @param {number} status of HTTP
   * @param {number} retrySeconds after which to try again, 0 where the server did not say
   */
  constructor(message, status, retrySeconds = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

/**
 * Takes `token=…` out of the address, where it could be copied along with a link, and keeps it for this browser tab.
 * To be called before anything reads the address.
 */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (!token) return;
  sessionStorage.setItem(TOKEN_KEY, token);
  fragment.delete("token");
  const rest = fragment.toString();
  history.replaceState(null, "", `${location.pathname}${location.search}${rest ? `#${rest}` : ""}`);
}

/** @returns {string | null} what the server asks of everybody, where it does */
export const accessToken = () => sessionStorage.getItem(TOKEN_KEY);

/** @returns {Record<string, string>} */
function authorization() {
  const token = accessToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, {
      cache: "no-store",
      credentials: "omit",
      ...options,
      headers: { "Accept-Language": language, ...authorization(), ...options.headers },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(say("page.no_answer"), 0);
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const sentence = typeof body?.error === "string" ? body.error : say("page.status", { status: String(response.status) });
  throw new ApiError(sentence, response.status, Number(response.headers.get("Retry-After")) || 0);
}

/** @returns {Promise<void>} when somebody can see the page */
function untilVisible() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/**
 * Follows a stream of server-sent events, and takes it up again where it broke off.
 *
 * `fetch` rather than `EventSource`, because only it can send the token as a header. While the page is hidden there is
 * no stream: a browser has six connections to a host, and as many hidden pages would leave none for the one in sight.
 *
 * @param {string} path
 * @param {Record<string, (data: any) => void>} handlers by the event's name; besides, `connected` and `lost` tell of
 *   the connection, the second with the error, and `refused` gets the error after which nothing more comes
 * @returns {() => void} ends it
 */
function events(path, handlers) {
  let connection = new AbortController();
  let isEnded = false;
  let lastId = "";
  let failures = 0;
  const onVisibility = () => document.hidden && connection.abort();
  const parser = () =>
    createEventParser(({ type, data, id }) => {
      if (id) lastId = id;
      if (!isEnded) handlers[type]?.(JSON.parse(data));
    });

  async function follow() {
    connection = new AbortController();
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    const response = await request(path, { headers, signal: connection.signal });
    if (!response.body) return;
    handlers.connected?.(null);
    const feed = parser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      failures = 0;
      feed(value);
    }
  }

  (async () => {
    for (;;) {
      await untilVisible();
      if (isEnded) return;
      let pause = 0;
      try {
        await follow();
      } catch (error) {
        if (isEnded) return;
        if (connection.signal.aborted) continue; // the page was hidden
        if (error instanceof ApiError && error.status >= 400 && error.status !== 503) {
          handlers.refused?.(error);
          return;
        }
        if (error instanceof ApiError) pause = 1000 * error.retrySeconds;
        handlers.lost?.(error);
      }
      if (isEnded) return;
      pause = Math.max(pause, RECONNECT_MILLISECONDS[Math.min(failures++, RECONNECT_MILLISECONDS.length - 1)]);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  })().finally(() => document.removeEventListener("visibilitychange", onVisibility));
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    isEnded = true;
    connection.abort();
  };
}

/** @type {BackEnd} */
const server = Object.freeze({
  isServer: true,

  /**
   * @param {string} path
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>} what the JSON says
   */
  async get(path, options = {}) {
    return (await request(path, options)).json();
  },

  /**
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>} what the JSON says
   */
  async post(path, body = {}, options = {}) {
    const headers = { "Content-Type": "application/json" };
    return (await request(path, { ...options, method: "POST", headers, body: JSON.stringify(body) })).json();
  },

  /**
   * @param {string} path
   * @param {Blob} file sent as it is
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>} what the JSON says
   */
  async upload(path, file, options = {}) {
    const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
    return (await request(path, { ...options, method: "POST", headers: { "Content-Type": type }, body: file })).json();
  },

  events,
});

let asked = server;

/** @param {BackEnd} backEnd who answers from now on */
export function answerWith(backEnd) {
  asked = backEnd;
}

/** @type {BackEnd} */
export const api = Object.freeze({
  get isServer() {
    return asked.isServer;
  },
  get: (path, options) => asked.get(path, options),
  post: (path, body, options) => asked.post(path, body, options),
  upload: (path, file, options) => asked.upload(path, file, options),
  events: (path, handlers) => asked.events(path, handlers),
});
