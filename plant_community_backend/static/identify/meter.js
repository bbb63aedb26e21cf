// A share as a bar, a number and words.

import { el } from "./dom.js";
import { percent } from "./words.js";

export function meter(label, share, words, kind = "") {
  const bar = el("div", { class: "fill" });
  bar.style.inlineSize = `${Math.max(1, Math.round(share * 100))}%`;
  return el(
    "div",
    { class: `meter ${kind}` },
    el("span", { class: "meter-label" }, label),
    el(
      "div",
      {
        class: "track",
        role: "meter",
        "aria-label": label,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": Math.round(share * 100),
        "aria-valuetext": words ? `${percent(share)}, ${words}` : percent(share),
      },
      bar,
    ),
    el("span", { class: "meter-value" }, percent(share)),
  );
}
