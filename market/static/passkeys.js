// Asks the authenticator where a form needs a passkey, puts its answer into the form and sends that.
// It keeps to the content policy: no inline script, nothing from elsewhere. Loaded only on pages with such a form,
// and by keys.js, whose signatures a passkey confirms.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

// What the exchange asks, as it said it, or an error with a sentence of its own.
async function options(form, place, challenge) {
  const body = new URLSearchParams();
  if (challenge) body.set("challenge", challenge);
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value };
  const answer = await fetch(place, { method: "POST", body, headers });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { said: said.detail });
  return said;
}

async function create(asked) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: named(asked.excludeCredentials),
    },
  });
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function get(asked) {
  const given = await navigator.credentials.get({
    publicKey: {
      ...asked,
      challenge: bytes(asked.challenge),
      allowCredentials: named(asked.allowCredentials),
    },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = given.response;
  return {
    id: given.id,
    rawId: text(given.rawId),
    type: given.type,
    response: {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle && userHandle.byteLength ? text(userHandle) : null,
    },
  };
}

/**
 * Ask the authenticator to confirm what is about to be signed.
 * @param {HTMLFormElement} form whose token the request carries.
 * @param {DOMStringMap} said where the address of the options and the sentences for a refusal stand.
 * @param {string} challenge SHA-256 of the statement, 64 hexadecimal digits.
 * @returns {Promise<string>} the answer as JSON.
 * @throws {Error} it was not given; `said` is the sentence for the reader.
 */
export async function confirmed(form, said, challenge) {
  if (!window.PublicKeyCredential) throw Object.assign(new Error("no passkeys"), { said: said.unsupported });
  try {
    return JSON.stringify(await get(await options(form, said.options, challenge)));
  } catch (error) {
    if (error instanceof DOMException) throw Object.assign(error, { said: said.cancelled });
    throw error;
  }
}

function say(form, sentence) {
  const note = form.querySelector("[role=alert]");
  note.textContent = sentence;
  note.hidden = !sentence;
}

async function ask(form) {
  const creating = form.dataset.passkey === "create";
  const answer = await (creating ? create : get)(
    await options(form, form.dataset.options, form.dataset.challenge),
  );
  form.elements[creating ? "credential" : "assertion"].value = JSON.stringify(answer);
  form.requestSubmit(form.querySelector("button[type=submit]"));
}

// Before qilu.js sees it, which lets a form be sent once: the first time the authenticator is asked instead.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form || form.elements[form.dataset.passkey === "create" ? "credential" : "assertion"].value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.hasAttribute("data-asking")) return;
  say(form, "");
  if (!window.PublicKeyCredential) return say(form, form.dataset.unsupported);
  form.toggleAttribute("data-asking", true);
  ask(form)
    .catch((error) => {
      const refused = error instanceof DOMException;
      say(form, error.said ?? (refused ? form.dataset.cancelled : form.dataset.failed));
    })
    .finally(() => form.toggleAttribute("data-asking", false));
}, { capture: true });

// Coming back to the page by the browser's button: what was answered then is void now.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-passkey] [name=credential], [name=assertion]")) {
    field.value = "";
  }
});
