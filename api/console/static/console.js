// What pages need beyond htmx: whether the line to the gateway stands, and menus that close.
"use strict";
(() => {
  const SILENT_MS = 6000; // a beat comes every second
  const STILL_MS = 10000;
  const CLOSED = 2;
  let source = null;
  let heard = 0;
  let resting = false;

  const part = () => document.querySelector("[data-live]");

  // connecting, live or cut: the page has words for each
  function show(state) {
    const live = part();
    if (!live || live.dataset.live === state) return;
    live.dataset.live = state;
    live.querySelectorAll("[data-when]").forEach((one) => (one.hidden = one.dataset.when !== state));
    if (state !== "cut") return;
    const at = live.querySelector("[data-heard]");
    const day = new Date(heard || Date.now());
    at.textContent = day.toTimeString().slice(0, 8);
    at.dateTime = day.toISOString();
  }

  function hear() {
    heard = Date.now();
    resting = false;
    show("live");
  }

  // htmx's extension closes and reopens what this gives it
  function open(url) {
    source = new EventSource(url);
    source.addEventListener("beat", hear);
    source.addEventListener("signed-out", () => location.reload());
    source.addEventListener("error", () => resting || show("cut"));
    heard = Date.now();
    return source;
  }

  // the extension connects anew when it hears of an error of a source that is closed
  function again() {
    if (!source) return;
    source.close();
    source.dispatchEvent(new Event("error"));
  }

  // a line that is dead and does not know it; and a session that ended while it was cut
  function watch() {
    if (!source || document.hidden) return;
    if (source.readyState === CLOSED) askWhetherSignedIn();
    if (Date.now() - heard < SILENT_MS) return;
    heard = Date.now();
    if (source.readyState !== CLOSED) again();
  }

  function askWhetherSignedIn() {
    fetch("/api/v1/session").then(
      (answer) => answer.status === 401 && location.reload(),
      () => undefined,
    );
  }

  // a browser opens six lines to one host: a page that nobody sees keeps none
  function rest() {
    if (!source) return;
    resting = true;
    show("connecting");
    if (document.hidden) source.close();
    else again();
  }

  function closeMenus(event) {
    document.querySelectorAll("details.account[open]").forEach((menu) => {
      if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
        if (event.type === "keydown") menu.querySelector("summary").focus();
        menu.open = false;
      }
    });
  }

  // a link in another system brings no cookie of ours along: ask once more from here, who is signed in gets in
  function comeInFromElsewhere() {
    const gate = document.querySelector("[data-again]");
    if (gate) location.replace(gate.dataset.again);
  }

  // without the script that brings what changes, the page is loaded again; not under somebody's hands
  function loadAgain() {
    const busy = document.querySelector("[data-passing]") || [...document.querySelectorAll("main input:not([type=hidden])")].some((one) => one.value);
    if (document.hidden || busy) return;
    fetch(location.pathname).then(() => location.reload(), () => show("cut"));
  }
  function stayCurrent() {
    if (source || !document.querySelector("[sse-connect]")) return;
    show("still");
    setInterval(loadAgain, STILL_MS);
  }

  // back to the form as it was left, where the link itself would load it anew
  function goBack(event) {
    if (!event.target.closest("[data-back]") || history.length < 2) return;
    event.preventDefault();
    history.back();
  }

  // on a phone the ways lie in one row: where one is must be seen
  const here = document.querySelector(".ways a[aria-current]");
  if (here) here.closest(".ways").scrollLeft = here.offsetLeft - here.closest(".ways").offsetLeft - 24;

  // what stands in for scripts is shown where the one for parts of pages did not come
  if (!window.htmx) document.documentElement.classList.remove("scripted");
  else document.querySelectorAll(".live").forEach((line) => (line.hidden = false));
  comeInFromElsewhere();
  if (window.htmx) window.htmx.createEventSource = open;
  setInterval(watch, 2000);
  document.addEventListener("visibilitychange", rest);
  document.addEventListener("click", closeMenus);
  document.addEventListener("click", goBack);
  document.addEventListener("keydown", closeMenus);
  addEventListener("load", () => setTimeout(stayCurrent, 1000));
})();
