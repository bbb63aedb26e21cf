// All candidates, the likeliest first; each opens to show more.

import { el, outsideLink } from "./dom.js";
import { meter } from "./meter.js";
import { pictureGrid } from "./pictures.js";
import { percent, providerName } from "./words.js";

const SHOWN_AT_ONCE = 4;

export function suggestionsSection({ suggestions, scientific_name: headline }, language) {
  const others = suggestions.filter(({ scientific_name: name }) => name !== headline);
  if (!others.length) return null;
  const [likely, rest] = [others.slice(0, SHOWN_AT_ONCE), others.slice(SHOWN_AT_ONCE)];
  return el(
    "section",
    { class: "card", "aria-labelledby": "others-heading" },
    el("h2", { id: "others-heading" }, headline ? "It could also be" : "What the services suggest all the same"),
    el("div", { class: "suggestions" }, likely.map((suggestion) => one(suggestion, language))),
    rest.length
      ? el(
          "details",
          {},
          el("summary", {}, `${rest.length} that ${rest.length === 1 ? "is" : "are"} less likely`),
          el("div", { class: "details-body" }, rest.map((suggestion) => one(suggestion, language))),
        )
      : null,
  );
}

function one(suggestion, language) {
  const [common] = suggestion.common_names;
  const name = common ? `${common} (${suggestion.scientific_name})` : suggestion.scientific_name;
  return el(
    "details",
    {},
    el("summary", {}, meter(name, suggestion.confidence, "", "thin in-summary")),
    el(
      "div",
      { class: "details-body" },
      el(
        "p",
        {},
        el("i", {}, suggestion.scientific_name),
        suggestion.authorship ? ` ${suggestion.authorship}` : null,
        suggestion.family ? `, family ${suggestion.family}` : null,
      ),
      el("p", { class: "quiet" }, opinions(suggestion.provider_scores)),
      suggestion.toxicity ? el("p", { class: "small-warning", lang: language }, suggestion.toxicity) : null,
      suggestion.description ? el("p", { lang: language }, suggestion.description) : null,
      suggestion.similar_images.length ? pictureGrid(suggestion.similar_images, common ?? suggestion.scientific_name) : null,
      suggestion.url ? el("p", {}, outsideLink(suggestion.url, "Read more")) : null,
    ),
  );
}

function opinions(scores) {
  return Object.entries(scores)
    .map(([name, score]) => `${providerName(name)}: ${score === null ? "not named" : percent(score)}`)
    .join(" · ");
}
