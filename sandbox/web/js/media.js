// What a message carries besides text: photos, documents, contact cards, albums, and a plain label for the rest.
import { avatar, h, icon } from "./dom.js";
import { fileSize, t } from "./i18n.js";
import { fileUrl } from "./api.js";
import { zoomPhoto } from "./dialogs.js";

const OTHER_KINDS = ["sticker", "video", "audio", "voice", "poll", "location"];

/** The name of what a message carries, or null when it is only text. */
export function mediaKind(message) {
  if (message.photo) return "photo";
  if (message.document) return "document";
  if (message.contact) return "contact";
  return OTHER_KINDS.find((kind) => message[kind]) ?? null;
}

export function media(message) {
  switch (mediaKind(message)) {
    case "photo":
      return photo(message);
    case "document":
      return documentCard(message.document);
    case "contact":
      return contactCard(message.contact);
    case null:
      return null;
    default:
      return h("div", { class: "other-media" }, `[${t(`kind.${mediaKind(message)}`)}]`);
  }
}

const area = (size) => size.width * size.height;

function photo(message) {
  const best = message.photo.reduce((one, other) => (area(other) > area(one) ? other : one));
  const source = fileUrl(best.file_id);
  const caption = message.caption ?? "";
  const image = h("img", { src: source, width: best.width, height: best.height, alt: caption || t("kind.photo"), dataset: { file: best.file_id }, decoding: "async" });
  const open = () => zoomPhoto(source, "photo.png", caption);
  return h("button", {
    type: "button", class: "photo", dataset: { testid: "photo" }, "aria-label": t("photo.zoom"),
    style: { "--ratio": `${best.width} / ${best.height}` }, on: { click: open },
  }, image);
}

function documentCard(file) {
  const name = file.file_name ?? t("kind.document");
  const extension = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? "";
  const picture = file.mime_type?.startsWith("image/") && file.mime_type !== "image/svg+xml";
  const face = picture
    ? h("img", { class: "file-face", src: fileUrl(file.file_id), alt: "", width: 46, height: 46, dataset: { file: file.file_id } })
    : h("span", { class: "file-face", dataset: { type: extension.toLowerCase() } }, extension ? extension.toUpperCase() : icon("file"));
  return h("a", { class: "file", href: fileUrl(file.file_id), download: name, "aria-label": t("file.download", { name }), dataset: { testid: "document" } },
    face, h("span", { class: "file-words" }, h("span", { class: "file-name" }, name), h("span", { class: "file-size" }, fileSize(file.file_size ?? 0))),
    h("span", { class: "file-go" }, icon("download", 18)));
}

function contactCard(contact) {
  const name = [contact.first_name, contact.last_name].filter(Boolean).join(" ");
  const phone = contact.phone_number.replace(/^\+?/, "+");
  return h("div", { class: "contact-card", dataset: { testid: "contact" } },
    avatar(contact.user_id ?? contact.phone_number.replace(/\D/g, ""), name, { size: 42 }),
    h("span", { class: "file-words" }, h("span", { class: "file-name" }, name), h("span", { class: "file-size" }, phone)));
}

/** Several messages of one media group in one bubble: photos as a grid, files as a stack. */
export function album(messages) {
  const photos = messages.every((message) => message.photo);
  return h("div", { class: photos ? "album album-photos" : "album", dataset: { count: Math.min(messages.length, 4) } }, messages.map(media));
}

/** One line for the chat list, a reply quote or the pinned bar. */
export function summary(message) {
  const words = (message.text ?? message.caption ?? "").replace(/\s+/g, " ").trim();
  const kind = mediaKind(message);
  if (kind === "document") return [message.document.file_name ?? t("kind.document"), words].filter(Boolean).join(" · ");
  if (kind === "contact") return `${t("kind.contact")}: ${message.contact.first_name}`;
  if (kind) return [t(`kind.${kind}`), words].filter(Boolean).join(" · ");
  return words || t("kind.other");
}
