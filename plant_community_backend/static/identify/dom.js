// Elements are built one by one and text is set as text: whatever a service wrote, it stays text.

const WEB_ADDRESS = /^https?:$/;

/** `el("p", { class: "quiet" }, "Hello", other)`; null and false among the children are left out. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The address, where it is one of the web's; null for `javascript:` and all else. */
export function webAddress(address) {
  try {
    const url = new URL(address);
    return WEB_ADDRESS.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that leaves the site, or only its text where the address is none of the web's. */
export function outsideLink(address, text) {
  const href = webAddress(address);
  if (!href) return el("span", {}, text);
  return el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text, newTab());
}

function newTab() {
  return el("span", { class: "unseen" }, " (opens in a new tab)");
}

/** One of the drawings at the top of the page. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

export function show(element, isShown) {
  element.hidden = !isShown;
}

/** Where reading goes on after something changed: headings take the focus without being a tab stop. */
export function moveFocusTo(element) {
  element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}
