// The right column: its two tabs, when they are drawn, and how often the operator is asked.
import { byId, h, icon, replace } from "./dom.js";
import { t } from "./i18n.js";
import { api } from "./api.js";
import { buildHandsets, clearHandsets, drawHandsets, loadHandsets, refreshHandsets, takeSms } from "./handsets.js";
import { buildOperator, busy, drawOperator, loadOperator, takeSummary, tick } from "./operator.js";

const OPEN_KEY = "pregon.panel";
const TAB_KEY = "pregon.panel.tab";
const WIDE = "(min-width: 1180px)";
const DRAW_EVERY_MS = 250;
const RECEIPTS_AFTER_MS = 900;

let tab = localStorage.getItem(TAB_KEY) === "operator" ? "operator" : "handsets";
let drawTimer = null;
let receiptTimer = null;
let receipts = -1;
const parts = {};

export function startPanel() {
  const remembered = localStorage.getItem(OPEN_KEY);
  setOpen(window.matchMedia(WIDE).matches ? remembered !== "closed" : false, { remember: false });
  byId("panel-toggle").addEventListener("click", () => setOpen(document.body.dataset.panel !== "open"));
  setInterval(everySecond, 1000);
}

function setOpen(open, { remember = true } = {}) {
  document.body.dataset.panel = open ? "open" : "closed";
  if (remember) localStorage.setItem(OPEN_KEY, open ? "open" : "closed");
  showToggle();
}

function showToggle() {
  const button = byId("panel-toggle");
  const open = document.body.dataset.panel === "open";
  const label = t(open ? "panel.hide" : "panel.show");
  button.setAttribute("aria-expanded", String(open));
  button.setAttribute("aria-label", label);
  button.title = label;
  replace(button, icon("panel", 24));
}

/** Build the panel anew (at start, and when the page's language changes). */
export function buildPanel() {
  parts.bodies = { handsets: buildHandsets(), operator: buildOperator() };
  parts.tabs = { handsets: tabButton("handsets", "phone"), operator: tabButton("operator", "tower") };
  for (const [name, body] of Object.entries(parts.bodies)) {
    body.id = `panel-${name}`;
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", `tab-${name}`);
  }
  const close = h("button", { type: "button", class: "icon-button panel-close", "aria-label": t("panel.hide"), on: { click: () => setOpen(false) } }, icon("close", 22));
  replace(byId("panel"), h("div", { class: "tabs", role: "tablist", on: { keydown: onTabKey } }, parts.tabs.handsets, parts.tabs.operator, close),
    h("div", { class: "panel-body" }, parts.bodies.handsets, parts.bodies.operator));
  showToggle();
  showTab(tab);
}

function tabButton(name, symbol) {
  return h("button", { type: "button", role: "tab", id: `tab-${name}`, class: "tab", "aria-controls": `panel-${name}`, dataset: { testid: `tab-${name}` }, on: { click: () => showTab(name) } }, icon(symbol, 19), t(`tab.${name}`));
}

function onTabKey(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  showTab(tab === "handsets" ? "operator" : "handsets");
  parts.tabs[tab].focus();
}

function showTab(name) {
  tab = name;
  localStorage.setItem(TAB_KEY, name);
  for (const [other, button] of Object.entries(parts.tabs)) {
    button.setAttribute("aria-selected", String(other === name));
    button.tabIndex = other === name ? 0 : -1;
    parts.bodies[other].hidden = other !== name;
  }
  drawPanel();
}

function drawPanel() {
  if (tab === "handsets") drawHandsets();
  else drawOperator();
}

/** A campaign at full speed brings hundreds of events a second: draw a few times a second. */
function drawSoon() {
  drawTimer ??= setTimeout(() => {
    drawTimer = null;
    drawPanel();
  }, DRAW_EVERY_MS);
}

export function takePanelEvent(event) {
  if (event.kind === "sms") takeSms(event.handset, event.entry);
  else takeCounters(event.summary);
  drawSoon();
}

function takeCounters(summary) {
  // The operator's own reset empties its phones too.
  if (summary.received === 0) clearHandsets();
  takeSummary(summary);
  if (summary.receipts === receipts && summary.rate > 0) return;
  receipts = summary.receipts;
  receiptTimer ??= setTimeout(async () => {
    receiptTimer = null;
    // A failure here is told by the connection's own banner.
    await refreshHandsets({ quiet: summary.rate === 0 }).catch(() => {});
    drawSoon();
  }, RECEIPTS_AFTER_MS);
}

export async function loadPanel() {
  await Promise.all([loadHandsets(), loadOperator()]);
  drawPanel();
}

async function everySecond() {
  tick();
  if (tab !== "operator" || document.hidden) return;
  if (busy()) await api.summary().then(takeSummary).catch(() => {});
  drawOperator();
}
