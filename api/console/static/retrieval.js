// A granted picture: the time in its mark, full screen with the mark over it, and the end of the viewing.
"use strict";
(() => {
  const tile = document.querySelector("[data-granted]");
  if (!tile) return;
  const zone = document.documentElement.lang === "en" ? "en-GB" : "zh-CN";
  const tick = () => {
    const at = new Date().toLocaleString(zone, { hour12: false });
    tile.querySelectorAll("time").forEach((one) => (one.textContent = at));
  };
  tick();
  setInterval(tick, 1000);
  tile.querySelector("[data-tools]").hidden = false;
  tile.querySelector("[data-large]").addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (tile.requestFullscreen) tile.requestFullscreen();
  });
  addEventListener("pagehide", () => fetch(tile.dataset.end, { method: "DELETE", keepalive: true }).catch(() => undefined));
})();
