// The composer: writing, replying, editing, drafts, and everything behind the paperclip.
import { append, byId, h, icon, replace } from "./dom.js";
import { fileSize, t } from "./i18n.js";
import { api, upload } from "./api.js";
import { openDialog, popMenu } from "./dialogs.js";
import { report } from "./notices.js";
import { summary } from "./media.js";
import { store } from "./store.js";
import { Suggestions } from "./suggestions.js";

const TALLEST = 180;

const area = byId("composer-area");
const drafts = new Map();
let suggestions = null;
/** What the text is for: null (a new message), or {kind: "reply"|"edit", message}. */
let aim = null;
let shownFor = "";
const parts = {};

const place = () => `${store.personId}:${store.chatId}`;

/** Build the composer's nodes anew (at start, and when the page's language changes). */
export function drawComposer() {
  parts.strip = h("div", { class: "strip", hidden: true, dataset: { testid: "strip" } });
  parts.uploads = h("div", { class: "uploads", role: "status" });
  parts.file = h("input", { type: "file", multiple: true, class: "off-screen", tabindex: -1, "aria-hidden": "true", dataset: { testid: "file-input" }, on: { change: onFilesChosen } });
  parts.text = h("textarea", {
    rows: 1, placeholder: t("composer.placeholder"), "aria-label": t("composer.label"), autocomplete: "off", enterkeyhint: "send",
    dataset: { testid: "composer" }, on: { input: onInput, keydown: onKey, paste: onPaste },
  });
  const attach = iconButton("attach", "composer.attach", "attach", () => openAttach(attach));
  attach.setAttribute("aria-haspopup", "menu");
  const commands = iconButton("slash", "composer.commands", "commands", () => suggestions.toggle());
  parts.send = h("button", { type: "submit", class: "send", "aria-label": t("composer.send"), title: t("composer.send"), dataset: { testid: "send" } }, icon("send", 22));
  const form = h("form", { class: "composer", autocomplete: "off", on: { submit: onSubmit } }, attach, parts.file, parts.text, commands, parts.send);
  suggestions = new Suggestions(parts.text, sendCommand);
  replace(area, parts.strip, parts.uploads, suggestions.node, form);
  shownFor = "";
  showDraft();
}

function iconButton(name, label, testid, run) {
  return h("button", { type: "button", class: "icon-button", "aria-label": t(label), title: t(label), dataset: { testid }, on: { click: run } }, icon(name, 24));
}

/** Another person or chat was selected: bring that one's draft. */
export function showDraft() {
  if (shownFor === place()) return;
  shownFor = place();
  aim = null;
  parts.text.value = drafts.get(place()) ?? "";
  suggestions.close();
  showAim();
  fit();
}

function fit() {
  const field = parts.text;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
  field.style.overflowY = field.scrollHeight > TALLEST ? "auto" : "hidden";
  parts.send.classList.toggle("ready", field.value.trim() !== "");
}

function onInput() {
  if (aim?.kind !== "edit") drafts.set(place(), parts.text.value);
  fit();
  suggestions.update();
}

function onKey(event) {
  if (event.isComposing || suggestions.onKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && aim) dropAim();
  else if (event.key === "ArrowUp" && parts.text.value === "") editLast(event);
}

function editLast(event) {
  const { order, messages } = store.current;
  const last = order.findLast((id) => store.isOwn(messages.get(id)) && messages.get(id).text !== undefined);
  if (last === undefined) return;
  event.preventDefault();
  aimAt("edit", messages.get(last));
}

function onSubmit(event) {
  event.preventDefault();
  submit();
}

async function submit() {
  const text = parts.text.value.trim();
  if (!text) return;
  const [goal, where, chatId, personId] = [aim, place(), store.chatId, store.personId];
  write("");
  drafts.delete(where);
  suggestions.close();
  dropAim();
  try {
    if (goal?.kind === "edit") await api.edit(chatId, personId, goal.message.message_id, text);
    else await api.message(chatId, personId, text, goal?.message.message_id);
  } catch (error) {
    // Nothing typed is lost: it comes back unless something else is there by now.
    if (!drafts.get(where)) drafts.set(where, text);
    if (place() === where && !parts.text.value) write(text);
    report(error);
  }
}

function write(text) {
  parts.text.value = text;
  fit();
}

/** Send a command as the selected person (menu, tapped /command, start button). */
export async function sendCommand(command) {
  write("");
  drafts.delete(place());
  try {
    await api.message(store.chatId, store.personId, command);
  } catch (error) {
    report(error);
  }
}

export function aimAt(kind, message) {
  aim = { kind, message };
  if (kind === "edit") write(message.text ?? "");
  showAim();
  parts.text.focus();
}

function dropAim() {
  if (aim?.kind === "edit") write(drafts.get(place()) ?? "");
  aim = null;
  showAim();
}

function showAim() {
  parts.strip.hidden = aim === null;
  if (!aim) return;
  const title = aim.kind === "edit" ? t("edit.title") : t("reply.to", { who: store.nameOf(aim.message) });
  replace(parts.strip, icon(aim.kind, 22), h("span", { class: "strip-words" }, h("strong", {}, title), h("span", {}, summary(aim.message))),
    iconButton("close", "composer.cancel", "strip-cancel", dropAim));
}

export const focusComposer = () => parts.text.focus({ preventScroll: true });

// --- the paperclip -----------------------------------------------------------------------------------------------

function openAttach(origin) {
  const samples = store.samples.map((sample) => ({
    label: sample.name, icon: "file", note: fileSize(sample.size), testid: `sample-${sample.name}`, run: () => sendSample(sample.name),
  }));
  popMenu(origin, [
    { label: t("attach.file"), icon: "attach", testid: "attach-file", run: () => parts.file.click() },
    { label: t("attach.contact"), icon: "person", testid: "attach-contact", run: askContact },
    ...(samples.length ? [{ heading: t("attach.samples") }, ...samples] : []),
  ], { testid: "attach-menu", label: t("composer.attach") });
}

async function sendSample(name) {
  try {
    await api.sample(store.chatId, store.personId, name);
  } catch (error) {
    report(error);
  }
}

/** The sandbox's people have no phones; these are valid mobile numbers of Peru that belong to their ids. */
const phoneOf = (person) => `5190000${person.id}`;

function askContact() {
  const { person, chatId } = store;
  const phone = h("input", { type: "tel", value: `+${phoneOf(person)}`, required: true, dataset: { testid: "contact-phone" } });
  const name = h("input", { type: "text", value: person.first_name, required: true, maxlength: 64, dataset: { testid: "contact-name" } });
  openDialog(t("contact.title"), (close) => {
    const send = async (event) => {
      event.preventDefault();
      close();
      try {
        await api.contact(chatId, person.id, phone.value.trim(), name.value.trim());
      } catch (error) {
        report(error);
      }
    };
    return h("form", { class: "dialog-form", on: { submit: send } },
      h("label", {}, t("contact.phone"), phone), h("label", {}, t("contact.name"), name),
      h("div", { class: "dialog-actions" },
        h("button", { type: "button", class: "quiet-button", on: { click: close } }, t("dialog.cancel")),
        h("button", { type: "submit", class: "solid-button", dataset: { testid: "contact-send" } }, t("contact.send"))));
  }, { testid: "contact-dialog" });
}

// --- files -------------------------------------------------------------------------------------------------------

function onFilesChosen() {
  sendFiles([...parts.file.files]);
  parts.file.value = "";
}

function onPaste(event) {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  sendFiles(files);
}

/** Upload in the order given; what stands in the composer becomes the first one's caption. */
async function sendFiles(files) {
  const [chatId, personId] = [store.chatId, store.personId];
  let caption = aim ? "" : parts.text.value.trim();
  if (caption) {
    write("");
    drafts.delete(place());
  }
  for (const file of files) {
    const bar = h("span", { class: "upload-bar" });
    const line = h("div", { class: "upload" }, icon("file", 18), h("span", { class: "upload-name" }, t("attach.sending", { name: file.name })), bar);
    append(parts.uploads, [line]);
    try {
      await upload(chatId, personId, file, caption, (share) => bar.style.setProperty("--share", share));
    } catch (error) {
      report(error);
    }
    caption = "";
    line.remove();
  }
}

/** Files dropped anywhere on the chat. */
export function acceptDrops(target, veil) {
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (on) => veil.classList.toggle("shown", on);
  target.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show(true);
  });
  target.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) show(false);
  });
  // A file dropped beside the chat must not replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => hasFiles(event) && event.preventDefault());
  target.addEventListener("drop", (event) => {
    depth = 0;
    show(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) sendFiles(files);
  });
}
