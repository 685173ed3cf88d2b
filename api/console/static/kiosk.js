// A badge reader types like a keyboard: its field has the focus. What was said to one person goes before the next comes.
"use strict";
(() => {
  const PASSES_MS = 45000;
  const AGAIN_MS = 3000;
  const field = document.querySelector("[data-badge]");

  function wait() {
    const busy = document.activeElement;
    if (field && (!busy || busy === document.body || busy.id === "content")) field.focus({ preventScroll: true });
  }

  function pass() {
    if (!document.querySelector("[data-passing]")) return;
    const to = location.pathname.replace(/\/(badge|take|return)$/, "");
    fetch(to).then(() => location.replace(to), () => setTimeout(pass, AGAIN_MS)); // not to the browser's own page
  }

  document.addEventListener("keydown", (event) => event.key.length === 1 && !event.ctrlKey && !event.altKey && wait(), true);
  setInterval(wait, 3000);
  setTimeout(pass, PASSES_MS);
  wait();
})();
