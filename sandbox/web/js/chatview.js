// The list of messages: a window on the newest ones, redrawn by difference, that never jumps under the reader.
import { avatar, byId, h, icon, replace } from "./dom.js";
import { currentLanguage, dayKey, dayName, t, toDate } from "./i18n.js";
import { drawRow, isService } from "./message.js";
import { store } from "./store.js";

const WINDOW = 80;
const NEAR_BOTTOM = 48;
const NEAR_TOP = 400;
const SAME_AUTHOR_SECONDS = 300;

const scroller = byId("scroller");
const rows = byId("rows");
const toBottom = byId("to-bottom");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Drawn rows: key → {node, signature}. */
let drawn = new Map();
let shown = "";
let size = WINDOW;
let firstId = null;
let stick = true;
let lastTop = 0;
let actions = {};

export function startChatView(given) {
  actions = given;
  scroller.addEventListener("scroll", onScroll, { passive: true });
  // Anything that changes height (a picture, the composer, a phone's keyboard) keeps the end in view.
  const keepEnd = new ResizeObserver(() => stick && jumpToEnd());
  keepEnd.observe(rows);
  keepEnd.observe(scroller);
  replace(toBottom, icon("down", 24));
  toBottom.addEventListener("click", () => {
    stick = true;
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: calm.matches ? "instant" : "smooth" });
  });
}

export const atEnd = () => stick;

/** The end is held from when it is reached until somebody scrolls up; our own scrolling only ever goes down. */
function noticeScroll() {
  const top = scroller.scrollTop;
  const gap = scroller.scrollHeight - top - scroller.clientHeight;
  if (gap < NEAR_BOTTOM) stick = true;
  else if (top < lastTop - 1) stick = false;
  lastTop = top;
}

function onScroll() {
  noticeScroll();
  showToBottom();
  if (stick) actions.seen();
  if (scroller.scrollTop < NEAR_TOP && size < store.current.order.length) {
    size += WINDOW;
    drawChat();
  }
}

function showToBottom() {
  toBottom.hidden = stick;
  toBottom.setAttribute("aria-label", t("chat.bottom"));
  toBottom.dataset.unread = store.unread(store.personId, store.chatId) || "";
}

function jumpToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  lastTop = scroller.scrollTop;
}

/** Draw the selected chat. Rows that did not change are left alone. */
export function drawChat() {
  const identity = `${store.personId}:${store.chatId}:${currentLanguage()}`;
  const fresh = identity !== shown;
  if (fresh) startOver(identity);
  // The scroll event of this frame may not have come yet.
  else noticeScroll();
  const anchor = stick ? null : firstVisible();
  const before = scroller.scrollHeight;
  rows.querySelector(".empty")?.remove();
  const grew = reconcile();
  if (anchor) keepInPlace(anchor);
  if (stick) followEnd(fresh, grew, before);
  showEmpty();
  showToBottom();
}

/** What a chat without messages says: who is here, and the button that begins. */
function showEmpty() {
  const empty = store.current.order.length === 0;
  scroller.classList.toggle("is-empty", empty);
  if (!empty) return;
  const group = store.group(store.chatId);
  const start = h("button", { type: "button", class: "solid-button start", dataset: { testid: "start" }, on: { click: actions.start } }, t("chat.start"));
  replace(rows, h("div", { class: "empty" },
    avatar(store.chatId, group?.title, { bot: !group, group: Boolean(group), size: 88 }),
    h("h2", {}, group ? group.title : store.bot.first_name), h("p", {}, t("chat.empty")), !group && h("p", {}, t("chat.empty.hint")), !group && start));
}

function startOver(identity) {
  shown = identity;
  size = WINDOW;
  firstId = null;
  stick = true;
  drawn = new Map();
  rows.replaceChildren();
}

/** New messages glide in; an edit or a first view goes to the end at once. */
function followEnd(fresh, grew, before) {
  const step = scroller.scrollHeight - before;
  const glide = grew && !fresh && step < scroller.clientHeight && !calm.matches && !document.hidden;
  if (glide) scroller.scrollTo({ top: scroller.scrollHeight, behavior: "smooth" });
  else jumpToEnd();
}

function firstVisible() {
  const edge = scroller.getBoundingClientRect().top;
  for (const [key, { node }] of drawn) {
    // A day line stays first when earlier messages of that day are drawn: it holds nothing in place.
    if (key.startsWith("day:")) continue;
    const box = node.getBoundingClientRect();
    if (box.bottom > edge) return { key, node, top: box.top };
  }
  return null;
}

/** Where nothing moved nothing is set: even setting the same place ends a scroll that somebody is in the middle of. */
function keepInPlace({ key, node, top }) {
  const held = node.isConnected ? node : drawn.get(key)?.node;
  const moved = held ? held.getBoundingClientRect().top - top : 0;
  if (moved) scroller.scrollTop += moved;
}

/** Bring the rows in line with the store; true when something was added at the end. */
function reconcile() {
  const wanted = units();
  const next = new Map();
  const lastKey = [...drawn.keys()].at(-1);
  let cursor = rows.firstChild;
  for (const unit of wanted) {
    const known = drawn.get(unit.key);
    let node = known?.node;
    if (!known || known.signature !== unit.signature) {
      node = unit.day ? dayRow(unit) : drawRow(unit, actions);
      if (known) cursor = takePlace(known.node, node, cursor);
      else if (drawn.size && cursor === null) node.classList.add("arriving");
    }
    if (node === cursor) cursor = cursor.nextSibling;
    else rows.insertBefore(node, cursor);
    next.set(unit.key, { node, signature: unit.signature });
  }
  for (const [key, { node }] of drawn) if (!next.has(key)) node.remove();
  drawn = next;
  return lastKey !== undefined && wanted.length > 0 && wanted.at(-1).key !== lastKey;
}

/** Put the new drawing where the old one is: with the same pictures (no flicker) and the same focus. */
function takePlace(old, node, cursor) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.place ?? document.activeElement.dataset.testid : null;
  for (const image of old.querySelectorAll("img[data-file]")) {
    node.querySelector(`img[data-file="${CSS.escape(image.dataset.file)}"]`)?.replaceWith(image);
  }
  old.replaceWith(node);
  if (focused) node.querySelector(`[data-place="${CSS.escape(focused)}"], [data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  return cursor === old ? node : cursor;
}

/** The visible window as units: day lines, and bubbles of one message or one album. */
function units() {
  const chat = store.current;
  const ids = windowIds(chat);
  const list = [];
  let day = "";
  let open = null;
  for (const id of ids) {
    const message = chat.messages.get(id);
    const today = dayKey(toDate(message.date));
    if (today !== day) {
      day = today;
      open = null;
      list.push({ key: `day:${today}`, day: toDate(message.date), signature: dayName(toDate(message.date)) });
    }
    if (open && message.media_group_id && message.media_group_id === open.messages[0].media_group_id) open.messages.push(message);
    else {
      open = { key: `m:${id}`, messages: [message] };
      list.push(open);
    }
  }
  list.forEach((unit, index) => unit.messages && settleUnit(unit, list[index - 1], list[index + 1]));
  return list;
}

/** The newest `size` messages; while the reader looks further up, what was drawn stays, however many arrive below. */
function windowIds(chat) {
  if (!stick && firstId !== null) {
    let at = chat.order.length - 1;
    while (at > 0 && chat.order[at] > firstId) at -= 1;
    size = Math.max(size, chat.order.length - at);
  }
  const ids = chat.order.slice(-size);
  firstId = ids[0] ?? null;
  return ids;
}

function settleUnit(unit, before, after) {
  unit.first = !together(before, unit);
  unit.last = !together(unit, after);
  const revisions = unit.messages.map((message) => `${message.message_id}.${message.revision}`).join();
  unit.signature = `${revisions}|${unit.first}|${unit.last}`;
}

function together(one, other) {
  if (!one?.messages || !other?.messages) return false;
  const [a, b] = [one.messages.at(-1), other.messages[0]];
  if (isService(a) || isService(b)) return false;
  return a.from?.id === b.from?.id && b.date - a.date < SAME_AUTHOR_SECONDS;
}

function dayRow(unit) {
  return h("div", { class: "day" }, h("span", {}, dayName(unit.day)));
}

/** Bring a message into view (drawing further back where needed) and flash it. */
export function jumpTo(messageId) {
  const at = store.current.order.indexOf(messageId);
  if (at < 0) return;
  const fromEnd = store.current.order.length - at;
  if (fromEnd > size) {
    size = fromEnd + WINDOW / 2;
    drawChat();
  }
  const node = rows.querySelector(`[data-message-id="${messageId}"]`);
  if (!node) return;
  stick = false;
  node.scrollIntoView({ block: "center", behavior: calm.matches ? "instant" : "smooth" });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1600);
}
