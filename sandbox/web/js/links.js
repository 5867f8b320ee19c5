// Links: which addresses are safe to open, and what a link to our own bot does (the sandbox has no t.me).
import { avatar, h } from "./dom.js";
import { t } from "./i18n.js";
import { api } from "./api.js";
import { report, toast } from "./notices.js";
import { openDialog } from "./dialogs.js";
import { store } from "./store.js";

const PAYLOAD = /^[A-Za-z0-9_-]{1,64}$/;
const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);
export const LINK_IN_TEXT = /\b(?:https?:\/\/|t\.me\/)[^\s<>"'«»]+[^\s<>"'«».,;:!?)\]]/gi;

let goTo = () => {};
/** Tell this module how to show a person's private chat (it must not import the page). */
export const onVisit = (visit) => {
  goTo = visit;
};

function parse(address) {
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
  } catch {
    return null;
  }
}

/** The payload of `https://t.me/<our bot>?start=PAYLOAD`; "" for a link without one; null when it is another link. */
export function startPayload(address) {
  const url = parse(address);
  if (!url) return null;
  const telegram = url.protocol === "tg:" && url.host === "resolve";
  const name = telegram ? url.searchParams.get("domain") : url.pathname.split("/")[1];
  if (!telegram && !["t.me", "telegram.me"].includes(url.host)) return null;
  if (name?.toLowerCase() !== store.bot?.username?.toLowerCase()) return null;
  const payload = url.searchParams.get("start") ?? "";
  return payload === "" || PAYLOAD.test(payload) ? payload : null;
}

/** The first start link with a payload inside a text, or null. */
export function startLinkIn(text) {
  for (const found of text.match(LINK_IN_TEXT) ?? []) if (startPayload(found)) return found;
  return null;
}

export function openLink(address) {
  const payload = startPayload(address);
  if (payload !== null) return askWhoOpens(payload);
  const url = parse(address);
  if (url && SAFE.has(url.protocol)) window.open(url.href, "_blank", "noopener,noreferrer");
}

/** An anchor that opens through this module; an unsafe address (javascript:, data:) is shown as plain text. */
export function anchor(address, ...children) {
  const url = parse(address);
  const own = startPayload(address) !== null;
  if (!url || !(own || SAFE.has(url.protocol))) return h("span", {}, children);
  const activate = (event) => {
    event.preventDefault();
    openLink(address);
  };
  return h("a", { href: url.href, title: url.href, rel: "noopener noreferrer", target: "_blank", on: { click: activate }, dataset: { testid: "link" } }, children);
}

function askWhoOpens(payload) {
  const command = payload ? `/start ${payload}` : "/start";
  const choose = async (person, close) => {
    close();
    goTo(person.id, person.chat_id);
    try {
      await api.message(person.chat_id, person.id, command);
    } catch (error) {
      report(error);
    }
  };
  openDialog(t("open.title"), (close) => [
    h("p", {}, t("open.body")),
    h("code", { class: "dialog-code" }, command),
    h("div", { class: "pick-person" }, store.people.map((person) =>
      h("button", { type: "button", class: "pick", dataset: { testid: `open-as-${person.id}` }, on: { click: () => choose(person, close) } },
        avatar(person.id, person.first_name, { size: 40 }), h("span", {}, person.first_name)))),
  ], { testid: "open-as" });
}

/** Copy, say so, and offer to open it when it is an invitation to our bot. */
export async function copyText(text) {
  await writeClipboard(text);
  sayCopied(text);
}

export function sayCopied(text) {
  const link = startLinkIn(text);
  if (!link) return toast(t("toast.copied"), { icon: "copy" });
  return toast(t("toast.copied.link"), { icon: "copy", action: { label: t("toast.open"), run: () => openLink(link) }, seconds: 8 });
}

async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or no secure context (a LAN address): the old way still works.
    const area = h("textarea", { class: "off-screen" }, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
