// Toasts at the bottom and the modal alert of an answered callback.
import { byId, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { openDialog } from "./dialogs.js";

const MOST = 3;

/**
 * A short notice that leaves by itself.
 * @param {{icon?: string, kind?: "info"|"error", seconds?: number, action?: {label: string, run: () => void}}} options
 */
export function toast(text, { icon: name = null, kind = "info", seconds = 4, action = null } = {}) {
  const box = byId("toasts");
  const leave = () => {
    node.classList.add("leaving");
    setTimeout(() => node.remove(), 200);
  };
  const run = () => {
    leave();
    action.run();
  };
  const node = h("div", { class: `toast toast-${kind}`, dataset: { testid: "toast" } },
    name && icon(name, 20),
    h("span", { class: "toast-text" }, text),
    action && h("button", { type: "button", class: "toast-action", dataset: { testid: "toast-action" }, on: { click: run } }, action.label));
  box.append(node);
  while (box.children.length > MOST) box.firstElementChild.remove();
  setTimeout(leave, seconds * 1000);
}

export function report(error) {
  toast(t("error", { reason: error.message }), { kind: "error", icon: "close", seconds: 6 });
}

/** What Telegram shows for `show_alert`: it stays until it is acknowledged. */
export function alertBox(text) {
  openDialog(null, (close) => [
    h("p", { class: "alert-text" }, text),
    h("div", { class: "dialog-actions" },
      h("button", { type: "button", class: "solid-button", dataset: { testid: "alert-ok" }, autofocus: true, on: { click: close } }, t("alert.ok"))),
  ], { testid: "alert" });
}

/** Ask before something that cannot be undone. */
export function confirmBox(text, yes, run) {
  const accept = (close) => () => {
    close();
    run();
  };
  openDialog(null, (close) => [
    h("p", { class: "alert-text" }, text),
    h("div", { class: "dialog-actions" },
      h("button", { type: "button", class: "quiet-button", autofocus: true, on: { click: close } }, t("dialog.cancel")),
      h("button", { type: "button", class: "solid-button danger", dataset: { testid: "confirm-yes" }, on: { click: accept(close) } }, yes)),
  ], { testid: "confirm" });
}
