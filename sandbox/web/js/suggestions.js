// The bot's commands: the menu behind the / button and the completion while a command is typed.
import { h, replace } from "./dom.js";
import { t } from "./i18n.js";
import { store } from "./store.js";

export class Suggestions {
  /**
   * @param {HTMLTextAreaElement} field
   * @param {(command: string) => void} send
   */
  constructor(field, send) {
    this.field = field;
    this.send = send;
    this.found = [];
    this.at = 0;
    this.node = h("div", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": t("composer.commands"), hidden: true, dataset: { testid: "command-menu" } });
    field.setAttribute("aria-controls", "suggestions");
    // The field keeps the focus while the mouse picks.
    this.node.addEventListener("mousedown", (event) => event.preventDefault());
    field.addEventListener("blur", () => this.close());
  }

  get open() {
    return !this.node.hidden;
  }

  toggle() {
    if (this.open) return this.close();
    this.field.focus();
    return this.show(store.commandsFor(store.person), true);
  }

  /** Follow what is typed: only a lone /word completes. */
  update() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.field.value)?.[1]?.toLowerCase();
    if (typed === undefined) return this.close();
    return this.show(store.commandsFor(store.person).filter((item) => item.command.startsWith(typed)));
  }

  show(found, evenEmpty = false) {
    this.found = found;
    this.at = 0;
    if (!found.length && !evenEmpty) return this.close();
    this.node.hidden = false;
    const items = found.map((item, index) => h("button", {
      type: "button", tabindex: -1, role: "option", id: `suggestion-${index}`, class: "suggestion",
      dataset: { testid: `command-${item.command}` }, on: { click: () => this.pick(item) },
    }, h("strong", {}, `/${item.command}`), h("span", {}, item.description)));
    replace(this.node, items.length ? items : h("p", { class: "suggestion-none" }, t("composer.nocommands")));
    return this.mark();
  }

  mark() {
    [...this.node.querySelectorAll(".suggestion")].forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === this.at));
      if (index === this.at) node.scrollIntoView({ block: "nearest" });
    });
    if (this.found.length) this.field.setAttribute("aria-activedescendant", `suggestion-${this.at}`);
  }

  pick(item) {
    this.close();
    this.send(`/${item.command}`);
  }

  close() {
    this.node.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  /** True when the key was for the list. */
  onKey(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && this.found.length) this.complete();
    else if (event.key === "Enter" && !event.shiftKey && this.found.length) this.pick(this.found[this.at]);
    else return false;
    event.preventDefault();
    return true;
  }

  /** Tab writes the command, so that something can be added to it. */
  complete() {
    this.field.value = `/${this.found[this.at].command} `;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
