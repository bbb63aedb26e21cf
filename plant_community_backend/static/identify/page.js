// The page at the front door: which part of it is seen, and what follows what.

import { finishComingBack, openDialog, startAccount } from "./account.js";
import { byId, moveFocusTo, show } from "./dom.js";
import { drawHistory, rememberAnonymously, startHistory } from "./history.js";
import { faultBeforeSending, forgetPhotos, photoCount, previews, startPhotos } from "./photos.js";
import { Problem } from "./problems.js";
import { clearProblem, send, startSending } from "./sending.js";
import { findOutWhoIsHere, onSessionChange } from "./session.js";
import { forgetFresh, keepFresh, leaveView, showIdentification, startView } from "./view.js";
import { languageName } from "./words.js";

const IDENTIFICATION = /^#\/identifications\/([0-9a-f-]{36})$/i;
const LANGUAGE = "plants.language";
const TITLE = document.title;

function start() {
  const { maxPhotos, maxPhotoBytes, maxRequestBytes, deadlineS } = byId("compose").dataset;
  startPhotos(
    { maxPhotos: Number(maxPhotos), maxPhotoBytes: Number(maxPhotoBytes), maxRequestBytes: Number(maxRequestBytes) },
    photosChanged,
  );
  startSending({
    deadlineS: Number(deadlineS),
    onAnswer: answered,
    askToSignIn: () => openDialog(() => photoCount() && send()),
  });
  startLanguages();
  startAccount();
  startHistory();
  startView(() => (location.hash = "#/"));
  photosChanged();
  onSessionChange(someoneElseIsHere);
  window.addEventListener("hashchange", route);
  finishComingBack()
    .then(() => quietly(findOutWhoIsHere))
    .then(() => {
      route();
      redraw();
    });
}

function photosChanged() {
  const count = photoCount();
  byId("identify").disabled = count === 0;
  byId("identify-label").textContent = count > 1 ? `Identify from ${count} photos` : "Identify";
  clearProblem();
  byId("total-fault").textContent = count > 1 && faultBeforeSending().includes("together") ? faultBeforeSending() : "";
}

function answered(identification, language) {
  rememberAnonymously(identification.id);
  keepFresh(identification, { photos: previews(), language });
  forgetPhotos();
  location.hash = `#/identifications/${identification.id}`;
  redraw();
}

function route() {
  const { hash } = location;
  const [, id] = IDENTIFICATION.exec(hash) ?? [];
  const isHome = hash === "" || hash === "#/";
  if (!id && !isHome) return; // the skip link's own
  show(byId("compose-view"), isHome);
  if (id) {
    showIdentification(id);
    window.scrollTo(0, 0);
    return;
  }
  const wasAnswer = !byId("answer-view").hidden;
  leaveView();
  show(byId("answer-view"), false);
  document.title = TITLE;
  if (wasAnswer) moveFocusTo(byId("compose-heading"));
}

function someoneElseIsHere(user) {
  forgetFresh();
  if (!user && IDENTIFICATION.test(location.hash)) location.hash = "#/";
  redraw();
}

const redraw = () => quietly(drawHistory);

/** Recent identifications and the sign-in are beside the point: the page works without them. */
async function quietly(act) {
  try {
    await act();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
  }
}

function startLanguages() {
  const select = byId("language");
  const codes = [...select.options].map(({ value }) => value);
  for (const option of select.options) {
    option.textContent = languageName(option.value);
    option.lang = option.value;
  }
  const wanted = [localStorage.getItem(LANGUAGE), ...navigator.languages.map((tag) => tag.split("-")[0])];
  select.value = wanted.find((code) => codes.includes(code)) ?? "en";
  select.addEventListener("change", () => localStorage.setItem(LANGUAGE, select.value));
}

start();
