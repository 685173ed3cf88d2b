"""From a click on a link to a playing first frame, in Chromium, while fifty others read footage by range."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
from playwright.sync_api import Browser, Page, sync_playwright

from api.signin import add_key, add_user
from drivers.ports import free_port
from gateway import migrations
from gateway.config import load
from gateway.database import Database
from gateway.models import Clip, Described, Device, Original, Role, State, Unit, Viewing, now
from gateway.store import LocalStore

Note = Callable[..., None]
READERS, BIT_S = 50, 4e6
LENGTH_S, FILES, CLICKS = 120, 6, int(os.environ.get("BENCH_CLICKS", "30"))
PASSWORD = "correct horse battery"
GATEWAY = Path(sys.executable).with_name("gateway")
CLICKED = """document.addEventListener("click", () =>
  sessionStorage.setItem("clicked", performance.timeOrigin + performance.now()), true);"""
SHOWN = """addEventListener("DOMContentLoaded", () => {
  const media = document.querySelector("video");
  if (media) media.requestVideoFrameCallback((at) => {
    window.shown = performance.timeOrigin + at - Number(sessionStorage.getItem("clicked"));
  });
});"""


def measure(scratch: Path, note: Note) -> None:
    town = Town(scratch / "frames")
    with town.served(), town.peer() as bare, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        alone = clicks(signed_in(browser, town.url), "/docks", town.pages[: CLICKS + 1])
        with reading(town.media, {"X-Api-Key": town.key}) as rate:
            ours = clicks(signed_in(browser, town.url), "/docks", town.pages[CLICKS + 1 :])
        with reading([f"{bare}/{n % FILES}.mp4" for n in range(READERS)], {}):
            theirs = clicks(opened(browser, bare), "/", [f"/{n % FILES}" for n in range(CLICKS + 1)])
        browser.close()
    told = (
        f"median {statistics.median(ours):.2f} s; {READERS} readers got {rate[0] / 1e6:.0f} of "
        f"{READERS * BIT_S / 1e6:.0f} Mbit/s; without them p95 {tail(alone):.2f} s"
    )
    note("click to first frame, p95", tail(ours), "s", 1.0, told, at_least=False)
    told = f"p95 {tail(theirs):.2f} s: Starlette's FileResponse, a page with nothing but the player"
    note("the same, of a bare server", tail(ours) / tail(theirs), "×", 3, told, at_least=False)


def tail(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


def opened(browser: Browser, url: str) -> Page:
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 720})
    context.add_init_script(CLICKED)
    context.add_init_script(SHOWN)
    return context.new_page()


def signed_in(browser: Browser, url: str) -> Page:
    page = opened(browser, url)
    page.goto("/sign-in")
    page.fill("#name", "bench")
    page.fill("#password", PASSWORD)
    page.click(".btn-primary")
    page.wait_for_url("**/docks")
    page.context.request.post("/purpose", form={"purpose": "性能测试"})
    return page


def clicks(page: Page, start: str, links: Sequence[str]) -> list[float]:
    """Seconds of each, from the click's own event to when the frame was drawn; the first warms up."""
    taken = []
    for link in links:
        page.goto(start)
        page.evaluate(
            "(to) => { const a = document.createElement('a'); a.href = to; a.id = 'to'; a.textContent = to;"
            " document.querySelector('main, body').prepend(a); }",
            link,
        )
        page.click("#to")
        page.wait_for_function("() => window.shown", timeout=30_000)
        taken.append(page.evaluate("window.shown") / 1000)
    return taken[1:]


@contextmanager
def reading(urls: Sequence[str], headers: dict[str, str]) -> Iterator[list[float]]:
    """While it lasts they read; afterwards it holds how many bits a second they got."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.reading", *urls],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(headers) + "\n")
    process.stdin.flush()
    process.stdout.readline()
    time.sleep(2)
    got: list[float] = []
    try:
        yield got
    finally:
        process.stdin.write("\n")
        process.stdin.close()
        got.append(float(process.stdout.readline() or "nan"))
        process.wait(20)


class Town:
    """Clips of two minutes as cameras write them: H.264 of 4 Mbit/s, the index at the end of the file.

    Each click is at another one, so that each begins a viewing: a line of custody, on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "devices.yaml").write_text(
            f"store: {{reserve_mb: 1}}\napi: {{port: {self.port}}}\n"
            "devices: [{id: cam, driver: volume, path: card}]\n"
        )
        settings = load(folder / "devices.yaml")
        self.store = LocalStore(settings.store.path)
        self.store.prepare()
        self.files = [self.store.place(self.store.original_key(f"clip-{n}", ".mp4")) for n in range(FILES)]
        self.pages = [f"/clips/clip-{number}" for number in range(2 * (CLICKS + 1))]
        record(self.files[0])
        for path in self.files[1:]:
            shutil.copy(self.files[0], path)
        database = Database(settings.database_url)
        migrations.upgrade(database.engine)
        self.key = self.fill(database)
        database.close()

    @property
    def media(self) -> list[str]:
        return [
            f"{self.url}/api/v1/clips/clip-{n % FILES}/original?viewing=view-{n % FILES}"
            for n in range(READERS)
        ]

    def fill(self, database: Database) -> str:
        told = {
            "container": "mov,mp4,m4a,3gp,3g2,mj2",
            "streams": [
                {"codec_type": "video", "codec_name": "h264", "pix_fmt": "yuv420p"},
                {"codec_type": "audio", "codec_name": "aac"},
            ],
        }
        with database.write() as session:
            session.add(Unit(id="u", name="市局"))
            session.flush()
            session.add(Device(id="cam", type="body_camera", unit_id="u"))
            session.flush()
            add_user(session, "bench", PASSWORD, Role.SUPERVISOR, "u")
            reader = add_user(session, "reader", None, Role.SUPERVISOR, "u")
            _, key = add_key(session, reader, "bench")
            for number in range(len(self.pages)):
                path = self.files[number % FILES]
                session.add(
                    Original(
                        id=f"clip-{number}", device_id="cam", name=f"{number}.mp4", suffix=".mp4",
                        size=path.stat().st_size, state=State.PRESERVED, stored_as=self.store.original_key(f"clip-{number % FILES}", ".mp4"),
                        sha256=f"{number:064}", verified_at=now(),
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    Clip(
                        id=f"clip-{number}", device_id="cam", kind="VIDEO", described=Described.READY, format=told,
                        duration_s=LENGTH_S, started_at=now() - timedelta(hours=1), ended_at=now(),
                    )
                )  # fmt: skip
                session.flush()
                session.add(
                    Viewing(
                        id=f"view-{number}", clip_id=f"clip-{number}", user_id=reader.id, purpose="x",
                        expires_at=now() + timedelta(hours=2),
                    )
                )  # fmt: skip
        return key

    @contextmanager
    def served(self) -> Iterator[None]:
        with running([GATEWAY, "--config", self.folder / "devices.yaml", "serve"], f"{self.url}/sign-in"):
            yield

    @contextmanager
    def peer(self) -> Iterator[str]:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "benchmarks.bare", f"{port}"]
        with running([*command, *self.files], f"{url}/"):
            yield url


def record(path: Path) -> None:
    """A noisy picture, so that it has the bits of a real one; ten seconds, many times over."""
    short = path.with_suffix(".short.mp4")
    picture = "testsrc2=size=1280x720:rate=25:duration=10,noise=alls=12:allf=t"
    rate = ["-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "4M"]
    source = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=duration=10"]
    coded = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "50",
        *rate,
        "-c:a",
        "aac",
    ]
    quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    subprocess.run([*quiet, *source, *coded, short], check=True)
    again = ["-stream_loop", f"{LENGTH_S // 10 - 1}", "-i", short, "-c", "copy", "-t", f"{LENGTH_S}"]
    subprocess.run([*quiet, *again, path], check=True)
    short.unlink()


@contextmanager
def running(command: Sequence[object], url: str) -> Iterator[None]:
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
