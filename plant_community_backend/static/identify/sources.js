// Who was asked, how that ended, and whose word each fact is.

import { el } from "./dom.js";
import { fieldInWords, providerName, sourceInWords, stateInWords } from "./words.js";

export function sourcesSection({ providers, sources }) {
  if (!providers.length) return null;
  const facts = Object.entries(sources);
  return el(
    "section",
    { class: "card sources", "aria-labelledby": "sources-heading" },
    el("h2", { id: "sources-heading" }, "Where this comes from"),
    el("ul", { class: "states" }, providers.map(stateOf)),
    facts.length
      ? el(
          "details",
          {},
          el("summary", {}, "Fact by fact"),
          el(
            "dl",
            { class: "facts details-body" },
            facts.map(([field, source]) => el("div", {}, el("dt", {}, fieldInWords(field)), el("dd", {}, sourceInWords(source)))),
          ),
        )
      : null,
  );
}

function stateOf({ name, state, model_version: version, latency_ms: latency }) {
  const facts = [version ? `model ${version}` : null, latency === null ? null : secondsInWords(latency)].filter(Boolean);
  return el(
    "li",
    {},
    el("strong", {}, providerName(name)),
    ` ${stateInWords(state)}`,
    facts.length ? el("span", { class: "quiet small" }, ` (${facts.join(", ")})`) : null,
  );
}

function secondsInWords(milliseconds) {
  return milliseconds < 100 ? "under 0.1 s" : `${(milliseconds / 1000).toFixed(1)} s`;
}
