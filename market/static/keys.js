// Keys that sign contracts, made and kept in this browser: P-256, not extractable, in IndexedDB.
// The exchange gets the public half in a certification request (PKCS#10) that the key itself signs, and gives it a
// certificate. Nobody can copy the private half out of the browser; whoever clears its data has lost the key.
"use strict";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const DATABASE = "qilu-keys", STORE = "keys";

// --- DER, as much of it as a request needs ---

const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
};

function size(count) {
  if (count < 0x80) return Uint8Array.of(count);
  return count < 0x100 ? Uint8Array.of(0x81, count) : Uint8Array.of(0x82, count >> 8, count & 0xff);
}

const der = (tag, ...parts) => {
  const body = join(...parts);
  return join(Uint8Array.of(tag), size(body.length), body);
};

// An unsigned number: without leading zeros, but with one where the first bit would read as a minus.
function whole(bytes) {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first += 1;
  const digits = bytes.slice(first);
  return der(0x02, digits[0] & 0x80 ? join(Uint8Array.of(0), digits) : digits);
}

const SEQUENCE = 0x30, BITS = 0x03, NO_ATTRIBUTES = Uint8Array.of(0xa0, 0);
const VERSION = Uint8Array.of(0x02, 1, 0);
const ECDSA_WITH_SHA256 = der(SEQUENCE, Uint8Array.of(0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));

/** Return a certification request (RFC 2986) with an empty subject: the exchange says whose key it is. */
async function request(pair) {
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const info = der(SEQUENCE, VERSION, der(SEQUENCE), spki, NO_ATTRIBUTES);
  const raw = new Uint8Array(await crypto.subtle.sign(SIGNING, pair.privateKey, info));
  const signature = der(SEQUENCE, whole(raw.slice(0, 32)), whole(raw.slice(32)));
  return der(SEQUENCE, info, ECDSA_WITH_SHA256, der(BITS, Uint8Array.of(0), signature));
}

const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Return bytes as base64. */
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** Return the bytes of a text in base64. */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// --- the keys of this browser ---

const asked = (wish) => new Promise((resolve, reject) => {
  wish.onsuccess = () => resolve(wish.result);
  wish.onerror = () => reject(wish.error);
});

async function store(mode, act) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "fingerprint" });
  const database = await asked(opening);
  try {
    return await asked(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Tell whether this page may hold keys at all: over TLS or on localhost. */
export const able = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

/** Make a key and keep it; return its fingerprint and the request by which it gets a certificate, in base64. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
  const fingerprint = hex(await crypto.subtle.digest("SHA-256", spki));
  const csr = base64(await request(pair));
  await store("readwrite", (keys) => keys.put({ fingerprint, privateKey: pair.privateKey, made: Date.now() }));
  await navigator.storage?.persist?.(); // asks the browser not to clear it by itself
  return { fingerprint, csr };
}

/** Return the fingerprints of the keys in this browser. */
export const fingerprints = () => store("readonly", (keys) => keys.getAllKeys());

/** Forget a key; nobody can bring it back. */
export const forgetKey = (fingerprint) => store("readwrite", (keys) => keys.delete(fingerprint));

/**
 * Sign bytes by a key of this browser (ES256).
 * @param {string} fingerprint SHA-256 of the public key, 64 hexadecimal digits.
 * @param {Uint8Array} bytes what is signed.
 * @returns {Promise<Uint8Array>} r and s, 32 bytes each.
 * @throws {Error} the key is not in this browser.
 */
export async function signWithKey(fingerprint, bytes) {
  const kept = await store("readonly", (keys) => keys.get(fingerprint));
  if (!kept) throw new Error("this key is not in this browser");
  return new Uint8Array(await crypto.subtle.sign(SIGNING, kept.privateKey, bytes));
}

// --- pages: a part marked data-making shows itself where a key can be made, or one of its list is here ---

async function dress() {
  const here = new Set(await fingerprints());
  for (const place of document.querySelectorAll("[data-fingerprint]")) {
    place.hidden = !here.has(place.dataset.fingerprint);
  }
  for (const part of document.querySelectorAll("[data-making]")) {
    const keys = [...part.querySelectorAll("select[name=key] option")];
    for (const key of keys) key.hidden = key.disabled = !here.has(key.value);
    const list = part.querySelector("select[name=key]");
    if (list) list.disabled = false;
    if (list?.selectedOptions[0]?.disabled) list.value = keys.find((key) => !key.disabled)?.value ?? "";
    part.hidden = Boolean(list) && !list.value;
    part.parentElement.querySelector("[data-otherwise]").hidden = !part.hidden;
  }
}

async function certify(form) {
  form.elements.csr.value = (await makeKey()).csr;
}

async function signContract(form, part) {
  const body = new URLSearchParams({ document_digest: part.dataset.digest, key: form.elements.key.value });
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value };
  const answer = await fetch(part.dataset.signing, { method: "POST", body, headers });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.code), { said: said.detail });
  if (form.elements.assertion) {
    const passkeys = await import(part.dataset.passkeys);
    form.elements.assertion.value = await passkeys.confirmed(form, part.dataset, said.challenge);
  }
  const signature = await signWithKey(form.elements.key.value, fromBase64(said.to_sign));
  form.elements.preparation.value = said.preparation;
  form.elements.signature.value = base64(signature);
  form.elements.key.disabled = true; // it was named with the preparation
}

// Before qilu.js sees it, which lets a form be sent once: the form goes when the key has done its part.
async function work(form) {
  const button = form.querySelector("button[type=submit]"), fault = form.querySelector("[data-fault]");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  fault.textContent = "";
  const part = form.closest("[data-signing], [data-failed]");
  try {
    await (form.elements.csr ? certify(form) : signContract(form, part));
    form.submit();
  } catch (error) {
    button.removeAttribute("aria-busy");
    fault.textContent = error.said ?? part.dataset.failed;
  }
}

if (able() && document.querySelector("[data-signing-keys], [data-signing]")) {
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("[data-making]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    work(event.target);
  }, { capture: true });
  // Coming back to the page by the browser's button.
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[data-making] [aria-busy]")) button.removeAttribute("aria-busy");
    dress();
  });
  // A page that waits replaces its parts when something changed.
  new MutationObserver(dress).observe(document.getElementById("main"), { childList: true, subtree: true });
}
