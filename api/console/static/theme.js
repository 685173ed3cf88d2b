// Before the first picture: colours as the system has them, where nobody chose.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  if (root.dataset.theme !== "auto") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", follow);
})();
