// What the figures are called, and what to do about them.

export const STATES = {
  closed: ["Closed", "check"],
  open: ["Open", "close"],
  half_open: ["Half-open", "half"],
  forced: ["Forced open", "lock"],
  paused: ["Paused", "pause"],
  unknown: ["Not known", "dash"],
  off: ["Not configured", "dash"],
};

export const PAUSES = {
  key_refused: "It refuses our key.",
  quota_exhausted: "It says that our quota is used up.",
};

/** Of one circuit: what the badge shows. */
export function shownState(circuit) {
  if (!circuit.configured) return "off";
  if (!circuit.is_shared) return "unknown"; // what one process knows is not what is shown of all
  if (circuit.is_forced) return "forced";
  if (circuit.state === "closed" && circuit.pause) return "paused";
  return circuit.state;
}

const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const count = (value) => number.format(value);
export const timeOfDay = (moment) => clock.format(moment);
export const dayAndTime = (moment) => day.format(moment);
export const percent = (share) => `${Math.round(share * 100)} %`;

/** `1:05`, `12:00`, `1:02:03`. */
export function span(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts;
  const two = (part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `12 s`, `5 min`, `3 h`. */
export function about(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export const ago = (seconds) => (seconds < 2 ? "just now" : `${about(seconds)} ago`);

export const EVENTS = {
  circuit_opened: (name, facts) => ["bad", `${name}: circuit opened`, facts.fail_count && `${facts.fail_count} failures in a row`],
  circuit_half_open: (name) => ["warn", `${name}: one call tries again`],
  circuit_closed: (name, facts) => ["good", `${name}: circuit closed`, facts.downtime_s && `after ${about(Number(facts.downtime_s))}`],
  circuit_stuck_open: (name, facts) => ["bad", `${name}: not closed for ${about(Number(facts.open_for_s))}`],
  circuit_all_open: () => ["bad", "All circuits are open", "only answers known before are given"],
  "circuit.force_open": (name, facts) => ["warn", `${name}: forced open by ${facts.by}`],
  "circuit.close": (name, facts) => ["good", `${name}: closed by ${facts.by}`],
  "circuit.reset": (name, facts) => ["good", `${name}: reset by ${facts.by}`],
  lock_timeout: (_, facts) => ["warn", "Somebody waited in vain for another's call", `${facts.waited_s} s; more within half a minute are not listed`],
  provider_key_refused: (name) => ["bad", `${name} refused our key`, "left alone for 5 min"],
  provider_quota_exhausted: (name) => ["bad", `${name} says the quota is used up`],
  provider_misconfigured: (name, facts) => ["bad", `${name} does not understand us`, `HTTP ${facts.status}`],
  quota_nearly_used: (name, facts) => ["warn", `${name}: quota nearly used`, `${facts.used} of ${facts.limit}`],
  account_not_deleted: (_, facts) => ["bad", "An account could not be deleted", `${facts.error}; tried again in an hour`],
  redis_gone: () => ["bad", "Redis is gone"],
  redis_back: (_, facts) => ["good", "Redis is back", `after ${about(Number(facts.away_s))}`],
};

export const ACTIONS = {
  "force-open": {
    name: "Force open",
    heading: (label) => `Force ${label} open?`,
    text: (label) =>
      `Nobody calls ${label} any more, in no process, until somebody closes or resets the circuit. People get what the other service and the cache know, and are told so.`,
  },
  close: {
    name: "Close",
    press: "Close the circuit",
    heading: (label) => `Close the circuit of ${label}?`,
    text: (label) =>
      `Calls go to ${label} again at once, without a trial before. If it still fails, the circuit opens again by itself.`,
  },
  reset: {
    name: "Reset",
    heading: (label) => `Reset ${label}?`,
    text: (label) =>
      `Failures are forgotten and the circuit is closed. A pause because of a refused key or a used-up quota ends as well: use it when the cause has been removed.`,
  },
};
