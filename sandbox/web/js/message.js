// One row of the chat: a bubble with everything that belongs to a message (or to an album), or a service line.
import { avatar, h, icon } from "./dom.js";
import { clock, fullTime, t, toDate } from "./i18n.js";
import { richText } from "./entities.js";
import { keyboard } from "./keyboard.js";
import { album, media, mediaKind, summary } from "./media.js";
import { store } from "./store.js";

const SERVICE_FIELDS = ["pinned_message", "new_chat_members", "left_chat_member", "new_chat_title", "group_chat_created", "migrate_to_chat_id", "message_auto_delete_timer_changed"];

export const isService = (message) => SERVICE_FIELDS.some((field) => field in message);

/**
 * @param {{messages: Array, first: boolean, last: boolean}} unit  messages shown in one bubble, and its place among
 *        the bubbles of the same author
 * @param {{command: Function, jump: Function, menu: Function}} actions
 */
export function drawRow(unit, actions) {
  const [message] = unit.messages;
  if (isService(message)) return serviceRow(message);
  const own = store.isOwn(message);
  const group = store.group(message.chat.id) !== null;
  const keys = keyboard(unit.messages.at(-1));
  const wide = unit.messages.some((one) => one.photo) ? " has-photo" : "";
  const classes = ["row", own ? "own" : "theirs", unit.first && "first", unit.last && "last", keys && "with-keys", group && "in-group"];
  const row = h("article", {
    class: classes.filter(Boolean).join(" ") + wide, "aria-label": label(message),
    dataset: { testid: "message", messageId: message.message_id, out: String(own), author: store.nameOf(message) },
  });
  if (group && !own) row.append(h("div", { class: "row-face" }, unit.last && face(message, 34)));
  row.append(h("div", { class: "stack" }, bubble(unit, { own, group, actions }), keys));
  return row;
}

const face = (message, size) => avatar(message.from?.id ?? 0, store.nameOf(message), { bot: message.sim.outgoing || message.from?.is_bot, size });

function label(message) {
  return `${store.isOwn(message) ? t("you") : store.nameOf(message)}, ${clock(toDate(message.date))}`;
}

function bubble(unit, { own, group, actions }) {
  const [message] = unit.messages;
  const captioned = unit.messages.find((one) => one.text ?? one.caption);
  const text = captioned && (captioned.text ?? captioned.caption);
  const entities = captioned && (captioned.text === undefined ? captioned.caption_entities : captioned.entities);
  const hasMedia = mediaKind(message) !== null;
  const bare = hasMedia && !text && unit.messages.every((one) => one.photo);
  const openMenu = (event) => {
    if (event.type === "contextmenu" && (event.target.closest("a, .photo") || !window.getSelection().isCollapsed)) return;
    event.preventDefault();
    actions.menu(unit.messages.at(-1), more, event.type === "contextmenu" ? { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY } : null);
  };
  const more = h("button", { type: "button", class: "more", "aria-label": t("menu.label"), "aria-haspopup": "menu", dataset: { testid: "message-menu" }, on: { click: openMenu } }, icon("more", 18));
  return h("div", { class: `bubble${bare ? " bare" : ""}`, on: { contextmenu: openMenu } },
    group && !own && unit.first && h("div", { class: "author", dataset: { hue: message.sim.outgoing ? "bot" : Math.abs(message.from?.id ?? 0) % 8 } }, store.nameOf(message)),
    message.reply_to_message && quote(message.reply_to_message, actions),
    unit.messages.length > 1 ? album(unit.messages) : media(message),
    text && h("div", { class: "text", dataset: { testid: "text" } }, richText(text, entities, actions.command), h("span", { class: "meta-room", "aria-hidden": "true" }, metaText(unit.messages.at(-1), own))),
    reactions(unit.messages),
    meta(unit.messages.at(-1), own), more);
}

// The room keeps the last line of the text clear of the time, which is placed in the corner.
const metaText = (message, own) => `${message.edit_date ? `${t("edited")} ` : ""}00:00${own ? " ✓✓" : ""}`;

function meta(message, own) {
  const date = toDate(message.date);
  return h("span", { class: "meta", title: fullTime(message.edit_date ? toDate(message.edit_date) : date) },
    message.edit_date && h("span", { class: "edited" }, t("edited")), h("time", { datetime: date.toISOString() }, clock(date)), own && icon("check", 14));
}

function quote(replied, actions) {
  const known = store.current.messages.get(replied.message_id) ?? { sim: { outgoing: Boolean(replied.from?.is_bot) }, ...replied };
  return h("button", { type: "button", class: "quote", dataset: { testid: "quote" }, on: { click: () => actions.jump(replied.message_id) } },
    h("strong", {}, store.nameOf(known)), h("span", {}, summary(known)));
}

function reactions(messages) {
  const all = messages.flatMap((message) => message.sim.reactions ?? []).map(emojiOf).filter(Boolean);
  if (!all.length) return null;
  const counts = new Map();
  for (const emoji of all) counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  return h("div", { class: "reactions" }, [...counts].map(([emoji, count]) =>
    h("span", { class: "reaction", dataset: { testid: "reaction" } }, emoji, count > 1 && h("span", {}, ` ${count}`))));
}

const emojiOf = (reaction) => (typeof reaction === "string" ? reaction : reaction.emoji ?? reaction.type?.emoji ?? "");

function serviceRow(message) {
  const who = store.nameOf(message);
  const joined = (message.new_chat_members ?? []).map((member) => member.first_name).join(", ");
  let words = t("service.other");
  if (message.pinned_message) words = t("service.pinned", { who });
  else if (joined) words = t("service.joined", { who: joined });
  else if (message.left_chat_member) words = t("service.left", { who: message.left_chat_member.first_name });
  return h("div", { class: "service", dataset: { testid: "service", messageId: message.message_id } }, h("span", {}, words));
}
