// Pictures of others, each with the name of who made it and the licence it is under.

import { el, icon, outsideLink, webAddress } from "./dom.js";
import { percent, providerName } from "./words.js";

export function webPicture(address, alt, kind = "") {
  const src = webAddress(address);
  if (!src) return missing();
  const image = el("img", { src, alt, class: kind, loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(missing()));
  return image;
}

function missing() {
  return el("span", { class: "no-picture" }, icon("leaf"), "Picture not available");
}

/** "Somebody, CC BY-SA 4.0", with links where there are addresses; never empty. */
export function creditOf(attribution) {
  const { citation = null, license_name: licence = null, license_url: address = null } = attribution ?? {};
  const parts = [];
  if (citation) parts.push(webAddress(citation) ? outsideLink(citation, new URL(citation).hostname) : citation);
  // Some citations end with the licence already.
  if (licence && !(citation ?? "").toLowerCase().endsWith(licence.toLowerCase())) {
    if (parts.length) parts.push(", ");
    parts.push(address ? outsideLink(address, licence) : licence);
  } else if (licence && address) {
    parts.push(" (", outsideLink(address, "licence"), ")");
  }
  return parts.length ? parts : ["author not named"];
}

export function pictureGrid(images, name) {
  return el(
    "ul",
    { class: "pictures" },
    images.map((image, index) =>
      el(
        "li",
        {},
        el(
          "figure",
          {},
          webPicture(image.url_small ?? image.url, `${name}, picture ${index + 1} from ${providerName(image.provider)}`),
          el(
            "figcaption",
            {},
            image.similarity === null ? null : el("span", { class: "similarity" }, `${percent(image.similarity)} alike`),
            el("span", {}, creditOf(image), ` · ${providerName(image.provider)}`),
          ),
        ),
      ),
    ),
  );
}
