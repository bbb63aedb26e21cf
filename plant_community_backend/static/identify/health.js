// Whether the plant is ill, of what, and what helps.

import { el, icon, outsideLink } from "./dom.js";
import { meter } from "./meter.js";
import { sourceInWords } from "./words.js";

const TREATMENTS = { biological: "Without chemicals", chemical: "With chemicals", prevention: "So that it does not come back" };
const WORTH_SHOWING = { ill: 0.05, healthy: 0.1 };

export function healthSection({ disease_detection: health, sources }, language) {
  if (!health) return null;
  const least = health.is_healthy ? WORTH_SHOWING.healthy : WORTH_SHOWING.ill;
  const diseases = health.diseases.filter(({ probability }) => probability >= least);
  return el(
    "section",
    { class: "card", "aria-labelledby": "health-heading" },
    el("h2", { id: "health-heading" }, "Health"),
    el(
      "p",
      { class: health.is_healthy ? "verdict is-well" : "verdict is-ill" },
      icon(health.is_healthy ? "check" : "alert"),
      health.is_healthy ? "It looks healthy" : "It does not look healthy",
    ),
    health.probability === null ? null : meter("Healthy", health.probability, "", "thin"),
    question(health.question, language),
    diseases.length
      ? [
          el("h3", {}, health.is_healthy ? "If something seems wrong all the same" : "What it may be"),
          el("div", { class: "diseases" }, diseases.map((disease, index) => one(disease, !health.is_healthy && index === 0, language))),
        ]
      : null,
    el(
      "p",
      { class: "credit" },
      sources.disease_detection ? `From ${sourceInWords(sources.disease_detection)}. ` : null,
      "A photo does not replace looking at the plant.",
    ),
  );
}

function question(asked, language) {
  if (!asked) return null;
  return el(
    "div",
    { class: "question" },
    el("h3", {}, "Look closely"),
    el("p", { lang: language }, asked.text),
    el("ul", { lang: language }, asked.options.map((option) => el("li", {}, option))),
  );
}

function one(disease, isOpen, language) {
  const name = disease.local_name ?? disease.name;
  const lists = Object.entries(TREATMENTS).filter(([kind]) => disease.treatment?.[kind]?.length);
  return el(
    "details",
    { open: isOpen },
    el("summary", {}, meter(name.charAt(0).toUpperCase() + name.slice(1), disease.probability, "", "thin in-summary")),
    el(
      "div",
      { class: "details-body" },
      disease.description ? el("p", { lang: language }, disease.description) : null,
      lists.map(([kind, words]) => [
        el("h4", {}, words),
        el("ul", { lang: language }, disease.treatment[kind].map((step) => el("li", {}, step))),
      ]),
      !lists.length && !disease.description ? el("p", { class: "quiet" }, "The service says no more about it.") : null,
      disease.url ? el("p", {}, outsideLink(disease.url, "Read more")) : null,
    ),
  );
}
