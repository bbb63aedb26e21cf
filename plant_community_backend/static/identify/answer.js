// One answer, from its headline down. Every part is left out where nobody said anything about it.

import { careSection } from "./care.js";
import { el, icon, outsideLink } from "./dom.js";
import { isPending } from "./following.js";
import { healthSection } from "./health.js";
import { meter } from "./meter.js";
import { creditOf, pictureGrid, webPicture } from "./pictures.js";
import { poisonSection } from "./poison.js";
import { sourcesSection } from "./sources.js";
import { suggestionsSection } from "./suggestions.js";
import { ageInWords, agreementInWords, confidenceInWords, hasAnswered, providerName, stateInWords } from "./words.js";

const QUEUED =
  "This page looks again by itself. You can also close it and come back later: your photo is among your recent identifications.";
const RANKS = { species: "Species", genus: "Genus", infraspecies: "Subspecies or variety" };

/** `photos` are addresses of the person's own photos, where there are any. */
export function answerParts(document, { photos = [], language = null } = {}) {
  const isNamed = document.scientific_name !== null;
  const parts = isNamed ? namedParts(document, photos, language) : namelessParts(document, photos, language);
  return [...notices(document), ...parts, sourcesSection(document)].filter(Boolean);
}

export function headlineOf(document) {
  if (document.status === "queued") return "In the queue";
  if (document.name) return document.name;
  return document.is_plant === false ? "No plant found" : "Not recognised";
}

function namedParts(document, photos, language) {
  return [
    hero(document, photos, language),
    warnings(document, language),
    columns(
      [aboutSection(document, language), healthSection(document, language), careSection(document, language)],
      [picturesSection(document), suggestionsSection(document, language)],
    ),
  ];
}

/** Two beside each other where there is room; one service alone often fills no more than one. */
function columns(...sections) {
  const filled = sections.map((column) => column.filter(Boolean)).filter(({ length }) => length);
  return el("div", { class: filled.length > 1 ? "columns" : "column" }, filled.map((column) => el("div", { class: "column" }, column)));
}

function namelessParts(document, photos, language) {
  const isQueued = document.status === "queued";
  return [
    el(
      "section",
      { class: "card hero is-nameless", "aria-labelledby": "answer-heading" },
      ownPhotos(photos),
      el(
        "div",
        { class: "hero-text" },
        el("h1", { id: "answer-heading" }, headlineOf(document)),
        el("p", { class: "summary", lang: language }, document.summary),
        isQueued ? el("p", { class: "quiet" }, icon("clock"), " ", QUEUED) : null,
      ),
    ),
    isQueued ? null : tips(),
    warnings(document, language),
    isQueued ? null : suggestionsSection(document, language),
  ];
}

// --- Notices ------------------------------------------------------------------------------------------------

function notices(document) {
  const said = [];
  const answered = document.answered_at ? ageInWords(document.age_s) : "";
  if (document.status === "stale") {
    said.push(["clock", "An older answer", `Neither service can be reached right now. This is what they said before (${answered}).`]);
  } else if (isPending(document)) {
    const names = document.providers.filter(({ state }) => state === "pending").map(({ name }) => providerName(name));
    said.push(["clock", `Waiting for ${names.join(" and ")}`, "This is what is known so far. The page completes it by itself."]);
  } else if (document.status === "partial") {
    const missing = document.providers.filter(({ state }) => !hasAnswered(state) && state !== "not_configured");
    const why = missing.map(({ name, state }) => `${providerName(name)} ${stateInWords(state)}.`);
    said.push(["alert", "Only part of the answer", [...why, "You can ask again later with the same photo."].join(" ")]);
  }
  if (document.cache !== "miss" && document.status !== "stale" && document.answered_at) {
    const isNear = document.cache === "near";
    const title = isNear ? "Recognised from a very similar photo" : "From an earlier answer";
    const what = isNear ? "a photo that looks nearly the same" : "the same photo";
    said.push(["clock", title, `Given for ${what} (${answered}), so nobody had to be asked again.`]);
  }
  if (!said.length) return [];
  return [
    el(
      "ul",
      { class: "notices" },
      said.map(([drawing, title, text]) =>
        el("li", { class: "notice" }, icon(drawing), el("p", {}, el("strong", {}, title), " ", text)),
      ),
    ),
  ];
}

// --- Headline -----------------------------------------------------------------------------------------------

function hero(document, photos, language) {
  const first = headlineSuggestion(document);
  return el(
    "section",
    { class: "card hero", "aria-labelledby": "answer-heading" },
    photos.length ? ownPhotos(photos) : heroPicture(document),
    el(
      "div",
      { class: "hero-text" },
      el("p", { class: "eyebrow" }, document.rank === "genus" ? "The genus is known" : confidenceInWords(document.confidence)),
      el("h1", { id: "answer-heading" }, document.name === document.scientific_name ? el("i", {}, document.name) : document.name),
      el(
        "p",
        { class: "latin" },
        el("i", {}, document.scientific_name),
        first?.authorship ? ` ${first.authorship}` : null,
        el("span", { class: "tag" }, RANKS[document.rank] ?? document.rank),
      ),
      meter("Confidence", document.confidence, confidenceInWords(document.confidence)),
      first ? scores(first.provider_scores, document.providers) : null,
      el(
        "p",
        { class: `agreement is-${document.agreement}` },
        icon(document.agreement === "both" ? "check" : "info"),
        agreementInWords(document),
      ),
      el("p", { class: "summary", lang: language }, document.summary),
      otherNames(document, language),
    ),
  );
}

function headlineSuggestion({ suggestions, scientific_name: headline }) {
  return suggestions.find(({ scientific_name: name }) => name === headline);
}

function otherNames({ common_names: names, common_name: shown }, language) {
  const others = names.filter((name) => name !== shown);
  if (!others.length) return null;
  return el("p", { class: "quiet", lang: language }, el("span", { lang: "en" }, "Also called "), others.join(", "));
}

function scores(given, providers) {
  const stateOf = (provider) => providers.find(({ name }) => name === provider)?.state;
  const silence = (state) => (hasAnswered(state) ? "did not name it" : stateInWords(state));
  const rows = Object.entries(given).map(([name, score]) =>
    score === null
      ? el(
          "div",
          { class: "meter thin" },
          el("span", { class: "meter-label" }, providerName(name)),
          el("span", { class: "quiet" }, silence(stateOf(name))),
        )
      : meter(providerName(name), score, "", "thin"),
  );
  return el("div", { class: "scores", role: "group", "aria-label": "What each service says" }, rows);
}

function ownPhotos(photos) {
  if (!photos.length) return null;
  const images = photos.map((src, index) => {
    const image = el("img", { src, alt: photos.length > 1 ? `Your photo ${index + 1}` : "Your photo", class: index ? "" : "first" });
    image.addEventListener("error", () => image.remove());
    return image;
  });
  return el("div", { class: photos.length > 1 ? "hero-photos are-several" : "hero-photos" }, images);
}

function heroPicture(document) {
  if (!document.image_url) return null;
  return el(
    "figure",
    { class: "hero-photos" },
    webPicture(document.image_url, `${document.name}, from a reference collection`, "first"),
    el("figcaption", {}, creditOf(document.image_attribution)),
  );
}

// --- Warnings and the rest ----------------------------------------------------------------------------------

function warnings(document, language) {
  const said = [];
  const poison = poisonSection(document, language);
  if (poison) said.push(poison);
  if (document.edible_warning) {
    const parts = document.edible_parts?.length
      ? el("p", {}, "Parts that are said to be eaten: ", el("strong", { lang: language }, document.edible_parts.join(", ")))
      : null;
    const warning = el("p", { lang: language }, document.edible_warning);
    const text = el("div", {}, el("h2", {}, "Before you eat anything"), parts, warning);
    said.push(el("div", { class: "warning" }, icon("info"), text));
  }
  return said.length ? el("div", { class: "warnings" }, said) : null;
}

function aboutSection(document, language) {
  if (!document.description) return null;
  const first = headlineSuggestion(document);
  return el(
    "section",
    { class: "card", "aria-labelledby": "about-heading" },
    el("h2", { id: "about-heading" }, "About this plant"),
    el("p", { class: "prose", lang: language }, document.description),
    el("p", { class: "credit" }, "Text: ", creditOf(document.description_attribution)),
    first?.family ? el("dl", { class: "facts" }, el("div", {}, el("dt", {}, "Family"), el("dd", {}, first.family))) : null,
    el(
      "p",
      { class: "links" },
      first?.url ? outsideLink(first.url, "Read more") : null,
      first?.gbif_id ? outsideLink(`https://www.gbif.org/species/${first.gbif_id}`, "Where it grows (GBIF)") : null,
    ),
  );
}

function picturesSection(document) {
  if (!document.similar_images.length) return null;
  return el(
    "section",
    { class: "card", "aria-labelledby": "pictures-heading" },
    el("h2", { id: "pictures-heading" }, "Does it look like these?"),
    pictureGrid(document.similar_images, document.name),
  );
}

function tips() {
  return el(
    "section",
    { class: "card", "aria-labelledby": "tips-heading" },
    el("h2", { id: "tips-heading" }, "How to take a better photo"),
    el(
      "ul",
      { class: "tips" },
      [
        "One plant alone, filling the picture",
        "Sharp, in daylight, with nothing in front of it",
        "A leaf, a flower or a fruit up close: one photo each, up to five",
      ].map((tip) => el("li", {}, icon("leaf"), tip)),
    ),
  );
}
