// What went wrong, in one shape, whether the server said so or it never answered.

const SENTENCES = {
  offline: "You seem to be offline. Your photos are still here: try again when you are connected.",
  unreachable: "The server cannot be reached. Check your connection and try again; your photos are still here.",
  timeout: "This took too long, so we stopped waiting. Your photos are still here: please try again.",
  unreadable: "The server's answer could not be read. Please try again.",
  throttled: "You have reached the limit for now. Your photos are still here.",
};
const TITLES = {
  offline: "No connection",
  unreachable: "No connection",
  timeout: "No answer in time",
  unreadable: "Something went wrong",
  throttled: "That is all for the moment",
};

export class Problem extends Error {
  constructor({ code, title, detail, status = 0, errors = [], retryAfterS = null, requestId = null, language = null, ticket = null }) {
    super(detail);
    Object.assign(this, { code, title, detail, status, errors, retryAfterS, requestId, language, ticket });
  }
}

/** Somebody pressed Cancel, or left. Not an error: nothing is said about it. */
export class Cancelled extends Error {}

export function localProblem(code) {
  return new Problem({ code, title: TITLES[code], detail: SENTENCES[code] });
}

export function connectionProblem() {
  return localProblem(navigator.onLine ? "unreachable" : "offline");
}

/** Of an answer that is no success: a problem document, or whatever a proxy put in its place. */
export function problemOf(status, body, header) {
  const retryAfter = header("Retry-After");
  const retryAfterS = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : null;
  if (status === 429 && retryAfterS) {
    return new Problem({ ...localProblem("throttled"), status, retryAfterS }); // the page counts down by itself
  }
  const known = body && typeof body === "object" && typeof body.detail === "string" ? body : {};
  const fallback = status === 413 ? "The photos are too large for the server." : "The server could not do this.";
  return new Problem({
    status,
    code: String(known.code ?? "unknown"),
    title: String(known.title ?? "Something went wrong"),
    detail: known.detail ?? `${fallback} Please try again.`,
    errors: Array.isArray(known.errors) ? known.errors : [],
    retryAfterS,
    requestId: known.request_id ?? null,
    language: known.detail ? header("Content-Language") : null,
    ticket: known.ticket ?? null,
  });
}
