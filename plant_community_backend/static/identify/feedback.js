// What the person says of the answer, and removing it with a way back.

import { call } from "./api.js";
import { byId, el, icon, show } from "./dom.js";
import { Problem } from "./problems.js";

/** What was said of it before, or null. Throws a Problem, or Cancelled. */
export async function earlierFeedback({ links }, signal) {
  if (!links.feedback) return null;
  try {
    return await call("GET", links.feedback, { signal });
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

/**
 * Null where the answer cannot be judged: nothing to judge yet, or it belongs to nobody. `given` is what was said of it
 * before, and `onGiven` hears what is said now.
 */
export function feedbackSection({ links, scientific_name: name, status, suggestions }, given, onGiven) {
  if (!links.feedback || status === "queued") return null;
  const said = el("p", { role: "status", class: "quiet" }, given ? feedbackInWords(given) : "");
  const verdicts = {};
  const mark = (feedback) => {
    for (const [verdict, button] of Object.entries(verdicts)) {
      button.setAttribute("aria-pressed", String(verdict === feedback?.verdict));
    }
  };
  const send = async (body) => {
    const feedback = await tell(links.feedback, body, said);
    if (!feedback) return;
    mark(feedback);
    onGiven(feedback);
  };
  const form = otherForm(suggestions, send);
  const verdictButton = (verdict, drawing, words) => {
    const press = () => {
      show(form, false);
      send({ verdict });
    };
    verdicts[verdict] = el("button", { type: "button", class: "button", onclick: press }, icon(drawing), words);
    return verdicts[verdict];
  };
  const buttons = name ? [verdictButton("right", "check", "Yes, it is"), verdictButton("wrong", "close", "No")] : [];
  mark(given);
  return el(
    "section",
    { class: "card feedback", "aria-labelledby": "feedback-heading" },
    el("h2", { id: "feedback-heading" }, name ? "Is this right?" : "Do you know what it is?"),
    el(
      "div",
      { class: "actions" },
      buttons,
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

function feedbackInWords({ verdict, scientific_name: name }) {
  if (verdict === "other") return `You said: it is ${name}.`;
  return verdict === "right" ? "You said: yes, it is." : "You said: no, it is not.";
}

async function tell(address, body, said) {
  try {
    const feedback = await call("PUT", address, { body });
    said.textContent = `Thank you, this is noted. ${feedbackInWords(feedback)}`;
    return feedback;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    said.textContent = problem.errors[0]?.message ?? problem.message;
    return null;
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
