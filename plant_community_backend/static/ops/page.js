// The operators' page: shows what it is told, and counts down in between.

import { byId, el, icon, show } from "../identify/dom.js";
import { buildCard, showCircuit, showCounts, showFigures, tickCard, write } from "./circuits.js";
import { showAudit, showEvents, tickTimes } from "./happenings.js";
import { Live } from "./live.js";
import { showNotices } from "./notices.js";
import { prepareSwitches } from "./switching.js";
import { STATES, count, percent, shownState, timeOfDay } from "./words.js";

const { socket, status, circuits, signIn } = document.body.dataset;
const cards = new Map();
const lastStates = new Map();
let shownAt = null;

const press = prepareSwitches({ address: circuits, show: showBoard, announce });

function announce(text) {
  byId("announcement").textContent = text;
}

function showBoard(board) {
  shownAt = new Date();
  byId("board").setAttribute("aria-busy", "false");
  byId("board").classList.remove("is-old");
  showNotices(byId("notices"), board);
  for (const circuit of board.circuits) {
    if (!cards.has(circuit.name)) {
      cards.set(circuit.name, buildCard(circuit, press));
      byId("circuits").append(cards.get(circuit.name).element);
    }
    showCircuit(cards.get(circuit.name), circuit, { canSwitch: board.redis && board.database });
    announceChange(circuit);
  }
  showWork(board);
  write(byId("events-scope"), board.redis ? "last 24 hours, all processes" : "what this process saw");
  showEvents(byId("events"), board);
  showAudit(byId("audit"), board);
}

function announceChange(circuit) {
  const state = shownState(circuit);
  const before = lastStates.get(circuit.name);
  lastStates.set(circuit.name, state);
  if (before && before !== state) announce(`${circuit.label}: ${STATES[state][0]}.`);
}

function showWork({ identified, cache, locks, queues, waiting }) {
  showCounts(byId("identified"), identified && [
    ["Complete", count(identified.complete ?? 0)],
    ["Partial", count(identified.partial ?? 0)],
    ["Older answer", count(identified.stale ?? 0)],
    ["Queued for later", count(identified.queued ?? 0)],
    ["No answer", count(identified.none ?? 0)],
  ]);
  const { hit = 0, near = 0, miss = 0 } = cache ?? {};
  const all = hit + near + miss;
  showCounts(byId("cache"), cache && [
    ["Same photo", count(hit)],
    ["Near duplicate", count(near)],
    ["New photo", count(miss)],
    ["From the cache", all ? percent((hit + near) / all) : "–"],
  ]);
  showCounts(byId("locks"), locks && [
    ["Waited", count(locks.waits)],
    ["For 1 s or more", count(locks.long)],
    ["On average", locks.waits ? `${(locks.mean_ms / 1000).toFixed(2)} s` : "–"],
    ["In vain", count(locks.timeouts)],
  ]);
  const tasks = queues ? queues.map(({ name, length }) => [`Tasks, ${name}`, count(length)]) : [["Tasks", "–"]];
  showFigures(byId("queues"), [...tasks, ["Photos waiting", waiting === null ? "–" : count(waiting)]]);
}

const CONNECTION = {
  starting: () => "Connecting …",
  live: () => "Live",
  polling: () => "Every 5 s",
  lost: () => "Not live",
  "signed-out": () => "Signed out",
};

function tellConnection(state) {
  const pill = byId("connection");
  if (pill.dataset.state === state) return;
  pill.dataset.state = state;
  write(byId("connection-text"), CONNECTION[state]());
  const isGone = state === "lost" || state === "signed-out";
  byId("board").classList.toggle("is-old", isGone);
  show(byId("lost"), isGone);
  byId("lost").replaceChildren(...(isGone ? [icon("alert"), el("div", {}, ...goneWords(state))] : []));
}

function goneWords(state) {
  const since = shownAt ? `Not live since ${timeOfDay(shownAt)}.` : "Not live yet.";
  if (state === "lost") return [el("strong", {}, since), "The server does not answer. What is below is old; this page goes on trying by itself."];
  return [el("strong", {}, `You are signed out. ${since}`), "What is below is old. ", el("a", { href: signIn }, "Sign in again"), "."];
}

setInterval(() => {
  for (const card of cards.values()) tickCard(card);
  tickTimes(byId("events"));
  tickTimes(byId("audit"));
}, 1_000);

new Live({ socketAddress: socket, statusAddress: status, show: showBoard, tell: tellConnection }).start();
