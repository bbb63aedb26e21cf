// What the person says of the answer, and removing it with a way back.

import { call } from "./api.js";
import { byId, el, icon, show } from "./dom.js";
import { Problem } from "./problems.js";

/** Null where the answer cannot be judged: nothing to judge yet, or it belongs to nobody. */
export function feedbackSection({ links, scientific_name: name, status, suggestions }) {
  if (!links.feedback || status === "queued") return null;
  const said = el("p", { role: "status", class: "quiet" });
  const form = otherForm(suggestions, (body) => tell(links.feedback, body, said));
  const press = (verdict) => () => {
    show(form, false);
    tell(links.feedback, { verdict }, said);
  };
  return el(
    "section",
    { class: "card feedback", "aria-labelledby": "feedback-heading" },
    el("h2", { id: "feedback-heading" }, name ? "Is this right?" : "Do you know what it is?"),
    el(
      "div",
      { class: "actions" },
      name ? el("button", { type: "button", class: "button", onclick: press("right") }, icon("check"), "Yes, it is") : null,
      name ? el("button", { type: "button", class: "button", onclick: press("wrong") }, icon("close"), "No") : null,
      el(
        "button",
        { type: "button", class: "button", onclick: () => { show(form, true); form.elements.scientific_name.focus(); } },
        name ? "It is another plant …" : "Say what it is …",
      ),
    ),
    form,
    said,
  );
}

function otherForm(suggestions, send) {
  const options = suggestions.map(({ scientific_name: name }) => el("option", { value: name }));
  const names = el("datalist", { id: "candidate-names" }, options);
  return el(
    "form",
    {
      class: "inline-form",
      hidden: true,
      onsubmit: (event) => {
        event.preventDefault();
        send({ verdict: "other", scientific_name: event.target.elements.scientific_name.value.trim() });
      },
    },
    el("label", { for: "other-name" }, "Its scientific name"),
    el("input", {
      id: "other-name",
      name: "scientific_name",
      list: names.id,
      required: true,
      maxlength: 200,
      autocomplete: "off",
      spellcheck: "false",
    }),
    names,
    el("button", { class: "button primary" }, "Tell us"),
  );
}

async function tell(address, body, said) {
  try {
    await call("PUT", address, { body });
    said.textContent = "Thank you, this is noted.";
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    said.textContent = problem.errors[0]?.message ?? problem.message;
  }
}

/** The button that removes an identification; `onRemoved` and `onRestored` hear how it went. */
export function removeButton(document, { onRemoved, onRestored }) {
  const button = el("button", { type: "button", class: "button quiet-button" }, icon("bin"), "Delete");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call("DELETE", document.links.self);
      onRemoved();
      offerUndo(document, onRestored);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      toast(problem.message);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

function offerUndo(document, onRestored) {
  toast("Deleted.", "Undo", async () => {
    try {
      await call("POST", `${document.links.self}restore/`, { body: {} });
      toast("It is back.");
      onRestored();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      toast(problem.message);
    }
  });
}

export function toast(text, action = null, onAction = null) {
  const box = byId("toast");
  const close = el(
    "button",
    { type: "button", class: "button icon-button", onclick: () => box.replaceChildren() },
    icon("close"),
    el("span", { class: "unseen" }, "Close"),
  );
  const act = action ? [el("button", { type: "button", class: "button", onclick: onAction }, action)] : [];
  box.replaceChildren(el("p", {}, text), ...act, close);
}
