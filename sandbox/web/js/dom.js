// Building DOM nodes. Text always becomes a text node: nothing in this page is ever parsed as HTML.

/**
 * Create an element.
 * @param {string} tag
 * @param {object} props  `class`, `dataset`, `on` (event → listener), `style` (property → value), else attributes;
 *                        null, undefined and false attributes are left out, true becomes an empty one.
 * @param {...(Node|string|number|null|undefined|Array)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  append(element, children);
  return element;
}

function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "class") element.className = value;
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  else if (name === "style") for (const [key, item] of Object.entries(value)) element.style.setProperty(key, item);
  else element.setAttribute(name, value === true ? "" : String(value));
}

export function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

export function replace(parent, ...children) {
  parent.replaceChildren();
  return append(parent, children);
}

/** Replace the children, and give the focus back to the child with the same data-testid. */
export function redraw(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  replace(parent, ...children);
  if (focused) parent.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

export const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

// 24 × 24 strokes; drawn for this page.
const ICONS = {
  send: ["M4 12 20 4.5 15.5 20l-4-6.5z", "M11.5 13.5 20 4.5"],
  attach: ["M20 11.5 12 19.4a5 5 0 0 1-7.1-7.1l8.4-8.3a3.4 3.4 0 0 1 4.8 4.8l-8.3 8.2a1.7 1.7 0 0 1-2.4-2.4l7.4-7.3"],
  slash: ["M14.5 5.5l-5 13", "M4.5 4h15a1.5 1.5 0 0 1 1.5 1.5v13a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5v-13A1.5 1.5 0 0 1 4.5 4z"],
  file: ["M7 3h7l5 5v11a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z", "M14 3v5h5"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6"],
  down: ["M6 9.5l6 6 6-6"],
  download: ["M12 4v11", "M7 10.5l5 5 5-5", "M5 20h14"],
  copy: ["M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1z", "M4 15V4a1 1 0 0 1 1-1h11"],
  link: ["M7 17 17 7", "M9 7h8v8"],
  pin: ["M12 15.5V21", "M8.5 3h7l-1 6.5 3.5 3.5v2.5H6V13l3.5-3.5z"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  edit: ["M4 20l1-4.5L16.5 4a2 2 0 0 1 2.8 0l.7.7a2 2 0 0 1 0 2.8L8.5 19z"],
  reply: ["M10 5 4 11l6 6", "M4.5 11H14c3.5 0 6 2.5 6 6v2"],
  panel: ["M4.5 4h15A1.5 1.5 0 0 1 21 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5v-13A1.5 1.5 0 0 1 4.5 4z", "M15 4v16"],
  phone: ["M8 2.5h8a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 20V4A1.5 1.5 0 0 1 8 2.5z", "M11 18.5h2"],
  tower: ["M12 12v9", "M8.5 21h7", "M12 12.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z", "M7.5 15a6 6 0 0 1 0-8.5", "M16.5 6.5a6 6 0 0 1 0 8.5", "M4.7 17.8a10 10 0 0 1 0-14.1", "M19.3 3.7a10 10 0 0 1 0 14.1"],
  group: ["M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z", "M2.5 19.5c.6-3.5 3.2-5.3 6.5-5.3s5.9 1.8 6.5 5.3", "M16 5a3.3 3.3 0 0 1 0 6.2", "M18 14.8c2 .7 3.2 2.3 3.5 4.7"],
  more: ["M7 10l5 5 5-5"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  search: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z", "M15.5 15.5 20.5 20.5"],
  bolt: ["M13 2.5 5 13.5h6l-1 8 8-11h-6z"],
};

export function icon(name, size = 22) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.8,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  for (const data of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}

const HUES = 8;

/** A round picture: the megaphone for the bot, else the first letter on a colour that depends on the id alone. */
export function avatar(id, name, { bot = false, group = false, size = 44 } = {}) {
  const style = { "--size": `${size}px` };
  if (bot) return h("span", { class: "avatar avatar-bot", style, "aria-hidden": "true" }, h("img", { src: "/web/icon.svg", alt: "" }));
  const hue = group ? "group" : Math.abs(Number(id)) % HUES;
  const inside = group ? icon("group", Math.round(size * 0.55)) : [...(name || "?")][0].toUpperCase();
  return h("span", { class: "avatar", style, dataset: { hue }, "aria-hidden": "true" }, inside);
}
