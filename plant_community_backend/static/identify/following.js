// An answer that is not whole yet is looked at again, a bounded number of times.

import { call } from "./api.js";
import { Problem } from "./problems.js";
import { pause } from "./waiting.js";

// Seconds. A late service has until its own deadline, 20 s and 35 s; a queue may take minutes.
const PENDING_PAUSES = [2, 2, 3, 4, 5, 6, 8, 10];
const QUEUED_PAUSES = [3, 5, 8, 13, 20, 30, 30, 45, 60, 60, 60, 60, 60, 60, 60];

export const isQueued = ({ status }) => status === "queued";
export const isPending = ({ status, providers = [] }) =>
  status === "partial" && providers.some(({ state }) => state === "pending");
export const isUnfinished = (document) => isQueued(document) || isPending(document);

/** Calls `onChange(document)` with each newer one; returns whether it became whole. Throws Cancelled. */
export async function follow(document, { signal, onChange }) {
  const self = document.links.self;
  let latest = document;
  for (const seconds of isQueued(document) ? QUEUED_PAUSES : PENDING_PAUSES) {
    await pause(seconds * 1000, signal);
    let next;
    try {
      next = await call("GET", self, { signal });
    } catch (failure) {
      if (failure instanceof Problem && failure.status !== 404) continue; // a moment without a connection
      throw failure;
    }
    if (next.status !== latest.status || fingerprint(next) !== fingerprint(latest)) onChange(next);
    latest = next;
    if (!isUnfinished(latest)) return true;
  }
  return false;
}

const fingerprint = ({ providers = [] }) => providers.map(({ name, state }) => `${name}:${state}`).join();
