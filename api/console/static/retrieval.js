// A granted picture: the time in its mark, full screen with the mark over it, and the end of the viewing.
"use strict";
(() => {
  const tile = document.querySelector("[data-granted]");
  if (!tile) return;
  const tick = () => {
    const at = new Date().toLocaleString("sv-SE"); // as beside every clip
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
