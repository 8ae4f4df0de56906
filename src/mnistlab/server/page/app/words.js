/**
 * Every sentence of the page, in the language that somebody reads it in: the catalogues are `words/LANGUAGE.json`.
 *
 * A sentence may hold values between braces:
 *
 *   {name}                the value: a text as it is, a number as the language writes it, a list with "and" between
 *   {name:or}             a list with "or" between
 *   {name:.2}             a number with two digits behind the point
 *   {name:percent}        0.998 as "99.8 %"; never "100.0 %" for what is less, but "more than 99.9 %"
 *   {name:chance}         the same of a probability, which is never 100 %, however near it comes
 *   {name:whole}          a probability of 0.62 as "62 %"
 *   {count:digit|digits}  the word that goes with a number, in the order of the language's plural categories
 *
 * A value may be a sentence itself: `{key, values}`, as the server sends it.
 *
 * @typedef {{key: string, values?: Values}} Said
 * @typedef {string | number | Said} Value
 * @typedef {Readonly<Record<string, Value | readonly Value[]>>} Values
 */

export const LANGUAGES = /** @type {const} */ (["en", "de"]); // the first where the browser asks for another one
const BRACES = /\{(\w+)(?::([^}]*))?\}/g;

/** The language of the page: what the address says, else what the browser prefers. */
export const language = choose([
  new URLSearchParams(location.hash.slice(1)).get("lang"),
  new URLSearchParams(location.search).get("lang"),
  ...navigator.languages,
]);
/** @type {Record<string, string>} */
const sentences = await (await fetch(new URL(`../words/${language}.json`, import.meta.url))).json();
const plurals = new Intl.PluralRules(language);
document.documentElement.lang = language;

/**
 * @param {(string | null)[]} wanted codes such as "de-AT", the preferred first
 * @returns {string} one of LANGUAGES
 */
export function choose(wanted) {
  const known = wanted.map((code) => LANGUAGES.find((one) => code?.toLowerCase().split("-")[0] === one));
  return known.find(Boolean) ?? LANGUAGES[0];
}

/**
 * A sentence of the catalogue.
 *
 * @param {string} key
 * @param {Values} [values] what stands in for its braces
 * @returns {string} the key itself, and an error on the console, where there is none
 *
 * @example say("draw.photo_unsure", {count: 2})
 */
export function say(key, values = {}) {
  return sayWith(key, values).join("");
}

/**
 * The same with elements among the values.
 *
 * @param {string} key
 * @param {Readonly<Record<string, Node | Value | readonly Value[]>>} values
 * @returns {(string | Node)[]} what to give to `element` as children
 *
 * @example element("p", {}, ...sayWith("draw.keys", {undo: element("kbd", {text: "U"})}))
 */
export function sayWith(key, values) {
  const sentence = sentences[key]?.replace(/(?<=\d) (?=%)/g, "\u00a0");
  if (sentence === undefined) {
    console.error(`There is no sentence ${key} in ${language}.json.`);
    return [key];
  }
  /** @type {(string | Node)[]} */
  const parts = [];
  let end = 0;
  for (const found of sentence.matchAll(BRACES)) {
    const [whole, name, form = ""] = found;
    if (!(name in values)) console.error(`${key} needs a value for ${whole}.`);
    parts.push(sentence.slice(end, found.index), fill(values[name], form));
    end = found.index + whole.length;
  }
  return [...parts, sentence.slice(end)].filter((part) => part !== "");
}

/**
 * @param {any} value
 * @param {string} form behind the colon
 * @returns {string | Node}
 */
function fill(value, form) {
  if (value instanceof Node) return value;
  if (Array.isArray(value)) {
    const items = value.map((one) => String(fill(one, "")));
    const last = items.pop() ?? "";
    return items.length ? `${items.join(", ")} ${say(form === "or" ? "list.or" : "list.and")} ${last}` : last;
  }
  if (typeof value === "object" && value !== null) return say(value.key, value.values);
  if (typeof value !== "number") return String(value);
  if (form.includes("|")) {
    const forms = form.split("|");
    const at = plurals.resolvedOptions().pluralCategories.sort(byCategory).indexOf(plurals.select(value));
    return forms[Math.min(at, forms.length - 1)];
  }
  if (form === "percent") return percent(value);
  if (form === "chance") return chance(value);
  if (form === "whole") return chance(value, 0);
  return form.startsWith(".") ? number(value, Number(form.slice(1))) : number(value);
}

const CATEGORIES = ["zero", "one", "two", "few", "many", "other"];
/** @param {string} one @param {string} other */
const byCategory = (one, other) => CATEGORIES.indexOf(one) - CATEGORIES.indexOf(other);

/** @type {Map<number | undefined, Intl.NumberFormat>} by digits; making one takes far longer than writing with it */
const formats = new Map();

/**
 * A number as the language writes it.
 *
 * @param {number} value
 * @param {number} [digits] behind the point; as many as it has where this is left out
 * @returns {string} `"−1,234.5"`; in German `"−1.234,5"`
 */
export function number(value, digits) {
  const format = formats.get(digits) ?? new Intl.NumberFormat(language, digits === undefined ? { maximumFractionDigits: 12 } : fixed(digits));
  formats.set(digits, format);
  const text = format.format(value);
  if (!text.startsWith("-")) return text;
  return /[1-9]/.test(text) ? `−${text.slice(1)}` : text.slice(1); // no minus before a zero
}

/** @param {number} digits */
const fixed = (digits) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

/**
 * A share as a percentage within a sentence.
 *
 * @param {number} share 0 to 1
 * @param {number} [digits] behind the point
 * @returns {string} `"99.8 %"`, in German `"99,8 %"`; `"more than 99.9 %"` rather than 100 for what is less
 */
export function percent(share, digits = 1) {
  const { edge, text } = rounded(share, digits);
  return edge ? say(edge < 0 ? "number.less_than" : "number.more_than", { value: text }) : text;
}

/**
 * A probability within a sentence. What softmax gives is below 1, even where a computer rounds it to 1.
 *
 * @param {number} probability 0 to 1
 * @param {number} [digits] behind the point
 * @returns {string} `"99.8 %"`, `"more than 99.9 %"`
 */
export const chance = (probability, digits = 1) => percent(uncertain(probability), digits);

/**
 * The same where there is little room.
 *
 * @param {number} probability 0 to 1
 * @param {number} [digits] behind the point
 * @returns {string} `"99.8 %"`, `"> 99.9 %"`
 */
export function chanceShort(probability, digits = 1) {
  const { edge, text } = rounded(uncertain(probability), digits);
  return edge ? `${edge < 0 ? "<" : ">"} ${text}` : text;
}

/** @param {number} probability */
const uncertain = (probability) => Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON);

/**
 * @param {number} share
 * @param {number} digits
 * @returns {{edge: -1 | 0 | 1, text: string}} edge: on which side of the text it lies, were it to be read as 0 or 100
 */
function rounded(share, digits) {
  const least = 10 ** -digits; // per cent
  const unit = (/** @type {number} */ value, places = digits) => `${number(value, places)}\u00a0%`;
  if (share > 0 && share < least / 100) return { edge: -1, text: unit(least) };
  if (share < 1 && share > 1 - least / 100) return { edge: 1, text: unit(100 - least) };
  return { edge: 0, text: unit(100 * share, share === 0 || share === 1 ? 0 : digits) };
}

/**
 * Fills what the page's HTML names a sentence for: `data-say` the content, `data-say-label` the label for screen readers.
 *
 * @param {ParentNode} root
 */
export function sayAll(root) {
  for (const place of root.querySelectorAll("[data-say]")) place.textContent = say(place.getAttribute("data-say") ?? "");
  for (const place of root.querySelectorAll("[data-say-label]")) {
    place.setAttribute("aria-label", say(place.getAttribute("data-say-label") ?? ""));
  }
}
