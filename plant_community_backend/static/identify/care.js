// What the plant needs, as far as somebody said so.

import { el, icon } from "./dom.js";
import { sourceInWords } from "./words.js";

const NEEDS = [
  ["watering", "Water", "drop"],
  ["light", "Light", "sun"],
  ["soil", "Soil", "soil"],
  ["temperature", "Temperature", "temperature"],
  ["propagation", "Propagation", "sprout"],
];
const WATER = { 1: "dry", 2: "medium", 3: "wet" };

export function careSection(document, language) {
  const care = document.care_instructions ?? {};
  const rows = NEEDS.map(([field, name, drawing]) => [name, drawing, care[field] ?? fallback(document, field), !care[field]]);
  const known = rows.filter(([, , text]) => text);
  if (!known.length) return null;
  const sources = care.sources?.length ? care.sources : [document.sources.watering].filter(Boolean);
  return el(
    "section",
    { class: "card", "aria-labelledby": "care-heading" },
    el("h2", { id: "care-heading" }, "Care"),
    el(
      "dl",
      { class: "care" },
      known.map(([name, drawing, text, isOurs]) =>
        el("div", {}, el("dt", {}, icon(drawing), name), el("dd", { lang: isOurs ? null : language }, text)),
      ),
    ),
    sources.length ? el("p", { class: "credit" }, `From ${sources.map(sourceInWords).join(" and ")}.`) : null,
  );
}

/** The scale of water, and the list of methods, where there is no sentence. */
function fallback({ watering, propagation_methods: methods }, field) {
  if (field === "propagation") return methods?.length ? methods.join(", ") : null;
  if (field !== "watering" || !watering) return null;
  const [least, most] = [WATER[watering.min], WATER[watering.max]];
  if (least && most && least !== most) return `Keep the soil ${least} to ${most}.`;
  return least || most ? `Keep the soil ${least ?? most}.` : null;
}
