// The left column: who writes, which chats this person has, and how many messages wait; the head of the chat.
import { avatar, byId, h, icon, redraw, replace } from "./dom.js";
import { has, number, shortTime, t, toDate } from "./i18n.js";
import { isService } from "./message.js";
import { summary } from "./media.js";
import { store } from "./store.js";

export function drawSidebar(actions) {
  redraw(byId("people"), store.people.map((person) => personButton(person, actions)));
  redraw(byId("chats"), store.chatsOf(store.person).map((chatId) => chatButton(chatId, actions)), panelButton(actions));
  const state = byId("link-state");
  state.dataset.on = String(store.polling);
  replace(state, t(store.polling ? "bot.on" : "bot.off"));
  const waiting = store.people.reduce((sum, person) => sum + store.unreadOf(person), 0);
  document.title = waiting ? `(${waiting}) Pregón sandbox` : "Pregón sandbox";
}

function badge(count, testid) {
  return count > 0 && h("span", { class: "badge", "aria-label": t("unread", { n: count }), dataset: { testid } }, count > 999 ? "999+" : number(count));
}

function personButton(person, { visit }) {
  const chosen = person.id === store.personId;
  const role = has(`role.${person.id}`) ? t(`role.${person.id}`) : "";
  return h("button", {
    type: "button", class: "person", "aria-pressed": String(chosen), title: role, dataset: { testid: `person-${person.id}` }, on: { click: () => visit(person.id, sameKindOfChat(person)) },
  }, h("span", { class: "person-face" }, avatar(person.id, person.first_name, { size: 44 }), !chosen && badge(store.unreadOf(person), `person-unread-${person.id}`)),
  h("span", { class: "person-name" }, person.first_name));
}

/** Switching person inside a group stays in the group. */
function sameKindOfChat(person) {
  return store.group(store.chatId) ? store.chatId : person.chat_id;
}

function chatButton(chatId, { visit }) {
  const group = store.group(chatId);
  const chat = store.chat(chatId);
  const last = chat.last;
  const chosen = chatId === store.chatId;
  const name = group ? group.title : store.bot.first_name;
  return h("button", {
    type: "button", class: "chat-item", "aria-current": chosen ? "true" : null, dataset: { testid: `chat-${chatId}` }, on: { click: () => visit(store.personId, chatId) },
  }, avatar(chatId, name, { bot: !group, group: Boolean(group), size: 46 }),
  h("span", { class: "chat-words" },
    h("span", { class: "chat-line" }, h("strong", {}, name), last && h("time", {}, shortTime(toDate(last.date)))),
    h("span", { class: "chat-line" }, h("span", { class: "chat-last" }, preview(chat, group)), badge(store.unread(store.personId, chatId), `unread-${chatId}`))));
}

function preview(chat, group) {
  if (chat.action) return h("em", {}, actionWord("short", chat.action));
  if (!chat.last) return t("chat.none");
  if (isService(chat.last)) return t("service.other");
  if (store.isOwn(chat.last)) return `${t("you")}: ${summary(chat.last)}`;
  return group ? `${store.nameOf(chat.last)}: ${summary(chat.last)}` : summary(chat.last);
}

function actionWord(form, action, who) {
  const key = `${form}.${action}`;
  return t(has(key) ? key : `${form}.typing`, { who });
}

/** At phone width the panel is one more tab beside the chats. */
function panelButton({ showPanel }) {
  return h("button", { type: "button", class: "chat-item panel-item", "aria-current": document.body.dataset.view === "panel" ? "true" : null, dataset: { testid: "view-panel" }, on: { click: showPanel } },
    h("span", { class: "avatar", style: { "--size": "46px" }, dataset: { hue: "panel" }, "aria-hidden": "true" }, icon("phone", 22)), h("span", { class: "chat-words" }, h("strong", {}, t("tab.handsets"))));
}

export function drawHead() {
  const group = store.group(store.chatId);
  const { action } = store.current;
  const name = group ? group.title : store.bot.first_name;
  const about = group ? t("group.members", { n: group.members.length }) : t(store.polling ? "bot.on" : "bot.off");
  replace(byId("chat-title"),
    avatar(store.chatId, name, { bot: !group, group: Boolean(group), size: 42 }),
    h("div", { class: "chat-title-words" }, h("h1", {}, name), h("p", { class: action ? "busy" : "", dataset: { testid: "status" } }, action ? actionWord("short", action) : about)));
  drawTyping(action);
  drawPinned();
}

function drawTyping(action) {
  const node = byId("typing");
  node.hidden = !action;
  if (action) replace(node, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", {}, actionWord("action", action, store.bot.first_name)));
}

function drawPinned() {
  const message = store.current.pinned;
  const node = byId("pinned");
  node.hidden = !message;
  if (!message) return;
  node.setAttribute("aria-label", t("pinned.go"));
  replace(node, icon("pin", 18), h("span", { class: "pinned-words" }, h("strong", {}, t("pinned")), h("span", {}, summary(message))));
}
