// One card per circuit. Built once; afterwards only what changed is written, so that focus stays where it is.

import { el, icon, show } from "../identify/dom.js";
import { ACTIONS, STATES, about, count, dayAndTime, percent, shownState, span } from "./words.js";

const HIGH = 0.8;

export function buildCard(circuit, press) {
  const card = {
    badge: el("span", { class: "badge" }),
    words: el("p", { class: "words" }),
    countdown: el("p", { class: "countdown", role: "timer", "aria-live": "off" }),
    bar: el("div", { class: "bar", "aria-hidden": true }, el("div", {})),
    figures: el("dl", { class: "figures" }),
    quota: buildQuota(circuit),
    note: el("p", { class: "small quiet" }),
    buttons: {},
  };
  for (const [action, { name }] of Object.entries(ACTIONS)) {
    const kind = action === "force-open" ? "button danger" : "button";
    const label = `${name} the circuit of ${circuit.label}`;
    card.buttons[action] = el("button", { type: "button", class: kind, "aria-label": label, "data-action": action, onclick: () => press(circuit, action) }, name);
  }
  const heading = el("h3", { id: `circuit-${circuit.name}` }, circuit.label);
  card.element = el(
    "article",
    { class: "card circuit", "aria-labelledby": heading.id, "data-circuit": circuit.name },
    el("header", {}, heading, card.badge),
    el("div", { class: "headline" }, card.words, card.countdown, card.bar),
    card.figures,
    card.quota.element,
    el("div", { class: "actions" }, Object.values(card.buttons), card.note),
  );
  return card;
}

function buildQuota(circuit) {
  const fill = el("div", { class: "fill" });
  const track = el("div", { class: "track", role: "meter", "aria-label": `Quota of ${circuit.label}`, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, fill);
  const name = el("dt", {});
  const used = el("dd", {});
  const resets = el("span", { class: "quiet small" });
  return { fill, track, name, used, resets, element: el("div", { class: "quota" }, el("dl", { class: "figures" }, name, used), track, resets) };
}

export function showCircuit(card, circuit, { canSwitch }) {
  const state = shownState(circuit);
  if (card.badge.dataset.state !== state) {
    const [name, drawing] = STATES[state];
    card.badge.dataset.state = state;
    card.badge.replaceChildren(icon(drawing), name);
  }
  if (circuit.is_shared) card.lastKnown = state;
  write(card.words, headline(card, circuit, state));
  card.until = untilOf(circuit);
  card.period = circuit.open_period_s;
  show(card.countdown, card.until !== null);
  show(card.bar, card.until !== null && circuit.state === "open");
  show(card.quota.element, Boolean(circuit.quota));
  if (circuit.quota) showQuota(card.quota, circuit.quota);
  showFigures(card.figures, circuit.is_shared ? figuresOf(circuit) : []);
  showButtons(card, circuit, canSwitch);
  tickCard(card);
}

/** The moment of the next trial, or of the end of a pause, on this window's own clock. */
function untilOf(circuit) {
  if (!circuit.is_shared) return null;
  if (circuit.state === "open" && !circuit.is_forced && circuit.retry_in_s > 0) return performance.now() + circuit.retry_in_s * 1000;
  return circuit.pause && circuit.state === "closed" ? performance.now() + circuit.pause.left_s * 1000 : null;
}

function headline(card, circuit, state) {
  return {
    closed: circuit.fail_count ? "Calls go through. The last ones failed." : "Calls go through.",
    open: circuit.retry_in_s > 0 ? "Next trial in" : "The next photo tries it.",
    half_open: `One call at a time tries it: ${circuit.success_count} of ${circuit.success_threshold} were good.`,
    forced: "No calls until somebody closes or resets it.",
    paused: "Asked again in",
    unknown: card.lastKnown ? `Before Redis went: ${STATES[card.lastKnown][0]}.` : "Each process goes by what it knew last.",
    off: "Without a key it is not asked.",
  }[state];
}

function figuresOf(circuit) {
  return [
    ["Failures in a row", `${circuit.fail_count} of ${circuit.fail_max}`],
    circuit.open_for_s !== null && ["Not closed for", about(circuit.open_for_s)],
    circuit.changed_s_ago !== null && ["Last change", `${about(circuit.changed_s_ago)} ago`],
  ].filter(Boolean);
}

function showQuota(quota, { used, limit, resets_at, window }) {
  const share = limit ? Math.min(1, used / limit) : 1;
  quota.element.dataset.level = share >= 1 ? "full" : share >= HIGH ? "high" : "fine";
  quota.fill.style.inlineSize = `${share * 100}%`;
  quota.track.setAttribute("aria-valuenow", Math.round(share * 100));
  quota.track.setAttribute("aria-valuetext", `${count(used)} of ${count(limit)} this ${window}`);
  write(quota.name, window === "day" ? "Daily quota" : "Monthly quota");
  write(quota.used, `${count(used)} of ${count(limit)} (${percent(share)})`);
  write(quota.resets, `resets ${dayAndTime(new Date(resets_at))}`);
}

function showButtons(card, circuit, canSwitch) {
  const isIdle = circuit.state === "closed" && !circuit.fail_count && !circuit.pause;
  card.buttons["force-open"].disabled = !canSwitch || circuit.is_forced || !circuit.configured;
  card.buttons.close.disabled = !canSwitch || circuit.state === "closed" || !circuit.configured;
  card.buttons.reset.disabled = !canSwitch || isIdle || !circuit.configured;
  write(card.note, circuit.configured && !canSwitch ? "Switches need Redis and the database, which reach all processes and write down who pressed them." : "");
  show(card.note, card.note.textContent !== "");
}

export function showFigures(list, rows) {
  const wanted = JSON.stringify(rows);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** `rows` null: nobody knows at the moment. */
export function showCounts(list, rows) {
  showFigures(list, rows ?? [["Without Redis", "–"]]);
}

/** Once a second. */
export function tickCard(card) {
  if (card.until === null) return;
  const left = Math.max(0, (card.until - performance.now()) / 1000);
  write(card.countdown, span(left));
  card.bar.firstChild.style.inlineSize = `${card.period ? Math.min(100, (left / card.period) * 100) : 0}%`;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
