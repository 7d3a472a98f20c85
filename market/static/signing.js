// Signs a contract by a key of this browser: fetches the bytes to sign, signs them, and sends the signature.
// The form is found when it is sent, since the page's live parts are put in again as they change.
"use strict";

const form_of = (event) => event.target.closest("form[data-sign]");

function say(form, sentence) {
  const note = form.querySelector("[role=alert]");
  note.textContent = sentence;
  note.hidden = !sentence;
}

async function prepared(form, key) {
  const body = new URLSearchParams({ document_digest: form.dataset.sign, key });
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value };
  const answer = await fetch(`${form.action}/preparation`, { method: "POST", body, headers });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { said: said.detail });
  return said;
}

async function sign(form) {
  const keys = await import(form.dataset.module);
  const here = new Set(keys.able() ? await keys.fingerprints() : []);
  const key = form.dataset.keys.split(" ").find((fingerprint) => here.has(fingerprint));
  if (!key) return say(form, form.dataset.none);
  const begun = await prepared(form, key);
  const signature = await keys.signWithKey(key, keys.fromBase64(begun.to_sign));
  form.elements.preparation.value = begun.preparation;
  form.elements.signature.value = keys.base64(signature);
  form.requestSubmit(form.querySelector("button[type=submit]"));
}

// Before qilu.js sees it, which lets a form be sent once: the first time the key is asked instead.
document.addEventListener("submit", (event) => {
  const form = form_of(event);
  if (!form || form.elements.signature.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.hasAttribute("data-asking")) return;
  say(form, "");
  form.toggleAttribute("data-asking", true);
  sign(form)
    .catch((error) => { say(form, error.said ?? form.dataset.failed); console.info(error); })
    .finally(() => form.toggleAttribute("data-asking", false));
}, { capture: true });

// Coming back to the page by the browser's button: what was signed then is sent already.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-sign] [name=preparation], form[data-sign] [name=signature]")) {
    field.value = "";
  }
});
