// The list by keys, results while somebody types, how many are selected. Without it forms and links do the same.
"use strict";
(() => {
  const TYPED_MS = 220;
  const seek = document.getElementById("seek");
  const field = document.getElementById("q");
  const results = document.getElementById("results");
  if (!seek || !results) return;
  let typing = 0;
  let asked = field.value;

  const lines = () => [...results.querySelectorAll(".clip")];
  const boxes = () => [...results.querySelectorAll('.pick input[type="checkbox"]')];

  // not in the middle of a Chinese word: what the input method shows then is no text yet
  function typed(event) {
    if (event.isComposing) return;
    clearTimeout(typing);
    typing = setTimeout(() => {
      if (field.value === asked) return;
      asked = field.value;
      if (window.htmx) window.htmx.trigger(seek, "seek");
    }, TYPED_MS);
  }

  function told() {
    const chosen = boxes().filter((box) => box.checked).length;
    const bar = results.querySelector("[data-bar]");
    if (!bar) return;
    bar.hidden = chosen === 0;
    bar.querySelector("[data-count]").textContent = chosen;
    const all = results.querySelector("[data-all]");
    all.hidden = false;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
  }

  function chosen(event) {
    if (event.target.matches("[data-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
    if (event.target.matches("[data-all], .pick input")) told();
  }

  function move(by) {
    const all = lines();
    const at = all.findIndex((line) => line.contains(document.activeElement));
    const to = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!to) return;
    to.querySelector(".open").focus();
    to.scrollIntoView({ block: "nearest" });
  }

  function pick() {
    const line = lines().find((one) => one.contains(document.activeElement));
    const box = line && line.querySelector(".pick input");
    if (box) box.click();
  }

  // in a sheet what the sheet is for; on a line its clip
  function goes(from) {
    const sheet = from.matches(".many-bar input") && from.closest(".sheet-small");
    const line = from.matches(".pick input") && from.closest(".clip");
    const deed = sheet ? sheet.querySelector("button") : line && line.querySelector(".open");
    if (deed) deed.click();
    return Boolean(deed);
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      document.querySelectorAll(".drop[open]").forEach((one) => {
        one.open = false;
        one.querySelector("summary").focus();
      });
      if (event.target === field) move(0);
      return;
    }
    if (event.key === "Enter" && goes(event.target)) return event.preventDefault();
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const done = { "/": () => field.select(), j: () => move(1), k: () => move(-1), x: pick }[event.key];
    if (!done) return;
    event.preventDefault();
    if (event.key === "/") field.focus();
    done();
  }

  // one sheet at a time, and none once somebody goes on elsewhere
  function closeOthers(event) {
    document.querySelectorAll(".drop[open]").forEach((one) => {
      if (!one.contains(event.target)) one.open = false;
    });
  }

  document.documentElement.classList.add("keyed");
  field.addEventListener("input", typed);
  field.addEventListener("compositionend", () => typed({ isComposing: false }));
  results.addEventListener("change", chosen);
  document.addEventListener("keydown", key);
  document.addEventListener("click", closeOthers);
  document.addEventListener("htmx:afterSwap", (event) => event.target === results && told());
  // who comes back finds ticked what he had ticked: the browser sets it after this has run
  window.addEventListener("pageshow", told);
  told();
})();
