// The API's closed lists, in words.

export const PROVIDERS = { plant_id: "Plant.id", plantnet: "Pl@ntNet" };

const OTHER_SOURCES = { encyclopedia: "our encyclopedia" };

export const ORGANS = { auto: "the plant", leaf: "a leaf", flower: "a flower", fruit: "a fruit", bark: "the bark" };

const STATES = {
  answered: "answered",
  cached: "answered earlier, for the same photo",
  near_duplicate: "answered earlier, for a very similar photo",
  failed: "failed this time",
  timed_out: "did not answer in time",
  circuit_open: "is down right now, so it was not asked",
  quota_exhausted: "has no identifications left for now",
  key_refused: "refuses our access right now",
  misconfigured: "cannot be used right now",
  refused_photo: "could not read the photo",
  not_configured: "is not used here",
  pending: "is still working on it",
};

const FIELDS = {
  scientific_name: "Scientific name",
  authorship: "Author of the name",
  common_names: "Common names",
  description: "Description",
  image_url: "Picture",
  similar_images: "Similar pictures",
  family: "Family",
  gbif_id: "GBIF number",
  url: "Link",
  taxonomy: "Classification",
  watering: "Watering",
  confidence: "Confidence",
  edible_parts: "Edible parts",
  toxicity: "Toxicity",
  propagation_methods: "Propagation",
  disease_detection: "Health",
};

export const hasAnswered = (state) => ["answered", "cached", "near_duplicate"].includes(state);
export const providerName = (name) => PROVIDERS[name] ?? name;
export const stateInWords = (state) => STATES[state] ?? "is in an unknown state";
export const sourceInWords = (source) => (source === "combined" ? "Plant.id and Pl@ntNet" : (OTHER_SOURCES[source] ?? providerName(source)));

export function fieldInWords(field) {
  const words = field.replaceAll("_", " ");
  return FIELDS[field] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function percent(share) {
  return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

/** The steps are those of the summary the server writes. */
export function confidenceInWords(confidence) {
  if (confidence >= 0.8) return "Very likely";
  if (confidence >= 0.5) return "Probably";
  if (confidence >= 0.2) return "Possibly";
  return "Far from sure";
}

export function agreementInWords({ agreement, source, providers }) {
  if (agreement === "both") return "Plant.id and Pl@ntNet agree.";
  if (agreement === "genus") return "Plant.id and Pl@ntNet agree on the genus, but not on the species.";
  if (agreement === "none") return "Plant.id and Pl@ntNet do not agree.";
  const others = providers.filter(({ name, state }) => name !== source && state !== "not_configured");
  const [silent] = others.filter(({ state }) => !hasAnswered(state));
  if (silent) return `Only ${providerName(source)} has answered: ${providerName(silent.name)} ${stateInWords(silent.state)}.`;
  return others.length ? `Only ${providerName(source)} names this plant.` : `${providerName(source)} was asked alone.`;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function ageInWords(seconds) {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", 1];
  if (unit === "second") return "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

export function dayInWords(moment) {
  const day = new Date(moment);
  const year = day.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat("en", { month: "short", day: "numeric", ...year }).format(day);
}

export function megabytes(bytes) {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}

export function languageName(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}
