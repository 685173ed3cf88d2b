// One key for each decision; the next item is fetched while this one is looked at.
"use strict";
(() => {
  const item = document.getElementById("item");
  const TYPED = "input, select, textarea";
  let ahead = { url: "", text: "" };

  const shown = (one) => one.offsetParent !== null || one.getClientRects().length > 0;
  const keyed = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((one) => shown(one) && !one.disabled);

  // a field is entered, a fold opened, a button pressed
  function press(one) {
    if (one.matches(TYPED)) one.focus();
    else if (one.matches("summary")) unfold(one);
    else one.click();
  }

  function unfold(summary) {
    const fold = summary.parentElement;
    fold.open = fold.classList.contains("keys") ? !fold.open : true;
    const first = fold.querySelector("[data-first]") || fold.querySelector("input:not([type=hidden]), button");
    if (fold.open && first) first.focus();
    else if (fold.open && fold.classList.contains("keys")) {
      summary.focus({ preventScroll: true });
      fold.scrollIntoView({ block: "end" });
    }
  }

  function playOrPause() {
    const film = item.querySelector("video, audio");
    if (!film) return false;
    if (film.paused) film.play();
    else film.pause();
    return true;
  }

  function hear(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.matches(TYPED)) return event.target.blur();
    if (event.target.matches(TYPED)) return;
    const isEnter = event.key === "Enter";
    if ((isEnter || event.key === " ") && event.target.closest("button, a, summary, video, audio")) return;
    if (event.key === " " && playOrPause()) return event.preventDefault();
    const one = isEnter ? item.querySelector('button[data-key="1"][value^="confirm:"]') : keyed(event.key);
    if (!one) return;
    event.preventDefault();
    press(one);
  }

  // what is looked at no more is watched no more: the viewing ends when its item goes
  function endViewing() {
    const screen = item.querySelector(".screen[data-viewing]");
    if (!screen) return;
    const path = `/api/v1/clips/${screen.dataset.of}/viewings/${screen.dataset.viewing}`;
    fetch(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  // the page of the same clip goes on with this viewing: it ends a little later, unless somebody plays on
  function leave() {
    const screen = item.querySelector(".screen[data-viewing]");
    if (screen) navigator.sendBeacon(`/clips/${screen.dataset.of}/viewings/${screen.dataset.viewing}/left`);
  }

  function fetchAhead() {
    const link = item.querySelector("[data-next]");
    if (!link || !window.htmx) return;
    const url = link.getAttribute("href");
    fetch(url, { headers: { "HX-Request": "true" } }).then(
      async (answer) => {
        if (answer.ok) ahead = { url, at: answer.headers.get("HX-Replace-Url"), text: await answer.text() };
      },
      () => undefined,
    );
  }

  // the next one lies here already
  function goOn(event) {
    const link = event.target.closest("[data-next]");
    if (!link || link.getAttribute("href") !== ahead.url || event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { at, text } = ahead;
    ahead = { url: "", text: "" };
    endViewing();
    window.htmx.swap(item, text, { swapStyle: "innerHTML" });
    if (at) history.replaceState(history.state, "", at);
    arrive();
  }

  function arrive() {
    const head = document.getElementById("what");
    if (head) head.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    fetchAhead();
  }

  document.addEventListener("keydown", hear);
  item.addEventListener("click", goOn, true);
  document.addEventListener("htmx:beforeSwap", (event) => event.detail.target === item && endViewing());
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target === item && arrive());
  window.addEventListener("pagehide", leave);
  window.addEventListener("load", fetchAhead);
})();
