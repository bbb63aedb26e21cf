// Recent identifications: a signed-in person's from the server's list, everybody else's from ids kept here.

import { addresses, call } from "./api.js";
import { byId, el, icon, show } from "./dom.js";
import { webPicture } from "./pictures.js";
import { currentUser } from "./session.js";
import { dayInWords, percent } from "./words.js";

const KEPT = "plants.identifications"; // ids only: what they say is asked of the server
const KEPT_AT_MOST = 24;
const SHOWN_AT_ONCE = 6;

let shown = SHOWN_AT_ONCE;
let nextPage = null;
let drawing = 0;

export function startHistory() {
  byId("more").addEventListener("click", async () => {
    if (currentUser()) await drawMore();
    else {
      shown += SHOWN_AT_ONCE;
      await drawHistory();
    }
  });
}

export function rememberAnonymously(id) {
  if (!currentUser()) keep([id, ...keptIds().filter((each) => each !== id)]);
}

export function forget(id) {
  keep(keptIds().filter((each) => each !== id));
}

function keptIds() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

function keep(ids) {
  localStorage.setItem(KEPT, JSON.stringify(ids.slice(0, KEPT_AT_MOST)));
}

export async function drawHistory() {
  const turn = (drawing += 1); // a newer drawing wins over one that is still being asked for
  const entries = currentUser() ? await pageOf(`${addresses.history}?page_size=${SHOWN_AT_ONCE}`) : await keptEntries();
  if (turn === drawing) draw(entries);
}

async function drawMore() {
  const entries = await pageOf(nextPage);
  byId("history").append(...entries.map(item));
  show(byId("more"), nextPage !== null);
}

async function pageOf(address) {
  const { results, next } = await call("GET", address);
  const url = next ? new URL(next, location.href) : null;
  nextPage = url ? url.pathname + url.search : null; // the path alone: a proxy may name another host
  return results;
}

async function keptEntries() {
  const ids = keptIds();
  const found = await Promise.all(ids.slice(0, shown).map(entryOf));
  nextPage = ids.length > shown ? "more" : null;
  return found.filter(Boolean);
}

async function entryOf(id) {
  try {
    return await call("GET", addresses.identification(id));
  } catch (problem) {
    if (problem.status === 404) forget(id);
    return null;
  }
}

function draw(entries) {
  byId("history").replaceChildren(...entries.map(item));
  show(byId("no-history"), entries.length === 0);
  show(byId("more"), nextPage !== null && entries.length > 0);
}

function item({ id, plant_name: plant, name, confidence, image_url: picture, created_at: created, status, is_plant: isPlant }) {
  const title = name ?? plant ?? namelessTitle(status, isPlant);
  return el(
    "li",
    {},
    el(
      "a",
      { href: `#/identifications/${id}`, class: "entry" },
      picture ? webPicture(picture, "") : el("span", { class: "no-picture" }, icon("leaf")),
      el("strong", {}, title),
      el("span", { class: "quiet small" }, confidence === null ? "" : `${percent(confidence)} · `, dayInWords(created)),
    ),
  );
}

function namelessTitle(status, isPlant) {
  if (status === "queued") return "In the queue";
  return isPlant === false ? "No plant found" : "Not recognised";
}
