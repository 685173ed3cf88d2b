// The line to the gateway: what did not arrive, was refused or takes long is told where it was asked; it goes on by itself.
"use strict";
(() => {
  const SLOW_MS = 3000;
  const ASK_MS = 2000;
  const LONGEST_MS = 8000; // a line that is dead and does not know it
  const READ_MS = 60000; // who read and wrote for so long is asked for before his form leaves the page
  const RANGE = { range: "bytes=0-0" };
  const words = document.getElementById("line");
  const mine = document.querySelector(".account .who strong"); // nobody is signed in where there is none
  const WHO = "gateway.who";
  const told = new Map(); // by what asked: its note, and how it is asked again
  const waits = new WeakMap();
  let fresh = Date.now();
  let timer = 0;

  const within = (part) => (part.matches("form") ? (note) => part.append(note) : (note) => part.after(note));
  // beside what was pressed, not somewhere on top of the page
  function place(asked, pressed) {
    const line = pressed && pressed.closest(".side-by-side, .acts, .moves, p");
    return line ? (note) => line.after(note) : within(pressed || asked);
  }

  // slow, cut, back, ended or refused: the note has words for each
  function say(asked, state, how = {}) {
    const one = told.get(asked) || { note: words.content.firstElementChild.cloneNode(true) };
    Object.assign(one, how, { state });
    told.set(asked, one);
    if (!one.note.isConnected) place(asked, one.pressed)(one.note);
    one.note.dataset.state = state;
    one.note.querySelectorAll("[data-said]").forEach((part) => (part.hidden = !part.dataset.said.split(" ").includes(state)));
    if (how.why !== undefined) one.note.querySelector("[data-why]").textContent = how.why;
    if (state !== "slow") one.note.scrollIntoView({ block: "nearest" });
    if (!timer && [...told.values()].some(isOut)) timer = setTimeout(ask, ASK_MS);
  }

  function forget(asked) {
    if (told.has(asked)) told.get(asked).note.remove();
    told.delete(asked);
  }

  const isOut = (one) => one.state === "cut" || one.state === "ended";

  // this page is one person's; in another window of the same browser somebody else has signed in
  function isAnothers() {
    try {
      const who = localStorage.getItem(WHO);
      return Boolean(mine && who && who !== mine.textContent);
    } catch {
      return false; // a browser that keeps nothing
    }
  }
  function guard(event) {
    if (!isAnothers()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(event.target, "other", { pressed: event.submitter });
  }
  try {
    if (mine) localStorage.setItem(WHO, mine.textContent);
  } catch {
    // see above
  }

  // 200, 401, or 0 for no answer; who came back as somebody else begins anew
  async function stands() {
    try {
      const answer = await fetch("/api/v1/session", { cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS) });
      if (answer.ok && mine && (await answer.json()).name !== mine.textContent) location.reload();
      if (answer.ok) fresh = Date.now();
      return answer.ok || answer.status === 401 ? answer.status : 0;
    } catch {
      return 0;
    }
  }

  // as long as something is out: whether the line stands again
  async function ask() {
    timer = 0;
    const out = [...told].filter(([asked, one]) => (asked.isConnected ? isOut(one) : forget(asked)));
    if (!out.length) return;
    const status = await stands();
    out.forEach(([asked, one]) => {
      if (told.get(asked) !== one || !isOut(one)) return;
      if (status === 200) come(asked, one);
      else say(asked, status === 401 ? "ended" : "cut");
    });
  }

  // what only looks is asked again by itself; what changes something by whom it concerns
  function come(asked, one) {
    if (!one.looks) return say(asked, "back");
    forget(asked);
    return one.again();
  }

  function again(asked, pressed, path) {
    if (pressed && pressed.isConnected) pressed.click();
    else if (path) window.htmx.ajax("get", path, { source: asked });
    else if (asked.requestSubmit) asked.requestSubmit();
  }

  function how({ elt, requestConfig }) {
    const looks = requestConfig.verb === "get";
    const pressed = requestConfig.triggeringEvent && requestConfig.triggeringEvent.submitter;
    return { looks, pressed, again: () => again(elt, pressed, looks && requestConfig.path) };
  }

  // --- parts of the page, by htmx
  function sent(event) {
    const { detail } = event;
    guard(event);
    if (event.defaultPrevented) return;
    waits.set(detail.xhr, setTimeout(() => told.has(detail.elt) || say(detail.elt, "slow", how(detail)), SLOW_MS));
  }
  function ended({ detail }) {
    clearTimeout(waits.get(detail.xhr));
    const one = told.get(detail.elt);
    if (one && (detail.successful || one.state === "slow")) forget(detail.elt);
    if (detail.successful) fresh = Date.now();
  }
  const lost = ({ detail }) => say(detail.elt, "cut", how(detail));
  // what htmx would do then is to leave the page, and what was typed with it
  function signedOut(event) {
    if (event.detail.xhr.status !== 401 || !mine) return;
    event.preventDefault();
    say(event.detail.elt, "ended", how(event.detail));
  }
  function refused({ detail }) {
    const { status, responseText } = detail.xhr;
    const page = new DOMParser().parseFromString(responseText, "text/html");
    const said = [...page.querySelectorAll(".gate-card h1, .gate-card p:not(.gate-mark)")].map((one) => one.textContent.trim());
    if (!said.length && status > 500) lost({ detail }); // a proxy before a gateway that begins anew
    else say(detail.elt, "refused", { ...how(detail), why: said.slice(0, 3).join(" ") || String(status) });
  }

  // --- forms that lead to another page: the browser would show its own where the line is cut
  let asking = false;
  async function submitted(event) {
    const { target, submitter } = event;
    if (event.defaultPrevented || !mine || target.method !== "post" || Date.now() - fresh < READ_MS) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    const slow = setTimeout(() => say(target, "slow", { pressed: submitter }), SLOW_MS);
    const status = await stands();
    asking = false;
    clearTimeout(slow);
    if (status === 200) {
      forget(target);
      target.requestSubmit(submitter);
    } else say(target, status ? "ended" : "cut", { pressed: submitter, again: () => again(target, submitter) });
  }

  // --- pictures in the browser's own player; the others look after themselves
  function broken({ target }) {
    const shown = target instanceof HTMLMediaElement && target.controls && !target.closest(".player, [data-tile]");
    if (!shown || !target.currentSrc) return;
    const at = target.currentTime;
    say(target, "cut", { looks: true, pressed: target.closest(".screen"), again: () => playOn(target, at) });
  }
  async function playOn(film, at) {
    const answer = await fetch(film.currentSrc, { headers: RANGE }).catch(() => null);
    if (!answer || answer.status >= 500) return say(film, "cut");
    if (!answer.ok) return say(film, "over");
    film.addEventListener("loadedmetadata", () => (film.currentTime = at), { once: true });
    film.load();
    return film.play().catch(() => undefined);
  }

  document.addEventListener("submit", guard, true);
  document.addEventListener("htmx:beforeRequest", sent);
  document.addEventListener("htmx:afterRequest", ended);
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:beforeOnLoad", signedOut);
  document.addEventListener("htmx:responseError", refused);
  document.addEventListener("submit", submitted);
  document.addEventListener("error", broken, true);
  document.addEventListener("click", (event) => {
    const note = event.target.closest("[data-again]") && event.target.closest(".line-note");
    const [asked, one] = [...told].find(([, each]) => each.note === note) || [];
    if (!note || !one) return;
    forget(asked);
    one.again();
  });
})();
