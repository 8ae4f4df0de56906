/**
 * Server-sent events out of pieces of text, cut anywhere.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * @param {(event: {type: string, data: string, id: string}) => void} onEvent
 * @returns {(text: string) => void} to be fed with what arrives
 */
export function createEventParser(onEvent) {
  let rest = "";
  let type = "";
  let id = "";
  /** @type {string[]} */
  let data = [];

  /** @param {string} line */
  function take(line) {
    if (line === "") {
      if (data.length) onEvent({ type: type || "message", data: data.join("\n"), id });
      type = "";
      data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment, which keeps the connection alive
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
  }

  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/); // a final \r may be half of \r\n
    rest = lines.pop() ?? "";
    lines.forEach(take);
  };
}
