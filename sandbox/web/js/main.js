// The page: starts the parts, takes the sandbox's events into the store, and draws what changed once a frame.
import { byId } from "./dom.js";
import { onLanguage, switchLanguage, t, translatePage } from "./i18n.js";
import { api, listen } from "./api.js";
import { closeMenu, popMenu } from "./dialogs.js";
import { atEnd, drawChat, jumpTo, startChatView } from "./chatview.js";
import { acceptDrops, aimAt, drawComposer, focusComposer, sendCommand, showDraft } from "./composer.js";
import { takeAnswer } from "./keyboard.js";
import { copyText, onVisit, sayCopied, startLinkIn } from "./links.js";
import { buildPanel, loadPanel, startPanel, takePanelEvent } from "./panel.js";
import { confirmBox, report } from "./notices.js";
import { drawHead, drawSidebar } from "./sidebar.js";
import { store } from "./store.js";

// Telegram shows an action for at most this long, or until the bot's next message.
const ACTION_MS = 5_000;
const STATE_EVERY_MS = 10_000;
const RELOAD_AFTER_MS = 60;
const RETRY_MS = 1_500;

let ready = false;
let waiting = [];
let frame = null;
const reloads = new Map();

// --- selection ---------------------------------------------------------------------------------------------------

function visit(personId, chatId) {
  closeMenu();
  store.select(personId, chatId);
  document.body.dataset.view = "chat";
  const hash = `#${store.personId}/${store.chatId}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
  drawNow();
  if (window.matchMedia("(hover: hover)").matches) focusComposer();
}

function fromHash() {
  const [, person, chat] = /^#(\d+)\/(-?\d+)$/.exec(location.hash) ?? [];
  return [Number(person), Number(chat)];
}

function showPanel() {
  document.body.dataset.view = "panel";
  drawSidebar(sidebarActions);
}

const sidebarActions = { visit, showPanel };

// --- drawing -----------------------------------------------------------------------------------------------------

function drawNow() {
  frame = null;
  if (!ready) return;
  showDraft();
  drawChat();
  seen();
  drawSidebar(sidebarActions);
  drawHead();
}

/** Many events come in one breath; a hidden page has no frames, but its title still counts. */
function drawSoon() {
  if (frame !== null) return;
  frame = document.hidden ? setTimeout(drawNow, 250) : requestAnimationFrame(drawNow);
}

function seen() {
  if (document.hidden || document.body.dataset.view !== "chat" || !atEnd()) return;
  if (store.markRead()) drawSoon();
}

// --- messages' menu ----------------------------------------------------------------------------------------------

function messageMenu(message, origin, at) {
  const text = message.text ?? message.caption;
  popMenu(origin, [
    { label: t("menu.reply"), icon: "reply", testid: "menu-reply", run: () => aimAt("reply", message) },
    ...(store.isOwn(message) && message.text !== undefined ? [{ label: t("menu.edit"), icon: "edit", testid: "menu-edit", run: () => aimAt("edit", message) }] : []),
    ...(text ? [{ label: t("menu.copy"), icon: "copy", testid: "menu-copy", run: () => copyText(text) }] : []),
  ], { testid: "message-actions", label: t("menu.label"), at });
}

// --- events ------------------------------------------------------------------------------------------------------

function setAction(chatId, action) {
  const chat = store.chat(chatId);
  clearTimeout(chat.actionTimer);
  chat.action = action;
  if (action) chat.actionTimer = setTimeout(() => {
    chat.action = null;
    drawSoon();
  }, ACTION_MS);
}

const HANDLERS = {
  message({ chat_id: chatId, message }) {
    store.chat(chatId).put(message);
    if (message.sim?.outgoing ?? message.from?.is_bot) setAction(chatId, null);
  },
  edit({ chat_id: chatId, message }) {
    store.chat(chatId).put(message);
  },
  delete({ chat_id: chatId, message_id: messageId }) {
    store.chat(chatId).remove(messageId);
  },
  action({ chat_id: chatId, action }) {
    setAction(chatId, action);
  },
  reaction({ chat_id: chatId, message_id: messageId, reactions }) {
    const message = store.chat(chatId).messages.get(messageId);
    if (message) store.chat(chatId).put({ ...message, sim: { ...message.sim, reactions } });
  },
  // Several messages may be pinned at once: the chat itself knows which.
  pin: ({ chat_id: chatId }) => reloadChat(chatId),
  answer: takeAnswer,
  commands: () => loadState().catch(report),
  reset: () => resync(),
  sms: takePanelEvent,
  smsc: takePanelEvent,
};

function take(event) {
  if (reading) {
    waiting.push(event);
    return;
  }
  HANDLERS[event.kind]?.(event);
  if (event.kind !== "sms" && event.kind !== "smsc") drawSoon();
}

function reloadChat(chatId) {
  if (reloads.has(chatId)) return;
  reloads.set(chatId, setTimeout(async () => {
    reloads.delete(chatId);
    try {
      store.chat(chatId).reload((await api.chat(chatId)).messages);
      drawSoon();
    } catch (error) {
      report(error);
    }
  }, RELOAD_AFTER_MS));
}

// --- loading -----------------------------------------------------------------------------------------------------

async function loadState() {
  store.takeState(await api.state());
  drawSoon();
}

let wanted = 0;
let reading = false;

/** Read everything anew; events that come meanwhile wait and are taken afterwards, in order (twice changes nothing). */
async function resync() {
  wanted += 1;
  if (reading) return;
  reading = true;
  let done = 0;
  while (done !== wanted) {
    const goal = wanted;
    try {
      await readAll();
      done = goal;
    } catch {
      byId("offline").hidden = false;
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
  reading = false;
  const events = waiting;
  waiting = [];
  events.forEach(take);
}

async function readAll() {
  store.takeState(await api.state());
  const ids = store.allChats();
  const bodies = await Promise.all(ids.map((chatId) => api.chat(chatId)));
  bodies.forEach((body, index) => store.chat(ids[index]).reload(body.messages));
  store.dropStaleMarks();
  if (store.personId === null) {
    store.select(...fromHash());
    history.replaceState(null, "", `#${store.personId}/${store.chatId}`);
  }
  ready = true;
  byId("offline").hidden = true;
  drawNow();
  await loadPanel();
}

function askReset() {
  const reset = async () => {
    try {
      await api.reset();
    } catch (error) {
      report(error);
    }
  };
  confirmBox(t("side.reset.ask"), t("side.reset.yes"), reset);
}

// --- start -------------------------------------------------------------------------------------------------------

function speak() {
  translatePage();
  const lang = byId("lang");
  lang.textContent = t("lang.other");
  lang.setAttribute("aria-label", t("lang.switch"));
  lang.title = t("lang.switch");
  drawComposer();
  buildPanel();
  drawNow();
}

function start() {
  startChatView({ command: sendCommand, jump: jumpTo, menu: messageMenu, seen, start: () => sendCommand("/start") });
  startPanel();
  speak();
  onLanguage(speak);
  onVisit(visit);
  acceptDrops(byId("chat"), byId("drop"));
  byId("lang").addEventListener("click", switchLanguage);
  byId("reset").addEventListener("click", askReset);
  byId("pinned").addEventListener("click", () => store.current.pinned && jumpTo(store.current.pinned.message_id));
  window.addEventListener("hashchange", () => ready && visit(...fromHash()));
  document.addEventListener("visibilitychange", () => !document.hidden && drawSoon());
  document.addEventListener("copy", () => {
    const text = String(window.getSelection());
    if (startLinkIn(text)) sayCopied(text);
  });
  setInterval(() => ready && !document.hidden && loadState().catch(() => {}), STATE_EVERY_MS);
  listen({ onOpen: resync, onEvent: take, onDown: () => { byId("offline").hidden = false; } });
}

start();
