// What is going on, and what to do next, in sentences.

import { el, icon } from "../identify/dom.js";
import { PAUSES, about, count } from "./words.js";

const STUCK_S = 600;
const ICONS = { good: "check", warn: "info", bad: "alert" };

/** `[level, what, what to do]`, the worst first. */
export function noticesOf(board) {
  const found = [...ofStores(board), ...board.circuits.flatMap((circuit) => ofCircuit(circuit, board))];
  const order = ["bad", "warn", "good"];
  found.sort((one, other) => order.indexOf(one[0]) - order.indexOf(other[0]));
  return found.length ? found : [["good", "Everything works.", "Nothing to do."]];
}

function ofStores(board) {
  const found = [];
  if (!board.database) found.push(["bad", "The database is gone.", "Nothing new is identified: what is paid for could not be written down. Look at PostgreSQL; no process needs a restart afterwards."]);
  if (!board.redis) found.push(["bad", "Redis is gone.", "Identification goes on, and each process decides for itself, from what it knew last: an open circuit stays open there. Switches are off. Look at the Redis server; all come back to it by themselves."]);
  else if (!board.workers) found.push(["warn", "No background worker is alive.", "Queued photos and late replies wait. Start the workers; nothing is lost."]);
  if (board.circuits.every((circuit) => !circuit.configured)) found.push(["bad", "No identification service is configured.", "Set PLANT_ID_API_KEY or PLANTNET_API_KEY."]);
  return found;
}

function ofCircuit(circuit, board) {
  if (!circuit.configured || !circuit.is_shared) return [];
  const others = board.circuits.filter((other) => other !== circuit && other.available).map((other) => other.label);
  const rest = others.length ? `Answers come from ${others.join(" and ")} only, and say so.` : "People get only answers that are known already.";
  return [...ofState(circuit, rest), ...ofQuota(circuit, rest)];
}

function ofState(circuit, rest) {
  const { label } = circuit;
  if (circuit.is_forced) return [["warn", `${label} was switched off by hand.`, `${rest} It stays so until somebody closes or resets the circuit.`]];
  if (circuit.state === "open") {
    const isLong = circuit.open_for_s > STUCK_S;
    const next = isLong ? `For ${about(circuit.open_for_s)} now: look at the service's status page and at our way out.` : "One call will try again by itself: nothing to do yet.";
    return [["bad", `${label} does not work and is left alone.`, `${rest} ${next}`]];
  }
  if (circuit.state === "half_open") return [["warn", `${label} is being tried again.`, `${circuit.success_count} of ${circuit.success_threshold} good answers so far; then the circuit closes by itself.`]];
  if (circuit.pause) return [["bad", `${label} is left alone. ${PAUSES[circuit.pause.state] ?? ""}`, `${rest} ${circuit.pause.state === "key_refused" ? "Check the key with the service." : "Buy more, or wait."} When that is done, press Reset.`]];
  return [];
}

function ofQuota({ label, quota }, rest) {
  if (!quota) return [];
  if (quota.used >= quota.limit) return [["bad", `The quota of ${label} is used up.`, `${rest} It comes back by itself with the new ${quota.window}.`]];
  if (quota.used >= quota.limit * 0.8) return [["warn", `The quota of ${label} is nearly used.`, `${count(quota.limit - quota.used)} left for this ${quota.window}. Limits per person shrink by themselves.`]];
  return [];
}

/** Rebuilt only when something else is said: a screen reader in the middle of it is not thrown out. */
export function showNotices(list, board) {
  const notices = noticesOf(board);
  const said = JSON.stringify(notices);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  list.replaceChildren(
    ...notices.map(([level, what, next]) =>
      el("li", { class: `notice ${level}` }, icon(ICONS[level]), el("div", {}, el("strong", {}, what), next)),
    ),
  );
}
