// Inline keyboards: drawing the buttons, pressing them, and the wait for answerCallbackQuery.
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { api } from "./api.js";
import { alertBox, report, toast } from "./notices.js";
import { copyText, openLink } from "./links.js";
import { store } from "./store.js";

// Telegram's clients give up on a callback query after about this long.
const ANSWER_TIMEOUT_MS = 15_000;

/** Presses that wait: key of the button → {queryId, timer}. The key outlives the DOM node, so an edit keeps the spinner. */
const waiting = new Map();
/** Answers that came before the press was told its id. */
const early = new Map();

const keyOf = (message, data, personId) => `${personId}:${message.chat.id}:${message.message_id}:${data}`;

export function keyboard(message) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.some((row) => row.length)) return null;
  return h("div", { class: "keyboard", role: "group" }, rows.map((row, y) =>
    h("div", { class: "keyboard-row" }, row.map((button, x) => drawButton(message, button, `${y}:${x}`)))));
}

function drawButton(message, button, place) {
  const key = button.callback_data === undefined ? null : keyOf(message, button.callback_data, store.personId);
  const style = ["primary", "success", "danger"].includes(button.style) ? ` key-${button.style}` : "";
  const mark = cornerMark(button);
  const node = h("button", {
    type: "button", class: `key${style}`, title: button.text.length > 18 ? button.text : null,
    dataset: { testid: "button", place, key: key ?? "" }, on: { click: () => press(message, button) },
  }, h("span", { class: "key-label" }, button.text), mark && h("span", { class: "key-mark" }, icon(mark, 13)));
  if (key && waiting.has(key)) markWaiting(node, true);
  return node;
}

function cornerMark(button) {
  if (button.copy_text) return "copy";
  return button.url || button.login_url ? "link" : null;
}

function press(message, button) {
  if (button.copy_text) return copyText(button.copy_text.text);
  if (button.url || button.login_url) return openLink(button.url ?? button.login_url.url);
  if (button.callback_data === undefined) return toast(t("button.unsupported"));
  return pressCallback(message, button.callback_data);
}

async function pressCallback(message, data) {
  const personId = store.personId;
  const key = keyOf(message, data, personId);
  if (waiting.has(key)) return;
  const timer = setTimeout(() => {
    settle(key);
    toast(t("button.late"));
  }, ANSWER_TIMEOUT_MS);
  const entry = { queryId: null, timer };
  waiting.set(key, entry);
  show(key, true);
  try {
    const { callback_query_id: queryId } = await api.callback(message.chat.id, personId, message.message_id, data);
    entry.queryId = queryId;
    if (early.has(queryId)) settle(key);
  } catch (error) {
    settle(key);
    report(error);
  }
}

function settle(key) {
  const entry = waiting.get(key);
  if (!entry) return;
  clearTimeout(entry.timer);
  early.delete(entry.queryId);
  waiting.delete(key);
  show(key, false);
}

function show(key, on) {
  for (const node of document.querySelectorAll(".key")) if (node.dataset.key === key) markWaiting(node, on);
}

function markWaiting(node, on) {
  node.classList.toggle("waiting", on);
  if (on) node.setAttribute("aria-busy", "true");
  else node.removeAttribute("aria-busy");
}

/** The bot answered a callback query: end its spinner and show the words to the person who pressed. */
export function takeAnswer({ user_id: userId, callback_query_id: queryId, text, show_alert: showAlert, url }) {
  const found = [...waiting].find(([, entry]) => entry.queryId === queryId);
  if (found) settle(found[0]);
  else rememberEarly(queryId);
  if (userId !== store.personId) return;
  if (url) openLink(url);
  else if (text && showAlert) alertBox(text);
  else if (text) toast(text);
}

function rememberEarly(queryId) {
  early.set(queryId, true);
  if (early.size > 50) early.delete(early.keys().next().value);
}
