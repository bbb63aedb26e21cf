// Waiting that can be called off.

import { Cancelled } from "./problems.js";

export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Cancelled());
      return;
    }
    const timer = setTimeout(done, ms);
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(new Cancelled());
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Tell the whole seconds left until none is; returns how to stop. */
export function countDown(seconds, tell) {
  const until = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    tell(left);
    if (left === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 500);
  tick();
  return () => clearInterval(timer);
}

/** Tell the whole seconds that have passed; returns how to stop. */
export function countUp(tell) {
  const since = Date.now();
  const tick = () => tell(Math.floor((Date.now() - since) / 1000));
  const timer = setInterval(tick, 500);
  tick();
  return () => clearInterval(timer);
}

export function inWords(seconds) {
  if (seconds < 90) return `${seconds} ${seconds === 1 ? "second" : "seconds"}`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} minutes`;
  return `${Math.ceil(minutes / 60)} hours`;
}
