"""A live picture from glass to glass: each picture bears its number as its colour, read back in a real browser."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import yaml
from playwright.sync_api import Page, sync_playwright

from drivers.ports import free_port
from drivers.simulators.rooms import Room

SECONDS = 40.0
EVERY_MS = 200
PASSWORD = "correct horse battery"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
READ = """() => {
  const video = document.querySelector('[data-tile] video');
  const canvas = Object.assign(document.createElement('canvas'), {width: 16, height: 16});
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  const {videoWidth: w, videoHeight: h} = video;
  pen.drawImage(video, w * 0.6, h * 0.6, w * 0.2, h * 0.2, 0, 0, 16, 16);
  const seen = pen.getImageData(4, 4, 8, 8).data;
  const sums = [0, 0, 0];
  for (let at = 0; at < seen.length; at += 4) for (let c = 0; c < 3; c++) sums[c] += seen[at + c];
  return [Date.now(), video.currentTime, ...sums.map((sum) => sum / (seen.length / 4))];
}"""
"""The clock of the picture stands in its left upper corner; the colour is read elsewhere."""

Note = Callable[..., None]


def numbers(log: Path) -> dict[int, float]:
    """When the picture of each number was taken; the latest, where 4096 have gone round."""
    lines = (line.split() for line in log.read_text().splitlines() if line.count(" ") == 1)
    return {int(number) % 4096: float(at) for number, at in lines}


def number_of(colours: list[float]) -> int | None:
    """None for a colour that is none of ours: the picture changes while it is read."""
    parts = [(colour - 8) / 16 for colour in colours]
    if any(abs(part - round(part)) > 0.4 for part in parts):
        return None
    red, green, blue = (min(15, max(0, round(part))) for part in parts)
    return red << 8 | green << 4 | blue


@contextmanager
def gateway(folder: Path, room: Room) -> Iterator[str]:
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    recorder = {
        "id": "room-1", "name": "询问室", "driver": "rtsp_recorder", "url": room.url, "unit": "u", "reserve_mb": 1,
    }  # fmt: skip
    config = folder / "devices.yaml"
    settings = {"store": {"reserve_mb": 1}, "api": {"port": port}, "devices": [recorder]}
    config.write_text(yaml.safe_dump(settings, allow_unicode=True))
    command = [sys.executable, "-m", "gateway.cli", "--config", str(config)]
    who = ["user", "add", "watcher", "--role", "supervisor", "--password-stdin"]
    subprocess.run([*command, "migrate"], check=True, capture_output=True)
    subprocess.run([*command, *who], input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "up"], stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            await_answer(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gateway ended"
        try:
            if httpx.get(f"{url}/api/v1/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the gateway does not answer")


def watch(page: Page, url: str) -> float:
    """Sign in, say why, begin: seconds from the click to a picture that moves."""
    page.goto(f"{url}/sign-in?next=/wall")
    page.locator("#name").fill("watcher")
    page.locator("#password").fill(PASSWORD)
    page.locator(".btn-primary").click()
    page.wait_for_url(re.compile("/wall"))
    page.locator("#purpose").fill("测量")
    page.locator(".purpose .btn-primary").click()
    deadline = time.monotonic() + 40  # until the room is connected
    while page.locator("[data-begin]").count() == 0 and time.monotonic() < deadline:
        page.wait_for_timeout(500)
        page.reload()
    began = time.monotonic()
    page.locator("[data-begin] button").click()
    while page.evaluate("document.querySelector('[data-tile] video').currentTime") == 0:
        assert time.monotonic() - began < 60, page.locator("[data-tile]").inner_text()
        page.wait_for_timeout(50)
    return time.monotonic() - began


def delays(page: Page, log: Path) -> list[float]:
    """Seconds between the moment a picture was taken and the moment it was seen."""
    seen: list[Any] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        seen.append(page.evaluate(READ))
        page.wait_for_timeout(EVERY_MS)
    taken = numbers(log)
    pairs = ((at / 1000, number_of(colours)) for at, _, *colours in seen)
    return [at - taken[number] for at, number in pairs if number is not None and number in taken]


def glass_to_glass(scratch: Path, note: Note) -> None:
    folder = scratch / "live"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "sent"
    room = Room("--numbered", str(log))
    room.start()
    try:
        with gateway(folder / "site", room) as url, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
            page = browser.new_context(locale="zh-CN").new_page()
            begun = watch(page, url)
            page.wait_for_timeout(5_000)
            found = delays(page, log)
            browser.close()
    finally:
        room.kill()
    assert len(found) > 50, f"only {len(found)} pictures could be read"
    told = f"RTSP room at 10 pictures/s, a key picture each second; {len(found)} pictures read in Chromium"
    note("live, glass to glass, median", statistics.median(found), "s", 5, told, at_least=False)
    note("live, glass to glass, p95", statistics.quantiles(found, n=20)[-1], "s", 5, told, at_least=False)
    note("live, click to moving picture", begun, "s", 10, "nobody watched before", at_least=False)
