// The two lists: what happened by itself, and what somebody did.

import { el, icon } from "../identify/dom.js";
import { ACTIONS, EVENTS, STATES, ago, timeOfDay } from "./words.js";
import { write } from "./circuits.js";

const ICONS = { good: "check", warn: "info", bad: "alert" };

export function showEvents(list, board) {
  const labels = labelsOf(board);
  fill(list, board.events, "Nothing happened.", (event) => {
    const [level, what, more] = (EVENTS[event.kind] ?? unknown)(labels[event.about] ?? event.about, event.facts, event.kind);
    return [icon(ICONS[level]), level, el("strong", {}, what), more ? ` – ${more}` : ""];
  });
}

export function showAudit(list, board) {
  const labels = labelsOf(board);
  fill(list, board.audit, board.audit === null ? "Not known while the database is gone." : "Nobody pressed a switch yet.", (row) => {
    const action = ACTIONS[row.action.replace("circuit.", "").replace("_", "-")]?.name ?? row.action;
    const change = `${stateName(row.before)} → ${stateName(row.after)}`;
    const what = el("strong", {}, `${row.actor_name}: ${action}, ${labels[row.target] ?? row.target}`);
    return [icon("lock"), "", what, ` – ${change}`, row.reason ? el("span", { class: "reason" }, ` “${row.reason}”`) : ""];
  });
}

const unknown = (name, _, kind) => ["warn", [name, kind].filter(Boolean).join(": ")];

function stateName(said) {
  const name = STATES[said.is_forced ? "forced" : said.state]?.[0] ?? said.state;
  return said.paused ? `${name}, paused` : name;
}

function labelsOf(board) {
  return Object.fromEntries(board.circuits.flatMap(({ circuit, name, label }) => [[circuit, label], [name, label]]));
}

/** Built anew only when there are others than before. */
function fill(list, rows, nothing, draw) {
  const shown = JSON.stringify([nothing, rows?.map(({ id }) => id)]);
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  if (!rows?.length) {
    list.removeAttribute("tabindex");
    list.replaceChildren(el("li", { class: "empty-line" }, nothing));
    return;
  }
  list.setAttribute("tabindex", "0"); // it scrolls: the keyboard has to reach it
  list.replaceChildren(...rows.map((row) => entry(row, draw(row))));
  tickTimes(list);
}

function entry(row, [drawing, level, ...words]) {
  const when = el("time", { class: "when", datetime: row.at, title: new Date(row.at).toLocaleString("en-GB") });
  return el("li", {}, el("span", { class: level }, drawing), el("div", {}, words, el("br"), when));
}

export function tickTimes(list) {
  for (const when of list.querySelectorAll("time")) {
    const moment = new Date(when.dateTime);
    write(when, `${timeOfDay(moment)} · ${ago(Math.max(0, (Date.now() - moment) / 1000))}`);
  }
}
