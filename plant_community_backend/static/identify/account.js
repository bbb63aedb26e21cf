// Signing in and up, in a dialog over the page: what was chosen on the page stays chosen.

import { byId, el, show } from "./dom.js";
import { Problem } from "./problems.js";
import {
  currentUser,
  finishSignIn,
  onSessionChange,
  requestPasswordLink,
  resendConfirmation,
  signIn,
  signOut,
  signUp,
} from "./session.js";

let afterwards = null;
let ticket = null; // of the first step, where a second is left

export function startAccount() {
  onSessionChange(drawButton);
  drawButton();
  byId("account-button").addEventListener("click", () => openDialog());
  byId("sign-out").addEventListener("click", leave);
  byId("account-close").addEventListener("click", () => byId("account").close());
  byId("account").addEventListener("close", () => (afterwards = null));
  byId("to-sign-up").addEventListener("click", () => choose("sign-up"));
  byId("to-sign-in").addEventListener("click", () => choose("sign-in"));
  byId("forgotten").addEventListener("click", sendLink);
  for (const field of ["login", "sign-in-password"]) byId(field).addEventListener("input", () => askForCode(null));
  onSubmit("sign-in", async ({ login, password, code }) =>
    ticket ? finishSignIn(ticket, code.value) : signIn(login.value.trim(), password.value),
  );
  onSubmit("sign-up", async ({ email, password }) => signUp(email.value.trim(), password.value));
}

function drawButton() {
  const user = currentUser();
  show(byId("account-button"), !user);
  show(byId("signed-in"), Boolean(user));
  byId("account-name").textContent = user?.email ?? "";
}

/** `then` runs once somebody is signed in, and not if the dialog is closed. */
export function openDialog(then = null) {
  choose("sign-in");
  afterwards = then;
  byId("account").showModal();
  byId("login").focus();
}

function choose(name) {
  for (const each of ["sign-in", "sign-up"]) {
    show(byId(`${each}-form`), each === name);
    tell(each, "");
  }
  askForCode(null);
  byId("account").setAttribute("aria-labelledby", `${name}-heading`);
  byId(`${name}-form`).querySelector("input").focus();
}

function onSubmit(name, act) {
  const form = byId(`${name}-form`);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    tell(name, "");
    try {
      const notice = await act(form.elements);
      form.elements.password.value = "";
      if (notice) tell(name, notice);
      else finish();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      tellProblem(name, form, problem);
    } finally {
      button.disabled = false;
    }
  });
}

function finish() {
  const then = afterwards;
  byId("account").close();
  then?.();
}

function tellProblem(name, form, problem) {
  const about = problem.errors.map(({ message }) => String(message));
  tell(name, about.length ? about.join(" ") : problem.message);
  if (problem.code === "email_not_verified") offerMail(name, form.elements.login.value.trim());
  if (problem.code === "second_factor_required") askForCode(problem.ticket);
}

function askForCode(next) {
  ticket = next;
  byId("sign-in-code").value = "";
  show(byId("code-row"), Boolean(next));
  if (next) byId("sign-in-code").focus();
}

async function sendLink() {
  try {
    tell("sign-in", await requestPasswordLink(byId("login").value.trim()));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tellProblem("sign-in", byId("sign-in-form"), problem);
  }
}

function offerMail(name, email) {
  const button = el("button", { type: "button", class: "button" }, "Send the mail again");
  button.addEventListener("click", async () => {
    try {
      tell(name, await resendConfirmation(email));
    } catch (problem) {
      tell(name, problem.message);
    }
  });
  byId(`${name}-said`).append(el("p", {}, button));
}

function tell(name, text) {
  byId(`${name}-said`).replaceChildren(...(text ? [el("p", {}, text)] : []));
}

async function leave() {
  byId("sign-out").disabled = true;
  try {
    await signOut();
    byId("account-button").focus();
  } finally {
    byId("sign-out").disabled = false;
  }
}
