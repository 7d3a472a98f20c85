// Conveniences only: every page does everything without this file.
// It keeps to the content policy: no inline script, no style attribute, nothing from elsewhere.
"use strict";

(() => {
  const words = () => document.body.dataset;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("said").textContent = text; };

  // --- a page that waits looks again by itself: parts marked data-live are replaced when their text changed ---

  const QUICK = 3000, SLOW = 30000, PATIENCE = 10 * 60 * 1000;
  let pause = QUICK, touched = Date.now(), timer = 0;

  const text = (part) => part.textContent.replace(/\s+/g, " ");
  const busy = (part) =>
    part.contains(document.activeElement) ||
    all("input:not([type=hidden]), textarea", part).some((field) => field.value !== field.defaultValue);

  async function look() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return; // the session has ended
    if (!answer.ok) throw new Error(answer.status); // as when nothing answers: looks again later
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    let changed = false;
    for (const part of all("[data-live]")) {
      const now = fresh.getElementById(part.id);
      if (!now || text(now) === text(part) || busy(part)) continue;
      part.replaceWith(document.importNode(now, true));
      enhance(document.getElementById(part.id));
      changed = true;
    }
    if (changed) say(document.querySelector("[data-say]")?.textContent.trim() ?? words().changed);
    pause = changed ? QUICK : Math.min(pause * 1.3, SLOW);
    wait();
  }

  // Stops when nobody has touched the page for a while, so that a forgotten tab does not keep a session alive.
  function wait() {
    clearTimeout(timer);
    if (!document.querySelector('[data-live="waits"]') || document.hidden) return;
    if (Date.now() - touched < PATIENCE) timer = setTimeout(() => look().catch(wait), pause);
  }

  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => { pause = QUICK; touched = Date.now(); wait(); });

  // --- forms: sent once; a file's way up is shown ---

  const lock = (form, sent) => {
    form.toggleAttribute("data-sent", sent);
    for (const button of all("button[type=submit]", form)) {
      if (sent) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.submitter?.hasAttribute("data-again")) return;
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    lock(form, true);
    if (form.enctype === "multipart/form-data") upload(event, form);
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => lock(form, false)));

  function upload(event, form) {
    event.preventDefault();
    const note = document.createElement("p"), bar = document.createElement("progress");
    bar.max = 100;
    bar.setAttribute("aria-label", words().sending);
    note.append(bar);
    form.append(note);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = Math.floor((100 * loaded) / total);
      bar.textContent = `${bar.value} %`;
    };
    request.onload = () => show(request.responseText, request.responseURL);
    request.onerror = () => { note.textContent = words().failed; lock(form, false); };
    request.send(new FormData(form));
  }

  function show(page, address) {
    const fresh = new DOMParser().parseFromString(page, "text/html");
    for (const first of all("[autofocus]", fresh)) {
      first.removeAttribute("autofocus");
      first.dataset.first = "";
    }
    document.title = fresh.title;
    document.body.replaceWith(document.importNode(fresh.body, true));
    history.pushState({}, "", address);
    at = place();
    scrollTo(0, 0);
    enhance(document.body);
    (document.querySelector("[data-first]") ?? document.getElementById("main")).focus();
    wait();
  }

  // A jump within the page is a popstate too; only another address needs its own page.
  const place = () => location.pathname + location.search;
  let at = place();
  addEventListener("popstate", () => { if (place() !== at) location.reload(); });

  // --- a form of blanks: what an answer asks for is shown at once, as its button does ---

  let asking = 0;
  document.addEventListener("change", async (event) => {
    const form = event.target.closest("[data-decides]")?.closest("form");
    if (!form) return;
    const mine = ++asking, data = new FormData(form);
    data.set("refresh", "1");
    const request = { method: "POST", body: new URLSearchParams(data), headers: { Accept: "text/html" } };
    const answer = await fetch(form.action, request).catch(() => null);
    if (!answer?.ok || mine !== asking) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = new Map(all("[data-part]", fresh).map((part) => [part.dataset.part, part]));
    for (const part of all("[data-part]", form)) part.hidden = parts.get(part.dataset.part)?.hidden ?? part.hidden;
  });

  // --- small things ---

  // A shortcut of one character must be possible to turn off (WCAG 2.1.4).
  const keys = () => localStorage.getItem("qilu-keys") !== "off";

  function shortcut(search) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words().keys;
    button.setAttribute("aria-pressed", keys());
    button.addEventListener("click", () => {
      localStorage.setItem("qilu-keys", keys() ? "off" : "on");
      button.setAttribute("aria-pressed", keys());
    });
    search.labels[0]?.after(button);
  }

  function enhance(root) {
    all("main input[type=search]", root).forEach(shortcut);
    if (!navigator.clipboard) return;
    for (const code of all("code[data-copy], input[data-copy]", root)) {
      if (code.nextElementSibling?.matches(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = words().copy;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.dataset.copy || code.textContent.trim());
        button.textContent = words().copied;
        say(words().copied);
        setTimeout(() => { button.textContent = words().copy; }, 2000);
      });
      code.after(button);
    }
  }

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.person[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const search = document.querySelector("main input[type=search]");
    if (event.key === "/" && search && keys() && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });
  document.addEventListener("click", (event) => {
    const menu = document.querySelector("details.person[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  enhance(document);
  wait();
})();
