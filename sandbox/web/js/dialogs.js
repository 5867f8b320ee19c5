// Modal dialogs (native <dialog>: focus trap and Esc come with it), the enlarged photo, and small menus.
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Open a modal dialog; a click beside it closes it.
 * @param {string|null} title
 * @param {(close: () => void) => Array} fill  its content
 */
export function openDialog(title, fill, { testid, className = "" } = {}) {
  const dialog = h("dialog", { class: `dialog ${className}`, dataset: { testid }, "aria-label": title });
  const close = () => dialog.close();
  dialog.append(h("div", { class: "dialog-body" }, title && h("h2", {}, title), fill(close)));
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function zoomPhoto(source, name, caption) {
  const dialog = openDialog(null, (close) => [
    h("img", { src: source, alt: caption || name, on: { click: close } }),
    h("div", { class: "zoom-bar" },
      caption && h("span", {}, caption),
      h("a", { class: "zoom-button", href: source, download: name, "aria-label": t("file.download", { name }) }, icon("download")),
      h("button", { type: "button", class: "zoom-button", "aria-label": t("dialog.close"), autofocus: true, on: { click: close } }, icon("close"))),
  ], { testid: "lightbox", className: "zoom" });
  dialog.setAttribute("aria-label", t("photo.zoom"));
}

let openMenu = null;

export function closeMenu() {
  openMenu?.close();
}

/**
 * A popover menu near `origin`; arrow keys move, Esc and a click elsewhere close it.
 * @param {Array<{label: string, icon?: string, note?: string, testid?: string, run: () => void}|{heading: string}>} items
 */
export function popMenu(origin, items, { testid, label, at = null } = {}) {
  closeMenu();
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, dataset: { testid } });
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    openMenu = null;
    if (origin.isConnected && menu.contains(document.activeElement)) origin.focus();
  };
  const outside = (event) => menu.contains(event.target) || origin.contains(event.target) || close();
  const pick = (item) => () => {
    close();
    item.run();
  };
  for (const item of items) {
    if (item.heading) menu.append(h("div", { class: "menu-heading" }, item.heading));
    else menu.append(h("button", { type: "button", role: "menuitem", class: "menu-item", dataset: { testid: item.testid }, on: { click: pick(item) } },
      item.icon && icon(item.icon, 20), h("span", { class: "menu-label" }, item.label), item.note && h("span", { class: "menu-note" }, item.note)));
  }
  menu.addEventListener("keydown", (event) => moveFocus(event, menu, close, origin));
  document.body.append(menu);
  place(menu, origin, at);
  document.addEventListener("pointerdown", outside, true);
  openMenu = { close };
  menu.querySelector(".menu-item")?.focus({ preventScroll: true });
}

function moveFocus(event, menu, close, origin) {
  const items = [...menu.querySelectorAll(".menu-item")];
  const now = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items[(now + step + items.length) % items.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close();
    origin.focus();
  }
}

function place(menu, origin, at) {
  const box = at ?? origin.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const gap = 8;
  const wanted = box.right > window.innerWidth / 2 ? box.right - width : box.left;
  const left = Math.min(Math.max(gap, wanted), window.innerWidth - width - gap);
  const above = box.top - height - gap;
  const top = above > gap ? above : Math.min(box.bottom + gap, window.innerHeight - height - gap);
  menu.style.left = `${left}px`;
  menu.style.top = `${Math.max(gap, top)}px`;
}
