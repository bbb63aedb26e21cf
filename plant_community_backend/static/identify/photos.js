// The photos that were chosen: kept until they are sent with success, with what is wrong about each.

import { byId, el, icon, show } from "./dom.js";
import { megabytes, ORGANS } from "./words.js";

const KINDS = /^image\/(jpeg|png|webp|heic|heif)$/;

let chosen = [];
let limits;
let numbered = 0;
let tellChange;

export function startPhotos(given, onChange) {
  limits = given;
  tellChange = onChange;
  const [choose, take] = [byId("choose-input"), byId("take-input")];
  byId("choose").addEventListener("click", () => choose.click());
  byId("take").addEventListener("click", () => take.click());
  for (const input of [choose, take]) {
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = ""; // else the same photo could not be chosen again
    });
  }
  document.addEventListener("paste", (event) => add([...(event.clipboardData?.files ?? [])]));
  startDropping(byId("compose"));
}

function startDropping(zone) {
  let depth = 0; // entering a child fires before leaving its parent
  const mark = (isOver) => zone.classList.toggle("is-over", isOver);
  zone.addEventListener("dragenter", () => mark((depth += 1) > 0));
  zone.addEventListener("dragleave", () => mark((depth -= 1) > 0));
  // Anywhere on the page: a photo dropped beside the zone would else replace the page.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(false);
    if (!byId("compose-view").hidden) add([...event.dataTransfer.files]);
  });
}

function add(files) {
  const isBusy = byId("compose-fields").disabled;
  if (!files.length || isBusy || byId("compose-view").hidden) return;
  const room = limits.maxPhotos - chosen.length;
  for (const file of files.slice(0, room)) {
    numbered += 1;
    chosen.push({ key: numbered, file, organ: "auto", preview: URL.createObjectURL(file), fault: faultOf(file) });
  }
  const left = files.length - Math.max(0, room);
  render(left > 0 ? `Up to ${limits.maxPhotos} photos of one plant: ${left} more ${left === 1 ? "was" : "were"} left out.` : "");
  byId("identify").focus({ preventScroll: true });
}

/** What can be said without sending it. A file without a known kind may be a HEIC: the server looks into it. */
function faultOf(file) {
  if (file.size === 0) return "This file is empty. Please choose it again.";
  if (file.size > limits.maxPhotoBytes) {
    const most = megabytes(limits.maxPhotoBytes);
    return `This photo has ${megabytes(file.size)}; at most ${most} can be sent. Please choose a smaller copy.`;
  }
  if (file.type && !KINDS.test(file.type)) return "Please choose a photo: JPEG, PNG, WebP or HEIC.";
  return "";
}

export const photoCount = () => chosen.length;

export const previews = () => chosen.map(({ preview }) => preview);

/** Why they cannot be sent as they are, or an empty text. */
export function faultBeforeSending() {
  if (!chosen.length) return "Choose a photo first.";
  if (chosen.some(({ fault }) => fault)) return "One of the photos cannot be sent. Remove it or choose another.";
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  if (total <= limits.maxRequestBytes) return "";
  return `The photos have ${megabytes(total)} together; at most ${megabytes(limits.maxRequestBytes)} can be sent at once. Remove one.`;
}

export function writePhotosTo(form) {
  for (const { file, organ } of chosen) {
    form.append("images", file);
    form.append("organs", organ);
  }
}

/** Put the server's words beside the photo they are about: `images[2]`, or `image` where there is one. */
export function markFaults(errors) {
  for (const { field, message } of errors) {
    const position = /^images\[(\d+)\]$/.exec(field)?.[1] ?? (chosen.length === 1 && /^images?$/.test(field) ? 0 : null);
    const photo = position === null ? null : chosen[Number(position)];
    if (photo) photo.fault = String(message);
  }
  render("");
}

/** After they were identified. The previews stay: the answer shows them. */
export function forgetPhotos() {
  chosen = [];
  render("");
}

function remove(photo) {
  const position = chosen.indexOf(photo);
  URL.revokeObjectURL(photo.preview);
  chosen = chosen.filter((each) => each !== photo);
  render("");
  const next = byId("photos").querySelectorAll(".remove")[Math.min(position, chosen.length - 1)];
  (next ?? byId("choose")).focus();
}

function render(notice) {
  byId("photos").replaceChildren(...chosen.map(item));
  show(byId("photos"), chosen.length > 0);
  byId("compose").classList.toggle("has-photos", chosen.length > 0);
  byId("choose-label").textContent = chosen.length ? "Add photos" : "Choose photos";
  const isFull = chosen.length >= limits.maxPhotos;
  byId("choose").disabled = isFull;
  byId("take").disabled = isFull;
  byId("photo-notice").textContent = notice;
  tellChange();
}

function item(photo, index) {
  const number = index + 1;
  const faultId = `photo-fault-${photo.key}`;
  const organ = el(
    "select",
    { id: `organ-${photo.key}`, onchange: (event) => (photo.organ = event.target.value) },
    Object.entries(ORGANS).map(([value, words]) => el("option", { value, selected: value === photo.organ }, words)),
  );
  const image = el("img", { src: photo.preview, alt: `Photo ${number}`, width: 96, height: 96 });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "no-preview" }, icon("leaf"), "No preview")));
  return el(
    "li",
    { class: photo.fault ? "photo is-faulty" : "photo" },
    image,
    el(
      "div",
      { class: "photo-facts" },
      el("label", { for: organ.id }, `Photo ${number} shows`),
      organ,
    ),
    el(
      "button",
      { type: "button", class: "remove", "aria-describedby": photo.fault ? faultId : null, onclick: () => remove(photo) },
      icon("close"),
      el("span", { class: "unseen" }, `Remove photo ${number}`),
    ),
    photo.fault ? el("p", { class: "fault", id: faultId }, photo.fault) : null,
  );
}
