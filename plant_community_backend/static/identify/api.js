// The public API, as any client of the web uses it: cookies, and a CSRF token for whatever changes something.

import { Cancelled, connectionProblem, localProblem, problemOf } from "./problems.js";

const ROOT = "/api/v1/";
const TIMEOUT_MS = 20_000;
const UPLOAD_STALL_MS = 60_000; // an upload that does not move for this long is lost
const SAFE = new Set(["GET", "HEAD"]);
// The page speaks English, whatever the browser prefers; an answer comes in the language chosen on the page.
const COMMON_HEADERS = { Accept: "application/json", "Accept-Language": "en" };

let csrfToken = null;

export const addresses = {
  identify: `${ROOT}plant-identification/identify/`,
  history: `${ROOT}plant-identification/requests/`,
  identification: (id) => `${ROOT}plant-identification/requests/${encodeURIComponent(id)}/`,
};

/** Some address of the API, with JSON in and out. Throws a Problem, or Cancelled. */
export async function call(method, address, options = {}) {
  return (await callForWords(method, address, options)).answer;
}

/** As `call`, but `{ answer, language }`: some answers are written in another language than the page. */
export async function callForWords(method, address, { body, signal } = {}) {
  const url = address.startsWith("/") ? address : ROOT + address;
  try {
    return await once(method, url, body, signal);
  } catch (problem) {
    if (problem.code !== "csrf_failed") throw problem;
    csrfToken = null; // it belonged to another sign-in
    return await once(method, url, body, signal);
  }
}

async function once(method, url, body, signal) {
  const headers = { ...COMMON_HEADERS, ...(await unsafeHeaders(method)) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  let response;
  let text;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.any(signals),
    });
    text = await response.text();
  } catch (failure) {
    if (signal?.aborted) throw new Cancelled();
    throw failure.name === "TimeoutError" ? localProblem("timeout") : connectionProblem();
  }
  const answer = parsed(text);
  if (!response.ok) throw problemOf(response.status, answer, (name) => response.headers.get(name));
  if (answer === undefined) throw localProblem("unreadable");
  return { answer, language: response.headers.get("Content-Language") };
}

async function unsafeHeaders(method) {
  if (SAFE.has(method)) return {};
  csrfToken ??= (await once("GET", `${ROOT}auth/csrf/`)).answer.csrf_token;
  return { "X-CSRFToken": csrfToken };
}

/** After signing in or out the token is another one. */
export function forgetCsrfToken() {
  csrfToken = null;
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return undefined;
  }
}

/** Send a form with photos; `onUpload` hears how much of it has left. fetch cannot tell that. */
export async function upload(form, { onUpload, signal, deadlineS }) {
  try {
    return await uploadOnce(form, { onUpload, signal, deadlineS });
  } catch (problem) {
    if (problem.code !== "csrf_failed") throw problem;
    csrfToken = null;
    return await uploadOnce(form, { onUpload, signal, deadlineS });
  }
}

async function uploadOnce(form, { onUpload, signal, deadlineS }) {
  const headers = { ...COMMON_HEADERS, Prefer: "respond-async", ...(await unsafeHeaders("POST")) };
  if (signal.aborted) throw new Cancelled();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const giveUpAfter = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => end(reject, localProblem("timeout")), ms);
    };
    const cancel = () => end(reject, new Cancelled());
    const end = (settle, outcome) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      settle(outcome);
      request.abort();
    };
    signal.addEventListener("abort", cancel);
    request.open("POST", addresses.identify);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      giveUpAfter(UPLOAD_STALL_MS);
      if (event.lengthComputable) onUpload(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => {
      giveUpAfter((deadlineS + 10) * 1000); // the server answers within its own deadline
      onUpload(1);
    });
    request.addEventListener("load", () => end(...outcomeOf(request, resolve, reject)));
    request.addEventListener("error", () => end(reject, connectionProblem()));
    giveUpAfter(UPLOAD_STALL_MS);
    request.send(form);
  });
}

function outcomeOf(request, resolve, reject) {
  const answer = parsed(request.responseText);
  const isGood = request.status >= 200 && request.status < 300;
  if (isGood && answer) return [resolve, answer];
  if (isGood) return [reject, localProblem("unreadable")];
  return [reject, problemOf(request.status, answer, (name) => request.getResponseHeader(name))];
}
