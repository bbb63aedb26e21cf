// Whom the plant may harm, who says so, and that nothing said is not a word for safe.

import { el, icon, outsideLink } from "./dom.js";
import { percent, providerName } from "./words.js";

const TARGETS = {
  human: ["person", "People"],
  cat: ["cat", "Cats"],
  dog: ["dog", "Dogs"],
  horse: ["horse", "Horses"],
  livestock: ["paw", "Livestock"],
  animal: ["paw", "Animals (not said which)"],
};

/** Always there where a plant is named: that nothing is known has to be said as well. */
export function poisonSection(document, language) {
  const { toxicity_warnings: warnings, toxicity_notice: notice } = document;
  if (!warnings.length && !notice) return null;
  const isPoison = warnings.length > 0;
  return el(
    "section",
    { class: isPoison ? "warning poison is-poison" : "warning poison", "aria-labelledby": "poison-heading" },
    icon(isPoison ? "alert" : "info"),
    el(
      "div",
      {},
      el("h2", { id: "poison-heading" }, isPoison ? "May be poisonous" : "Poison: nothing is known"),
      warnings.map((warning) => one(warning, language)),
      notice ? el("p", { class: "poison-notice", lang: language }, notice) : null,
      el(
        "p",
        { class: "small" },
        "No information is not safety. If somebody has eaten of a plant, ask a doctor, a vet or a poison centre, and name the plant.",
      ),
    ),
  );
}

function one(warning, language) {
  const isGenus = warning.rank === "genus";
  return el(
    "div",
    { class: "poison-plant" },
    el(
      "h3",
      {},
      el("i", {}, warning.scientific_name),
      el("span", { class: "poison-share" }, warning.is_headline ? ", the plant named above" : `, possibly (${percent(warning.confidence)})`),
    ),
    isGenus ? el("p", {}, "Some species of this genus are poisonous.") : null,
    warning.targets.length ? el("ul", { class: "harmed" }, chips(warning)) : null,
    warning.services.map(({ provider, text }) => el("p", {}, el("span", { lang: language }, text), el("span", { class: "credit" }, ` ${providerName(provider)}`))),
    warning.targets.length
      ? el("details", {}, el("summary", {}, "Who says so"), el("ul", { class: "details-body stated" }, alike(warning.targets).map(statement)))
      : null,
  );
}

function chips({ targets, unknown_for: unknown }) {
  const harmed = new Set(targets.map(({ target }) => target));
  return Object.entries(TARGETS)
    .filter(([target]) => harmed.has(target) || unknown.includes(target))
    .map(([target, [drawing, name]]) =>
      el(
        "li",
        { class: harmed.has(target) ? "is-harmed" : "is-unknown" },
        icon(drawing),
        el("span", {}, name, ": ", el("strong", {}, harmed.has(target) ? "harmful" : "unknown")),
      ),
    );
}

/** What one source says in the same words of several is said once. */
function alike(targets) {
  const groups = new Map();
  for (const { about, level, parts, effects, source, target } of targets) {
    const words = [level, parts, effects].filter(Boolean).join("; ");
    const key = JSON.stringify([about, words, source.key]);
    if (!groups.has(key)) groups.set(key, { about, words, source, names: [] });
    groups.get(key).names.push(TARGETS[target]?.[1].toLowerCase() ?? target);
  }
  return [...groups.values()];
}

function statement({ about, words, source, names }) {
  return el(
    "li",
    {},
    el("i", {}, about),
    `, harmful to ${names.join(", ")}`,
    words ? `: “${words}”` : "",
    el(
      "span",
      { class: "credit" },
      " Source: ",
      outsideLink(source.url, source.title),
      source.is_verified ? null : " (unverified)",
    ),
  );
}
