// Who is signed in. The tokens are in cookies that scripts cannot read; this only knows the person.

import { call, forgetCsrfToken } from "./api.js";

const WAS_SIGNED_IN = "plants.signed-in"; // only says whether refreshing is worth a request
const SURE_FOR_MS = 60_000;

let user = null;
let askedAt = 0;
const listeners = [];

export const currentUser = () => user;

export function onSessionChange(listener) {
  listeners.push(listener);
}

/** Ask the server who is here; after an hour the short-lived cookie is renewed by the long-lived one. */
export async function findOutWhoIsHere() {
  try {
    become(await call("GET", "auth/user/"));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    become(await renewed());
  }
}

/** Before something is done in a person's name: the sign-in may have ended since. */
export async function makeSureOfSession() {
  if (user && Date.now() - askedAt > SURE_FOR_MS) await findOutWhoIsHere();
}

async function renewed() {
  if (!localStorage.getItem(WAS_SIGNED_IN)) return null;
  try {
    return (await call("POST", "auth/token/refresh/", { body: {} })).user;
  } catch (problem) {
    if (![400, 401, 403].includes(problem.status)) throw problem;
    return null;
  }
}

export async function signIn(login, password) {
  become((await call("POST", "auth/login/", { body: { login, password } })).user);
}

/** The second step, for an account that has one: `ticket` came with the problem `second_factor_required`. */
export async function finishSignIn(ticket, code) {
  become((await call("POST", "auth/mfa/verify/", { body: { ticket, code } })).user);
}

export async function requestPasswordLink(email) {
  return (await call("POST", "auth/password/reset/", { body: { email } })).detail;
}

/** Returns the sentence to show where the address has to be confirmed first, else null. */
export async function signUp(email, password) {
  const answer = await call("POST", "auth/register/", { body: { email, password } });
  if (!answer.user) return answer.detail;
  become(answer.user);
  return null;
}

export async function resendConfirmation(email) {
  return (await call("POST", "auth/email/resend/", { body: { email } })).detail;
}

export async function signOut() {
  await call("POST", "auth/logout/", { body: {} });
  become(null);
}

function become(next) {
  const isChanged = user?.id !== next?.id;
  user = next;
  askedAt = Date.now();
  if (next) localStorage.setItem(WAS_SIGNED_IN, "1");
  else localStorage.removeItem(WAS_SIGNED_IN);
  if (!isChanged) return;
  forgetCsrfToken();
  listeners.forEach((listener) => listener(user));
}
