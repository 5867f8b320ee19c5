// The phones that received SMS: grouped by number, the newest first, each with a box to reply from it.
import { h, icon, replace } from "./dom.js";
import { number, shortTime, t, toDate, fullTime, has } from "./i18n.js";
import { api } from "./api.js";
import { report, toast } from "./notices.js";

const PAGE = 30;
const BUBBLES = 4;
const REMEMBERED = 20_000;
// How far back receipts are looked for: the server is asked for entries from here on.
const LOOK_BACK = 1_000;

/** number → {entries: Map n → entry, newest: n, open: bool} */
const phones = new Map();
/** number → drawn card */
const cards = new Map();
let total = 0;
let next = 0;
let first = null;
let shown = PAGE;
let query = "";
const parts = {};

export function buildHandsets() {
  cards.clear();
  parts.search = h("input", { type: "search", placeholder: t("handset.search"), "aria-label": t("handset.search"), value: query, dataset: { testid: "handset-search" }, on: { input: onSearch } });
  parts.count = h("p", { class: "handset-count", dataset: { testid: "handset-count" } });
  parts.list = h("div", { class: "handset-list" });
  parts.more = h("button", { type: "button", class: "quiet-button wide", hidden: true, on: { click: showMore } });
  parts.bar = h("div", { class: "handset-bar" }, h("label", { class: "search" }, icon("search", 18), parts.search), parts.count);
  return h("div", { class: "handsets" }, parts.bar, parts.list, parts.more);
}

function onSearch() {
  query = parts.search.value.replace(/\D/g, "");
  shown = PAGE;
  drawHandsets();
}

function showMore() {
  shown += PAGE * 2;
  drawHandsets();
}

export function clearHandsets() {
  phones.clear();
  total = 0;
  next = 0;
  first = null;
}

/** One arrival, or news about one that is known (its receipt's state). */
export function takeSms(handset, entry) {
  let phone = phones.get(handset);
  if (!phone) {
    phone = { entries: new Map(), newest: 0, open: false, version: 0 };
    phones.set(handset, phone);
  }
  const known = phone.entries.get(entry.n);
  if (known && known.stat === entry.stat) return;
  if (!known) total += 1;
  phone.entries.set(entry.n, entry);
  phone.newest = Math.max(phone.newest, entry.n);
  phone.version += 1;
  next = Math.max(next, entry.n + 1);
  first = first === null ? entry.n : Math.min(first, entry.n);
  // Forgetting in lots: sorting at every arrival would cost more than drawing.
  if (total > REMEMBERED * 1.1) forgetOldest();
}

function forgetOldest() {
  for (const [msisdn, phone] of [...phones].sort((one, other) => one[1].newest - other[1].newest)) {
    if (total <= REMEMBERED) return;
    total -= phone.entries.size;
    phones.delete(msisdn);
  }
}

export async function loadHandsets() {
  const { handsets } = await api.handsets(0);
  clearHandsets();
  takeAll(handsets);
}

/**
 * Receipts come after their SMS and bring no event of their own, and in a storm the sandbox leaves some SMS out of its
 * events: ask again for the recent entries, and for all of them once it is quiet.
 */
export async function refreshHandsets({ quiet }) {
  const oldest = oldestWaiting();
  const complete = total >= Math.min(next - first, REMEMBERED);
  if (oldest === null && complete) return;
  const since = quiet && !complete ? next - REMEMBERED : Math.max(oldest ?? next, next - LOOK_BACK);
  const { handsets } = await api.handsets(Math.max(0, since));
  takeAll(handsets);
  // What is still missing now, the sandbox does not remember either.
  if (quiet && !complete) first = next - total;
}

function oldestWaiting() {
  let oldest = null;
  for (const { entries } of phones.values()) {
    for (const { n, stat } of entries.values()) if (!stat && (oldest === null || n < oldest)) oldest = n;
  }
  return oldest;
}

function takeAll(handsets) {
  for (const [handset, entries] of Object.entries(handsets)) for (const entry of entries) takeSms(handset, entry);
}

export function drawHandsets() {
  const found = [...phones].filter(([msisdn]) => !query || msisdn.includes(query)).sort((one, other) => other[1].newest - one[1].newest);
  const visible = found.slice(0, shown);
  const counts = { n: number(phones.size), m: number(total) };
  parts.bar.hidden = !phones.size;
  replace(parts.count, t(phones.size === 1 ? "handset.count1" : "handset.count", counts));
  parts.more.hidden = found.length <= shown;
  replace(parts.more, t("handset.more", { n: number(found.length - visible.length) }));
  arrange(visible);
  if (!phones.size) replace(parts.list, h("div", { class: "panel-empty" }, icon("phone", 40), h("p", {}, t("handset.empty")), h("p", {}, t("handset.empty.hint"))));
  else if (!visible.length) replace(parts.list, h("div", { class: "panel-empty" }, h("p", {}, t("handset.noone"))));
}

/** Cards are kept and moved, never rebuilt whole: a reply that is being typed stays. */
function arrange(visible) {
  parts.list.querySelector(".panel-empty")?.remove();
  const wanted = new Set(visible.map(([msisdn]) => msisdn));
  for (const [msisdn, card] of cards) {
    if (wanted.has(msisdn)) continue;
    card.node.remove();
    cards.delete(msisdn);
  }
  let cursor = parts.list.firstChild;
  for (const [msisdn, phone] of visible) {
    let card = cards.get(msisdn);
    if (!card) {
      card = buildCard(msisdn, phone);
      cards.set(msisdn, card);
    }
    if (card.version !== phone.version) fillCard(card, phone);
    if (card.node === cursor) cursor = cursor.nextSibling;
    // Moving a node takes its focus away; a card that is typed in waits where it is.
    else if (!card.node.isConnected || !card.node.contains(document.activeElement)) parts.list.insertBefore(card.node, cursor);
  }
}

const spaced = (msisdn) => `+${msisdn.replace(/^(\d{2})(\d{3})(\d{3})(\d{3})$/, "$1 $2 $3 $4")}`;

function buildCard(msisdn, phone) {
  const bubbles = h("div", { class: "handset-bubbles" });
  const when = h("time", {});
  const field = h("input", { type: "text", placeholder: t("handset.reply"), "aria-label": `${t("handset.reply")} ${spaced(msisdn)}`, autocomplete: "off", dataset: { testid: "handset-reply" } });
  const send = async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    const to = [...phone.entries.values()].at(-1).source;
    if (!text) return;
    field.value = "";
    try {
      await api.incoming(msisdn, to, text);
      toast(t("handset.sent", { to }), { icon: "check" });
    } catch (error) {
      field.value = text;
      report(error);
    }
  };
  const node = h("section", { class: "handset", "aria-label": spaced(msisdn), dataset: { testid: "handset", number: msisdn } },
    h("header", {}, h("span", { class: "handset-icon", "aria-hidden": "true" }, icon("phone", 18)), h("strong", {}, spaced(msisdn)), when),
    bubbles,
    h("form", { class: "handset-form", on: { submit: send } }, field, h("button", { type: "submit", "aria-label": t("handset.send"), dataset: { testid: "handset-send" } }, icon("send", 18))));
  return { node, bubbles, when, version: -1 };
}

function fillCard(card, phone) {
  card.version = phone.version;
  const entries = [...phone.entries.values()].sort((one, other) => one.n - other.n);
  const visible = phone.open ? entries : entries.slice(-BUBBLES);
  const hidden = entries.length - visible.length;
  const open = () => {
    phone.open = true;
    fillCard(card, phone);
  };
  replace(card.when, shortTime(toDate(entries.at(-1).time)));
  replace(card.bubbles, hidden > 0 && h("button", { type: "button", class: "text-button", on: { click: open } }, t("handset.earlier", { n: hidden })), visible.map(bubble));
}

function bubble(entry) {
  const stat = entry.stat ?? "none";
  return h("div", { class: "sms", dataset: { testid: "sms", n: entry.n } },
    h("div", { class: "sms-from" }, entry.source),
    h("div", { class: "sms-text" }, entry.text),
    h("div", { class: "sms-meta" }, h("time", { title: fullTime(toDate(entry.time)) }, shortTime(toDate(entry.time))),
      h("span", { class: "stat", dataset: { stat }, title: entry.stat ?? "" }, has(`stat.${stat}`) ? t(`stat.${stat}`) : stat)));
}
