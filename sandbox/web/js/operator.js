// The operator's side: counters, sessions, how it answers, and faults of the Bot API.
import { h, icon, replace } from "./dom.js";
import { number, shortTime, t, toDate } from "./i18n.js";
import { api } from "./api.js";
import { report, toast } from "./notices.js";

const COUNTERS = ["received", "accepted", "refused", "throttled", "silent", "receipts", "incoming", "duplicates"];
// What each is a warning of, when it is not zero.
const TONE = { refused: "warn", throttled: "warn", silent: "warn", duplicates: "bad" };
// Whole behaviours of the simulated operator; only the normal one leaves the table of last digits in force.
const MODES = {
  normal: { default: "delivered", builtin: true },
  throttle: { default: "throttled", builtin: false },
  mute: { default: "silent", builtin: false },
  refuse: { default: "refused", builtin: false },
};
const FAULTS = {
  429: { method: "*", code: 429, retry_after: 5, times: 1 },
  outage: { method: "*", code: 502, times: 10 },
  lost: { method: "*", code: "lost", times: 1 },
  delay: { method: "*", code: "delay", delay_s: 2, times: 5 },
};
const HISTORY_S = 60;

let summary = null;
let script = null;
let refusing = false;
let shownTable = false;
/** Submits a second, the newest last. */
const rates = [];
const parts = {};

export function buildOperator() {
  parts.counters = h("div", { class: "counters" });
  parts.rate = h("div", { class: "rate" });
  parts.sessions = h("ul", { class: "sessions" });
  parts.modes = h("div", { class: "modes", role: "group", "aria-label": t("op.behaviour") });
  parts.table = h("details", { class: "fates", open: shownTable, on: { toggle: (event) => { shownTable = event.target.open; } } });
  parts.link = h("div", { class: "actions" });
  return h("div", { class: "operator" },
    section("op.counters", parts.rate, parts.counters),
    section("op.sessions", parts.sessions, parts.link),
    section("op.behaviour", parts.modes, parts.table),
    section("fault.title", h("p", { class: "hint" }, t("fault.hint")),
      h("div", { class: "actions" }, Object.keys(FAULTS).map((name) => actionButton(t(`fault.${name}`), `fault-${name}`, () => arm(name))))));
}

function section(key, ...children) {
  return h("section", { class: "op-section" }, h("h2", {}, t(key)), children);
}

function actionButton(label, testid, run, { danger = false } = {}) {
  return h("button", { type: "button", class: danger ? "action danger" : "action", dataset: { testid }, on: { click: run } }, label);
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    report(error);
  }
}

const arm = (name) => attempt(async () => {
  await api.fault(FAULTS[name]);
  toast(t("fault.set", { name: t(`fault.${name}`) }), { icon: "bolt" });
});

const choose = (name) => attempt(async () => {
  const answer = await api.behaviour(MODES[name]);
  script = answer.behaviour ?? { ...script, ...MODES[name] };
  toast(t("op.applied", { name: t(`op.${name}`) }), { icon: "tower" });
  drawOperator();
});

const drop = () => attempt(async () => {
  const { dropped } = await api.link({ drop: "all" });
  toast(t("op.dropped", { n: dropped ?? "" }), { icon: "bolt" });
});

const refuseBinds = (event) => attempt(async () => {
  ({ refuse: refusing } = await api.link({ drop: 0, refuse: event.target.checked }));
});

export function takeSummary(fresh) {
  summary = fresh;
}

export async function loadOperator() {
  [summary, script, { refuse: refusing = false }] = await Promise.all([api.summary(), api.script(), api.link({ drop: 0 })]);
}

/** Once a second: one step of the curve. */
export function tick() {
  rates.push(summary?.rate ?? 0);
  if (rates.length > HISTORY_S) rates.shift();
}

/** Whether the numbers may be moving without an event telling so. */
export const busy = () => (summary?.rate ?? 0) > 0 || rates.some((rate) => rate > 0);

export function drawOperator() {
  if (!summary) return;
  drawRate();
  replace(parts.counters, COUNTERS.map((name) => h("div", { class: "counter", dataset: { tone: summary[name] > 0 ? TONE[name] ?? "" : "", testid: `counter-${name}`, value: summary[name] } },
    h("strong", {}, number(summary[name] ?? 0)), h("span", {}, t(`op.${name}`)))));
  drawSessions();
  drawModes();
}

function drawRate() {
  const most = Math.max(1, ...rates);
  const step = 100 / (HISTORY_S - 1);
  const points = rates.map((rate, index) => `${((HISTORY_S - rates.length + index) * step).toFixed(2)},${(34 - (rate / most) * 30).toFixed(2)}`);
  const chart = svg("svg", { viewBox: "0 0 100 36", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" },
    points.length > 1 && svg("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }));
  replace(parts.rate, h("div", { class: "rate-now", dataset: { testid: "counter-rate", value: summary.rate } }, h("strong", {}, number(summary.rate)), h("span", {}, t("op.rate"))), chart);
}

function svg(tag, attributes, child) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (child) node.append(child);
  return node;
}

function drawSessions() {
  replace(parts.sessions, summary.binds.length
    ? summary.binds.map((bind) => h("li", {}, h("span", { class: "dot" }), h("strong", {}, bind.system_id), h("span", {}, bind.mode), h("time", {}, t("op.since", { time: shortTime(toDate(bind.since)) }))))
    : h("li", { class: "hint" }, t("op.nosessions")));
  if (parts.link.childElementCount) return;
  const box = h("input", { type: "checkbox", role: "switch", dataset: { testid: "refuse-binds" }, on: { change: refuseBinds } });
  box.checked = refusing;
  replace(parts.link, actionButton(t("op.drop"), "drop-link", drop, { danger: true }), h("label", { class: "switch" }, box, h("span", {}, t("op.noconnect"))));
}

const outcomeOf = (behaviour) => (typeof behaviour === "string" ? behaviour : behaviour?.outcome ?? "delivered");

function currentMode() {
  return Object.keys(MODES).find((name) => MODES[name].default === outcomeOf(script?.default) && MODES[name].builtin === (script?.builtin ?? true));
}

function drawModes() {
  const now = currentMode();
  const identity = `${now}`;
  if (parts.modes.dataset.now === identity) return;
  parts.modes.dataset.now = identity;
  const focused = document.activeElement?.dataset?.testid;
  replace(parts.modes, Object.keys(MODES).map((name) => h("button", {
    type: "button", class: "mode", "aria-pressed": String(name === now), dataset: { testid: `behaviour-${name}` }, on: { click: () => choose(name) },
  }, h("strong", {}, t(`op.${name}`)), h("span", {}, t(`op.${name}.hint`)))));
  if (focused) parts.modes.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  const rules = script?.builtin_rules ?? [];
  parts.table.hidden = !rules.length || now !== "normal";
  replace(parts.table, h("summary", {}, t("op.table"), icon("down", 16)), h("dl", {}, rules.flatMap((rule) => [h("dt", {}, `…${rule.suffix}`), h("dd", {}, fate(rule))]),
    h("dt", {}, t("op.any")), h("dd", {}, t("fate.delivered"))));
}

function fate(rule) {
  if (rule.answer_delay_s) return t("fate.slow", { n: rule.answer_delay_s });
  if (rule.receipt?.delay_s) return t("fate.late", { n: rule.receipt.delay_s });
  if (rule.receipt?.copies > 1) return t("fate.copies", { n: rule.receipt.copies });
  return t(`fate.${rule.outcome ?? "delivered"}`, { n: rule.times ?? "" });
}
