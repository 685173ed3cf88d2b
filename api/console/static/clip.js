// The player of a clip: keys, frames, speed, marks, the time of the picture, and a copy where the original does not play.
"use strict";
(() => {
  const player = document.getElementById("player");
  const STEPS = [0.5, 1, 2, 4, 8];
  const FIVE_S = 5;
  const BACK_MS = 100; // how often it is set back while it runs backwards
  const ASK_MS = 3000;

  if (!player) return;
  const media = player.querySelector("video, audio");
  const all = (what, within = player) => [...within.querySelectorAll(what)];
  const one = (what) => player.querySelector(what);
  const { zone } = player.dataset;

  // who watches is told that it is over; a page that is only loaded again takes the viewing up
  addEventListener("pagehide", () => navigator.sendBeacon(player.dataset.left));

  const stamp = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const now = one("[data-now]");
  const mark = () => (now.textContent = stamp.format(Date.now()));
  setInterval(mark, 1000);
  mark();
  if (!media) return;

  const seek = one(".along input");
  const wave = one(".wave");
  const map = document.querySelector(".map");
  const places = map ? JSON.parse(map.dataset.places) : [];
  const frame = 1 / Number(player.dataset.rate);
  const started = Number(player.dataset.started);
  const told = {};
  let backwards = 0;
  let timer = null;
  let slow = 0;
  let holds = false; // the bar is being moved

  const length = () => (Number.isFinite(media.duration) && media.duration > 0 ? media.duration : Number(player.dataset.length));
  const text = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    const two = (n) => String(n).padStart(2, "0");
    return `${s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}` : Math.floor(s / 60)}:${two(s % 60)}`;
  };
  const write = (name, element, value) => {
    if (!element || told[name] === value) return;
    told[name] = value;
    element.textContent = value;
  };

  function show() {
    const at = media.currentTime;
    if (!holds) seek.value = at;
    write("at", one("[data-at]"), text(at));
    write("of", one("[data-of]"), text(length()));
    if (started) write("wall", one("[data-wall]"), stamp.format(started + at * 1000));
    seek.setAttribute("aria-valuetext", text(at));
    if (wave) wave.querySelector("i").style.left = `${(100 * at) / (length() || 1)}%`;
    if (places.length) move(at);
  }

  // where it was then: between two positions, on the line between them
  function move(at) {
    let low = 0;
    let high = places.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (places[middle][0] <= at) low = middle;
      else high = middle - 1;
    }
    const [t0, x0, y0] = places[low];
    const [t1, x1, y1] = places[Math.min(low + 1, places.length - 1)];
    const share = t1 > t0 ? Math.min(1, Math.max(0, (at - t0) / (t1 - t0))) : 0;
    const here = map.querySelector(".here");
    here.removeAttribute("hidden");
    here.setAttribute("cx", x0 + share * (x1 - x0));
    here.setAttribute("cy", y0 + share * (y1 - y0));
  }

  const to = (second) => {
    media.currentTime = Math.min(Math.max(0, second), Math.max(0, length() - 0.01));
    show();
  };

  function rest() {
    backwards = 0;
    clearInterval(timer);
    timer = null;
  }
  const play = () => {
    rest();
    media.play().catch(() => undefined); // what goes wrong is told by the element
  };
  const pause = () => {
    rest();
    media.pause();
  };
  const toggle = () => (media.paused && !backwards ? play() : pause());

  function speed(value) {
    media.defaultPlaybackRate = value;
    media.playbackRate = value;
    const select = one("select");
    const known = [...select.options].find((option) => Number(option.value) === value);
    if (known) select.value = known.value;
  }

  // faster with each press; backwards, which no browser can, by setting it back again and again
  function faster() {
    if (backwards || media.paused) {
      speed(1);
      play();
    } else speed(STEPS.find((step) => step > media.playbackRate) || 8);
  }
  function reverse() {
    const next = Math.min(8, backwards ? backwards * 2 : 1);
    pause();
    backwards = next;
    timer = setInterval(() => {
      if (media.currentTime <= 0) return rest();
      if (!media.seeking) to(media.currentTime - (backwards * BACK_MS) / 1000);
      return undefined;
    }, BACK_MS);
    states();
  }
  const step = (count) => {
    pause();
    to(media.currentTime + count * frame);
  };

  async function copyLink() {
    const url = `${location.origin}${location.pathname}?t=${Math.floor(media.currentTime)}`;
    const line = one(".copied");
    const field = line.querySelector("input");
    line.hidden = false;
    field.value = url;
    field.focus();
    field.select();
    // over plain http there is no clipboard for pages: then what is selected is copied
    if (navigator.clipboard) await navigator.clipboard.writeText(url).catch(() => document.execCommand("copy"));
    else document.execCommand("copy");
  }

  // the whole player, not the picture alone: the watermark goes along
  const whole = () => (document.fullscreenElement ? document.exitFullscreen() : player.requestFullscreen?.());

  const DO = {
    play: toggle, back: () => step(-1), on: () => step(1), link: copyLink, whole,
    mute: () => (media.muted = !media.muted), again: () => again(),
  };

  function states() {
    const runs = !media.paused || backwards > 0;
    all(".play [data-when]").forEach((part) => (part.hidden = (part.dataset.when === "playing") !== runs));
    all("[data-do=mute] [data-when]").forEach((part) => (part.hidden = (part.dataset.when === "muted") !== media.muted));
  }

  const typing = (target) => target.closest("input:not([type=range]), textarea, select");
  const pressing = (target) => target.closest("button, summary, a");

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const { key: pressed } = event;
    if ((pressed === " " || pressed === "Enter") && pressing(event.target)) return;
    const keys = {
      " ": toggle, k: pause, K: pause, l: faster, L: faster, j: reverse, J: reverse, ",": () => step(-1), ".": () => step(1),
      ArrowLeft: () => to(media.currentTime - FIVE_S), ArrowRight: () => to(media.currentTime + FIVE_S),
      m: DO.mute, M: DO.mute, f: whole, F: whole,
    };
    if (pressed === "k" || pressed === "K") keys[pressed] = toggle;
    const act = keys[pressed] || (/^[0-9]$/.test(pressed) && (() => to((length() * Number(pressed)) / 10)));
    if (!act) return;
    event.preventDefault();
    act();
  }

  // --- what it plays: the original, or the copy where the original shows nothing
  const sources = all("source", media).map((source) => ({ name: source.dataset.name, url: source.src.split("#")[0] }));
  const say = (what) => all("[data-says]").forEach((part) => (part.hidden = part.dataset.says !== what));
  const current = () => sources.findIndex((source) => source.url === (media.currentSrc || media.src).split("#")[0]);

  function use(source) {
    const at = media.currentTime || Number(player.dataset.second);
    const rate = media.playbackRate;
    const ran = !media.paused || media.autoplay;
    media.src = source.url + (at ? `#t=${at}` : "");
    media.load();
    speed(rate);
    if (ran) play();
    say("");
  }

  function next(failed) {
    const source = sources[failed + 1];
    if (source) use(source);
    else giveUp();
  }

  const answered = (url) => fetch(url, { headers: { range: "bytes=0-0" } }).then((answer) => answer.status, () => 0);

  // and goes on by itself where it was
  function cut() {
    say("cut");
    setTimeout(heal, ASK_MS);
  }
  async function heal() {
    const { url } = sources[Math.max(0, current())];
    const status = await answered(url);
    if (!status || status >= 500) cut();
    else if (status === 403 || status === 401) say("over");
    else again();
  }

  async function giveUp() {
    const last = sources[sources.length - 1];
    const status = await answered(last.url);
    if (!status || status >= 500) return cut();
    if (status === 403 || status === 401) return say("over");
    if (!player.dataset.due || sources.some((source) => source.name === "proxy")) return say("cannot");
    say("due");
    return setTimeout(askForCopy, ASK_MS);
  }

  async function askForCopy() {
    const answer = await fetch(`/api/v1/clips/${player.dataset.clip}`).catch(() => ({}));
    if (answer.status === 401) return say("over");
    const made = answer.ok ? (await answer.json()).renditions : [];
    if (!made.some((one) => one.kind === "proxy")) return setTimeout(askForCopy, ASK_MS);
    sources.push({ name: "proxy", url: player.dataset.due });
    return use(sources[sources.length - 1]);
  }

  const again = () => use(sources[Math.max(0, current())]);

  media.addEventListener("error", () => {
    const lost = media.error && media.error.code === MediaError.MEDIA_ERR_NETWORK;
    if (lost) cut();
    else next(current());
  });
  // of several, the browser goes from one to the next by itself; of the last nobody tells
  media.querySelectorAll("source").forEach((source, place, every) => {
    source.addEventListener("error", () => place === every.length - 1 && giveUp());
  });
  if (media.networkState === media.NETWORK_NO_SOURCE) giveUp(); // it was over before this script ran
  const blind = () => "picture" in player.dataset && media.videoWidth === 0;
  media.addEventListener("loadedmetadata", () => {
    if (blind()) next(current());
    const name = (sources[current()] || {}).name;
    all("[data-source]").forEach((part) => (part.hidden = (part.dataset.source === "original") !== (name === "original")));
    seek.max = length();
    show();
  });
  media.addEventListener("playing", () => {
    clearTimeout(slow);
    if (!blind()) say("");
  });
  media.addEventListener("waiting", () => {
    clearTimeout(slow);
    slow = setTimeout(() => media.readyState < 3 && !media.error && say("slow"), ASK_MS);
  });

  // --- the bar in place of the browser's
  media.controls = false;
  player.classList.add("runs");
  all(".along, .controls").forEach((part) => (part.hidden = false));
  ["timeupdate", "seeked", "seeking", "durationchange"].forEach((name) => media.addEventListener(name, show));
  ["play", "pause", "ended", "volumechange"].forEach((name) => media.addEventListener(name, states));
  seek.addEventListener("input", () => {
    holds = true;
    to(Number(seek.value));
  });
  seek.addEventListener("change", () => (holds = false));
  one("select").addEventListener("change", (event) => speed(Number(event.target.value)));
  player.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && DO[button.dataset.do]) DO[button.dataset.do]();
    else if (event.target === media) toggle();
  });
  if (wave) {
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      to((length() * (event.clientX - box.left)) / box.width);
    });
  }
  document.addEventListener("keydown", key);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-to]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    to(Number(link.dataset.to));
    player.scrollIntoView({ block: "nearest" });
  });
  // an empty field for a second takes the one that is shown
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-take]") && !event.target.value) event.target.value = media.currentTime.toFixed(1);
  });
  show();
  states();
})();
