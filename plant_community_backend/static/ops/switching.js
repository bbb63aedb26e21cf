// The switches: each asks first, and says what came of it.

import { byId } from "../identify/dom.js";
import { ACTIONS } from "./words.js";

const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

export function prepareSwitches({ address, show, announce }) {
  const dialog = byId("confirm");
  const confirm = byId("confirm-do");
  let wish = null;

  byId("confirm-cancel").addEventListener("click", () => dialog.close());
  byId("confirm-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    byId("confirm-said").textContent = "";
    try {
      show(await press(address, wish, byId("reason").value));
      announce(`${ACTIONS[wish.action].name}: done for ${wish.circuit.label}.`);
      dialog.close();
    } catch (failure) {
      byId("confirm-said").textContent = failure.message;
    } finally {
      confirm.disabled = false;
    }
  });

  return (circuit, action) => {
    wish = { circuit, action };
    const { name, press: words = name, heading, text } = ACTIONS[action];
    byId("confirm-heading").textContent = heading(circuit.label);
    byId("confirm-text").textContent = text(circuit.label);
    byId("confirm-said").textContent = "";
    byId("reason").value = "";
    confirm.textContent = words;
    dialog.showModal();
    byId("reason").focus();
  };
}

async function press(address, { circuit, action }, reason) {
  let response;
  try {
    response = await fetch(`${address}${circuit.name}/${action}/`, {
      method: "POST",
      headers: { "X-CSRFToken": token(), Accept: "application/json" },
      body: new URLSearchParams({ reason }),
    });
  } catch {
    throw new Error("The server could not be reached. Nothing is known to have changed; look at the badge before trying again.");
  }
  if (response.ok) return response.json();
  const said = await response.json().catch(() => ({}));
  if (response.status === 401) throw new Error("You are signed out. Sign in again in another window, then repeat this.");
  throw new Error(said.detail ?? `The server answered ${response.status}. Nothing was changed.`);
}
