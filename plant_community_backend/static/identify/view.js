// One identification on the screen: read from the server, followed until it is whole.

import { answerParts, headlineOf } from "./answer.js";
import { addresses, call, callForWords } from "./api.js";
import { byId, el, icon, moveFocusTo, show } from "./dom.js";
import { earlierFeedback, feedbackSection, removeButton } from "./feedback.js";
import { follow, isUnfinished } from "./following.js";
import { drawHistory, forget, rememberAnonymously } from "./history.js";
import { Cancelled, Problem } from "./problems.js";

const fresh = new Map(); // what was just answered: no need to ask for it again
let watching = null;
let goHome;

export function startView(home) {
  goHome = home;
}

/** Keep what the server just said, with the person's photos, until it is shown. */
export function keepFresh(document, extras) {
  fresh.set(document.id, { document, ...extras });
}

/** Nobody sees what somebody else was told before signing out. */
export function forgetFresh() {
  fresh.clear();
}

export function leaveView() {
  watching?.abort();
  watching = null;
}

export async function showIdentification(id) {
  leaveView();
  watching = new AbortController();
  const { signal } = watching;
  const known = fresh.get(id) ?? {};
  try {
    if (!known.document?.providers) {
      drawLoading();
      const { answer, language } = await callForWords("GET", addresses.identification(id), { signal });
      const [photos, feedback] = await Promise.all([
        known.photos ?? unlessItFails(keptPhotos(answer, signal), []),
        unlessItFails(earlierFeedback(answer, signal), null),
      ]);
      Object.assign(known, { document: answer, language, photos, feedback });
    }
    draw(known, signal);
    moveFocusTo(byId("answer-heading"));
    await watch(known, signal);
  } catch (failure) {
    if (failure instanceof Cancelled) return;
    if (!(failure instanceof Problem)) throw failure;
    drawProblem(failure, id);
  }
}

/** The person's own photos as the server keeps them, at addresses that end soon. */
async function keptPhotos({ links }, signal) {
  if (!links.photo) return [];
  const { photos } = await call("GET", links.photo, { signal });
  return photos.map(({ url }) => new URL(url)).map(({ pathname, search }) => pathname + search); // our own host
}

/** The answer is worth showing without what stands beside it. */
async function unlessItFails(asked, otherwise) {
  try {
    return await asked;
  } catch (failure) {
    if (failure instanceof Problem) return otherwise;
    throw failure;
  }
}

async function watch(known, signal) {
  if (!isUnfinished(known.document)) return;
  const onChange = (document) => {
    known.document = document;
    draw(known, signal);
    byId("answer-said").textContent = isUnfinished(document) ? "" : `The answer is complete: ${headlineOf(document)}.`;
    if (!isUnfinished(document)) drawHistory();
  };
  const isWhole = await follow(known.document, { signal, onChange });
  if (!isWhole) offerAnotherLook(known, signal);
}

function offerAnotherLook(known, signal) {
  const button = el("button", { type: "button", class: "button primary" }, "Look again");
  const text = "It is still not complete. You can come back later: it is among your recent identifications.";
  const box = el("div", { class: "card" }, el("p", {}, text), button);
  button.addEventListener("click", () => {
    box.remove();
    watch(known, signal).catch((failure) => {
      if (failure instanceof Problem) drawProblem(failure, known.document.id);
      else if (!(failure instanceof Cancelled)) throw failure;
    });
  });
  byId("answer").prepend(box);
}

function draw(known, signal) {
  const { document, photos = [], language = null, feedback = null } = known;
  const judged = feedbackSection(document, feedback, (given) => Object.assign(known, { feedback: given }));
  const hadFocus = window.document.activeElement?.id === "answer-heading";
  const open = openDetails();
  byId("answer").replaceChildren(...answerParts(document, { photos, language }), judged ?? "", toolbar(document));
  openAgain(open);
  window.document.title = `${headlineOf(document)} – Plant Community`;
  show(byId("answer-view"), true);
  if (hadFocus && !signal.aborted) moveFocusTo(byId("answer-heading"));
}

/** A later look must not close what somebody has opened to read. */
function openDetails() {
  return new Set([...byId("answer").querySelectorAll("details[open] > summary")].map(({ textContent }) => textContent));
}

function openAgain(open) {
  for (const summary of byId("answer").querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
}

function toolbar(document) {
  const { id } = document;
  return el(
    "div",
    { class: "actions toolbar" },
    el("a", { href: "#/", class: "button primary" }, icon("camera"), "Identify another plant"),
    removeButton(document, {
      onRemoved: () => {
        fresh.delete(id);
        forget(id);
        goHome();
        drawHistory();
      },
      onRestored: () => {
        rememberAnonymously(id);
        drawHistory();
      },
    }),
  );
}

function drawLoading() {
  byId("answer").replaceChildren(
    el(
      "section",
      { class: "card hero loading", "aria-busy": "true" },
      el("h1", { id: "answer-heading" }, "Loading …"),
      el("div", { class: "bone" }),
      el("div", { class: "bone short" }),
    ),
  );
  show(byId("answer-view"), true);
}

function drawProblem(problem, id) {
  const isGone = problem.status === 404;
  const heading = el("h1", { id: "answer-heading" }, isGone ? "This identification is not here" : problem.title);
  const text = isGone
    ? "It was deleted, or it belongs to somebody else: sign in if it is yours."
    : problem.message;
  const again = el(
    "button",
    { type: "button", class: "button primary", onclick: () => showIdentification(id) },
    "Try again",
  );
  const home = el("a", { href: "#/", class: "button" }, "Identify a plant");
  byId("answer").replaceChildren(
    el(
      "section",
      { class: "card problem" },
      icon("alert"),
      el("div", {}, heading, el("p", {}, text), el("div", { class: "actions" }, isGone ? null : again, home)),
    ),
  );
  show(byId("answer-view"), true);
  moveFocusTo(heading);
}
