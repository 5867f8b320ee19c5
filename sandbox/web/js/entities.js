// Bot API entities (offsets and lengths in UTF-16 units, which is what JavaScript strings count) to DOM nodes.
import { h } from "./dom.js";
import { entityTime, fullTime, t } from "./i18n.js";
import { anchor, LINK_IN_TEXT } from "./links.js";

const SIMPLE = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const COLLAPSED_LINES = 3;
const COLLAPSED_LETTERS = 150;

/**
 * @param {string} text
 * @param {Array<object>} entities
 * @param {(command: string) => void} onCommand  a tapped /command
 * @returns {DocumentFragment}
 */
export function richText(text, entities = [], onCommand = () => {}) {
  const sorted = [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
  const fragment = document.createDocumentFragment();
  fragment.append(...range({ text, start: 0, end: text.length, entities: sorted, onCommand }));
  return fragment;
}

function range({ text, start, end, entities, onCommand, linked = false }) {
  const nodes = [];
  let at = start;
  let rest = entities;
  while (rest.length) {
    const [entity, ...others] = rest;
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    const inside = others.filter((other) => other.offset < to);
    rest = others.filter((other) => other.offset >= to);
    if (to <= from) {
      rest = others;
      continue;
    }
    nodes.push(...plain(text.slice(at, from), { onCommand, linked }));
    const child = { text, start: from, end: to, entities: inside, onCommand, linked: linked || isLink(entity) };
    nodes.push(element(entity, text.slice(from, to), child));
    at = to;
    // A block ends its line by itself; the line feed after it would draw an empty line.
    if (isBlock(entity) && text[at] === "\n" && at < end) at += 1;
  }
  nodes.push(...plain(text.slice(at, end), { onCommand, linked }));
  return nodes;
}

const isBlock = (entity) => ["pre", "blockquote", "expandable_blockquote"].includes(entity.type);
const isLink = (entity) => ["code", "pre", "url", "text_link", "email", "phone_number", "bot_command", "mention", "hashtag"].includes(entity.type);

function element(entity, value, child) {
  const inner = () => range(child);
  if (entity.type in SIMPLE) return h(SIMPLE[entity.type], {}, inner());
  switch (entity.type) {
    case "pre":
      return h("pre", { dataset: entity.language ? { language: entity.language } : {} }, h("code", {}, inner()));
    case "blockquote":
      return h("blockquote", {}, inner());
    case "expandable_blockquote":
      return expandable(value, inner());
    case "spoiler":
      return spoiler(inner());
    case "text_link":
      return anchor(entity.url ?? "", inner());
    case "url":
      return anchor(value, inner());
    case "email":
      return anchor(`mailto:${value}`, inner());
    case "phone_number":
      return anchor(`tel:${value.replace(/[^+\d]/g, "")}`, inner());
    case "bot_command":
      return commandLink(value, child.onCommand);
    case "date_time":
      return dateTime(entity, inner());
    case "mention": case "hashtag": case "cashtag": case "text_mention":
      return h("span", { class: "mention" }, inner());
    default:
      return h("span", {}, inner());
  }
}

function commandLink(value, onCommand) {
  return h("button", { type: "button", class: "inline-link", on: { click: () => onCommand(value) } }, value);
}

function spoiler(children) {
  const reveal = () => {
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("tabindex");
    node.removeAttribute("aria-label");
  };
  const onKey = (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), reveal());
  const node = h("span", { class: "spoiler", role: "button", tabindex: 0, "aria-label": t("spoiler"), on: { click: reveal, keydown: onKey } }, h("span", {}, children));
  return node;
}

function expandable(value, children) {
  const long = value.split("\n").length > COLLAPSED_LINES || value.length > COLLAPSED_LETTERS;
  if (!long) return h("blockquote", {}, children);
  const toggle = () => {
    const open = node.classList.toggle("open");
    button.textContent = t(open ? "quote.less" : "quote.more");
    button.setAttribute("aria-expanded", String(open));
  };
  const button = h("button", { type: "button", class: "quote-toggle", "aria-expanded": "false", dataset: { testid: "quote-toggle" }, on: { click: toggle } }, t("quote.more"));
  const node = h("blockquote", { class: "expandable" }, h("div", { class: "quote-text" }, children), button);
  return node;
}

function dateTime(entity, children) {
  const date = new Date((entity.unix_time ?? 0) * 1000);
  const control = entity.date_time_format ?? "";
  return h("time", { class: "date-time", datetime: date.toISOString(), title: fullTime(date) }, control ? entityTime(entity.unix_time, control) : children);
}

/** Text outside entities; addresses and /commands in it become links, as in Telegram's own clients. */
function* plain(text, { onCommand, linked }) {
  if (!text) return;
  if (linked) {
    yield document.createTextNode(text);
    return;
  }
  const pattern = new RegExp(`(?<link>${LINK_IN_TEXT.source})|(?<=^|\\s)(?<command>/[a-z][a-z0-9_]{0,31})(?=$|[\\s.,;:!?)])`, "gi");
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) yield document.createTextNode(text.slice(at, found.index));
    yield found.groups.link ? anchor(found[0], found[0]) : commandLink(found[0], onCommand);
    at = found.index + found[0].length;
  }
  if (at < text.length) yield document.createTextNode(text.slice(at));
}
