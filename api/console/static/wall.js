// The live wall: begins a view for each tile that is clicked, keeps it going, ends it when nobody looks.
"use strict";
(() => {
  const wall = document.querySelector("[data-wall]");
  if (!wall) return;
  const STALLED_MS = 6000;
  const HIDDEN_MS = 60000; // who looks elsewhere for so long does not watch
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 15000;
  const { purpose, worker, language } = wall.dataset;
  const bar = document.querySelector("[data-bar]");
  const most = bar.querySelector("[data-most]");
  const running = new Map();

  class Gone extends Error {}

  async function told(answer) {
    const said = await answer.json().catch(() => ({}));
    if (language === "en") return said.code ? said.title : said.detail || said.title || "";
    return said.zh || said.detail || said.title || "";
  }

  class Tile {
    constructor(element) {
      this.element = element;
      this.device = element.dataset.tile;
      this.video = element.querySelector("video");
      this.at = 0; // of the picture
      this.moved = 0; // when it last moved on
      this.wait = FIRST_WAIT_MS;
    }

    part(name) { return this.element.querySelector(`[data-${name}]`); }

    show(state, why) {
      this.element.dataset.state = state;
      this.element.querySelectorAll("[data-when]").forEach((one) => (one.hidden = one.dataset.when !== state));
      const place = this.element.querySelector(`[data-when="${state}"] [data-why]`);
      if (place) place.textContent = why || place.dataset.usual || "";
      this.part("tools").hidden = !running.has(this.device);
      this.element.querySelector(".watermark").hidden = state !== "live" && state !== "lost";
      count();
    }

    async begin() {
      running.set(this.device, this);
      this.show("starting");
      try {
        await this.open();
      } catch (error) {
        if (error instanceof Gone) this.fail(error.message);
        else this.lose("");
      }
    }

    // a view of its own, stamped with the purpose
    async open() {
      const answer = await fetch(`/api/v1/devices/${encodeURIComponent(this.device)}/live`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ purpose }),
      });
      if (answer.status === 401) return location.reload();
      const why = answer.ok ? "" : await told(answer);
      if (answer.status >= 500 || answer.status === 409) return this.lose(why);
      if (!answer.ok) throw new Gone(why);
      const begun = await answer.json();
      if (!running.has(this.device)) return end(this.device, begun.view); // stopped meanwhile
      this.view = begun.view;
      this.playlist = begun.playlist;
      this.play();
    }

    play() {
      this.moved = Date.now();
      this.at = 0;
      if (window.Hls && window.Hls.isSupported()) {
        this.hls = new window.Hls({
          workerPath: worker,
          liveSyncDuration: 1.5,
          liveMaxLatencyDuration: 5,
          maxLiveSyncPlaybackRate: 1.3,
          backBufferLength: 4,
          maxBufferLength: 8,
          manifestLoadPolicy: policy(20000),
          playlistLoadPolicy: policy(20000),
          fragLoadPolicy: policy(8000),
        });
        this.hls.on(window.Hls.Events.ERROR, (_, error) => this.failed(error));
        this.hls.loadSource(this.playlist);
        this.hls.attachMedia(this.video);
      } else if (this.video.canPlayType("application/vnd.apple.mpegurl")) {
        this.video.src = this.playlist; // Safari plays it by itself
      } else throw new Gone(wall.dataset.cannot);
      this.video.play().catch(() => undefined);
    }

    failed(error) {
      if (!error.fatal) return;
      if (error.type === window.Hls.ErrorTypes.MEDIA_ERROR && !this.mended) {
        this.mended = true;
        this.hls.recoverMediaError();
      } else {
        this.ask();
      }
    }

    // why the picture does not come: the playlist says it
    async ask() {
      if (this.asking || this.pending) return;
      this.asking = true;
      if (this.element.dataset.state === "live") this.show("lost"); // at once; why, once it is known
      let why = "";
      try {
        const answer = await fetch(this.playlist);
        if (answer.status === 401) return location.reload();
        if (answer.status === 403 || answer.status === 404) this.view = null;
        if (!answer.ok && answer.status !== 403) why = await told(answer);
      } catch {
        why = wall.dataset.cut;
      } finally {
        this.asking = false;
      }
      this.lose(why);
    }

    // and it is tried again by itself
    lose(why) {
      if (!running.has(this.device)) return;
      this.drop();
      this.show("lost", why);
      this.pending = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.retry(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    }

    async retry() {
      this.pending = false;
      if (!running.has(this.device)) return;
      const old = this.view;
      this.view = null;
      if (old) end(this.device, old);
      try {
        await this.open();
      } catch (error) {
        if (error instanceof Gone) this.fail(error.message);
        else this.lose(wall.dataset.cut);
      }
    }

    fail(why) {
      this.stop();
      this.show("failed", why);
    }

    drop() {
      if (this.hls) this.hls.destroy();
      this.hls = null;
      this.mended = false;
      if (this.video.hasAttribute("src")) {
        this.video.removeAttribute("src");
        this.video.load();
      }
    }

    stop() {
      running.delete(this.device);
      this.pending = false;
      clearTimeout(this.timer);
      this.drop();
      if (this.view) end(this.device, this.view);
      this.view = null;
      this.wait = FIRST_WAIT_MS;
      this.silence();
      this.show("idle");
    }

    // called each second: whether the picture goes on
    look() {
      const state = this.element.dataset.state;
      const { currentTime } = this.video;
      if (currentTime !== this.at) {
        this.at = currentTime;
        this.moved = Date.now();
        if (currentTime > 0 && state !== "live" && !this.pending) {
          this.wait = FIRST_WAIT_MS;
          this.show("live");
        }
      } else if (state === "live" && Date.now() - this.moved > STALLED_MS) {
        this.ask();
      } else if (state === "starting" && this.view && Date.now() - this.moved > 4 * STALLED_MS) {
        this.ask();
      }
    }

    silence() {
      this.video.muted = true;
      this.part("sound").setAttribute("aria-pressed", "false");
    }

    sound() {
      const on = this.video.muted;
      running.forEach((other) => other.silence()); // one voice at a time
      this.video.muted = !on;
      this.part("sound").setAttribute("aria-pressed", String(on));
    }

    large() {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (this.element.requestFullscreen) this.element.requestFullscreen();
      else if (this.video.webkitEnterFullscreen) this.video.webkitEnterFullscreen();
    }
  }

  function policy(ms) {
    const few = { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2000 };
    return { default: { maxTimeToFirstByteMs: ms, maxLoadTimeMs: ms, timeoutRetry: few, errorRetry: few } };
  }

  function end(device, view) {
    const path = `/api/v1/devices/${encodeURIComponent(device)}/live/${view}`;
    return fetch(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  function count() {
    const line = bar.querySelector("[data-count]");
    line.textContent = line.dataset.words.replace("%a", running.size).replace("%b", most.value);
    bar.querySelector("[data-stop-all]").disabled = running.size === 0;
  }

  function begin(tile) {
    if (running.has(tile.device)) return;
    if (running.size >= Number(most.value)) tile.show("failed", wall.dataset.full);
    else tile.begin();
  }

  const tiles = [...wall.querySelectorAll("[data-tile]")].map((element) => new Tile(element));
  for (const tile of tiles) {
    const form = tile.part("begin");
    if (form) form.addEventListener("submit", (event) => (event.preventDefault(), begin(tile)));
    tile.part("stop").addEventListener("click", () => tile.stop());
    tile.part("sound").addEventListener("click", () => tile.sound());
    tile.part("large").addEventListener("click", () => tile.large());
  }

  // a weak machine decodes four pictures, a strong one nine
  most.value = (navigator.hardwareConcurrency || 2) > 4 ? "9" : "4";
  most.addEventListener("change", () => {
    [...running.values()].slice(Number(most.value)).forEach((tile) => tile.stop());
    count();
  });
  bar.querySelector("[data-stop-all]").addEventListener("click", () => [...running.values()].forEach((tile) => tile.stop()));
  bar.hidden = false;
  count();

  function tick() {
    const at = new Date().toLocaleString("sv-SE"); // 2026-11-27 08:05:09, as beside every clip
    running.forEach((tile) => {
      tile.look();
      tile.element.querySelectorAll(".watermark time").forEach((one) => (one.textContent = at));
    });
  }
  setInterval(tick, 500);

  let resting = [];
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) {
      hidden = setTimeout(() => {
        resting = [...running.values()];
        resting.forEach((tile) => tile.stop());
      }, HIDDEN_MS);
    } else {
      resting.forEach((tile) => begin(tile));
      resting = [];
    }
  });
  addEventListener("pagehide", () => [...running.values()].forEach((tile) => tile.stop()));
})();
