// From the button to the answer: what is going on is shown, what went wrong is said, and photos stay chosen.

import { upload } from "./api.js";
import { byId, el, icon, moveFocusTo, show } from "./dom.js";
import { faultBeforeSending, markFaults, photoCount, writePhotosTo } from "./photos.js";
import { Cancelled, Problem } from "./problems.js";
import { currentUser, makeSureOfSession } from "./session.js";
import { countDown, countUp, inWords } from "./waiting.js";
import { percent } from "./words.js";

let settings;
let running = null;
let stopCountDown = () => {};

/** `onAnswer(document, language)` gets what the server said; `askToSignIn()` opens the dialog. */
export function startSending(given) {
  settings = given;
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("cancel").addEventListener("click", () => running?.abort());
}

export async function send() {
  if (running) return;
  clearProblem();
  const fault = faultBeforeSending();
  if (fault) {
    showProblem(new Problem({ code: "not_ready", title: "Not yet", detail: fault }));
    return;
  }
  running = new AbortController();
  const stopProgress = startProgress();
  try {
    const language = byId("language").value;
    await makeSureOfSession();
    const document = await upload(filledForm(language), {
      onUpload: tellUpload,
      signal: running.signal,
      deadlineS: settings.deadlineS,
    });
    settings.onAnswer(document, language);
  } catch (failure) {
    finishProgress(stopProgress);
    giveUp(failure);
    return;
  }
  finishProgress(stopProgress);
}

function filledForm(language) {
  const form = new FormData();
  writePhotosTo(form);
  form.append("language", language);
  form.append("include_diseases", String(byId("health").checked));
  return form;
}

function giveUp(failure) {
  if (failure instanceof Cancelled) {
    byId("identify").focus();
    return;
  }
  if (!(failure instanceof Problem)) throw failure;
  markFaults(failure.errors);
  showProblem(failure);
  if (failure.status === 401) settings.askToSignIn();
}

// --- Progress -----------------------------------------------------------------------------------------------

function startProgress() {
  byId("compose").classList.add("is-sending");
  byId("compose-fields").disabled = true;
  show(byId("progress"), true);
  tellUpload(0);
  byId("cancel").focus();
  return countUp((seconds) => {
    byId("elapsed").textContent = `${seconds} s`;
    if (seconds === 10) byId("progress-note").textContent = "Still at it. Some plants take a little longer.";
  });
}

function finishProgress(stop) {
  stop();
  running = null;
  byId("compose").classList.remove("is-sending");
  byId("compose-fields").disabled = false;
  byId("progress-note").textContent = "";
  show(byId("progress"), false);
}

function tellUpload(share) {
  const bar = byId("progress-bar");
  const isSent = share >= 1;
  bar.classList.toggle("is-open-ended", isSent);
  bar.firstElementChild.style.inlineSize = isSent ? "" : `${Math.round(share * 100)}%`;
  if (isSent) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  byId("upload-share").textContent = isSent ? "" : percent(share);
  const words = isSent ? "Asking Plant.id and Pl@ntNet …" : `Sending your ${photoCount() === 1 ? "photo" : "photos"} …`;
  // Only when it changes: a screen reader reads each change aloud.
  if (byId("progress-words").textContent !== words) byId("progress-words").textContent = words;
}

// --- Problems -----------------------------------------------------------------------------------------------

export function clearProblem() {
  stopCountDown();
  show(byId("problem"), false);
  byId("problem").replaceChildren();
}

const ABOUT_THE_PHOTO = new Set([400, 413, 415, 422]);

export function showProblem(problem) {
  stopCountDown();
  const isLocal = problem.code === "not_ready";
  const canRetry = !isLocal && !ABOUT_THE_PHOTO.has(problem.status) && problem.status !== 401;
  const heading = el("h2", {}, problem.title);
  const wait = problem.retryAfterS ? el("p", { class: "countdown" }) : null;
  const again = canRetry ? el("button", { type: "button", class: "button primary", onclick: send }, "Try again") : null;
  const signIn =
    problem.status === 401 && !currentUser()
      ? el("button", { type: "button", class: "button primary", onclick: settings.askToSignIn }, "Sign in")
      : null;
  byId("problem").replaceChildren(
    icon("alert"),
    el(
      "div",
      {},
      heading,
      el("p", { lang: problem.language }, problem.detail),
      otherErrors(problem),
      wait,
      el("div", { class: "actions" }, again, signIn),
      problem.status >= 500 && problem.requestId
        ? el("p", { class: "quiet small" }, "If this goes on, tell us this number: ", el("code", {}, problem.requestId))
        : null,
    ),
  );
  show(byId("problem"), true);
  moveFocusTo(heading);
  if (wait) startCountDown(problem, wait, again);
}

/** What the fields' messages say beyond the sentence itself; those about photos stand beside them. */
function otherErrors(problem) {
  const told = problem.errors.filter(({ field, message }) => !/^images?(\[|$)/.test(field) && message !== problem.detail);
  return told.length ? el("ul", {}, told.map(({ message }) => el("li", {}, String(message)))) : null;
}

function startCountDown(problem, wait, again) {
  // Over a limit an earlier attempt is in vain; a service that was down may be back sooner than it thought.
  const isHeldBack = problem.status === 429 && again;
  if (isHeldBack) again.disabled = true;
  stopCountDown = countDown(problem.retryAfterS, (left) => {
    wait.textContent = left ? `Please wait ${inWords(left)}.` : "You can try again now.";
    if (!left && again) again.disabled = false;
  });
}
