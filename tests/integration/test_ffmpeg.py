"""ffmpeg gives way: nicer than copying, stopped while bays copy, and its paused time is not counted."""

import threading
import time
from pathlib import Path

import psutil
import pytest

from gateway import ffmpeg
from tests.patience import until


def encoding(target: Path, seconds: int) -> list[str]:
    return [
        "ffmpeg", "-nostdin", "-v", "error", "-progress", "pipe:1", "-re", "-f", "lavfi", "-i",
        f"testsrc2=duration={seconds}:size=320x240", "-c:v", "libx264", "-preset", "ultrafast", "-y", str(target),
    ]  # fmt: skip


def working_on(target: Path) -> psutil.Process | None:
    for process in psutil.process_iter(["cmdline"]):
        if str(target) in (process.info["cmdline"] or []):  # from `setpriv` on, which becomes ffmpeg
            return process
    return None


def test_it_stands_still_while_bays_copy_and_goes_on_after(tmp_path: Path) -> None:
    target, copying = tmp_path / "proxy.mp4", threading.Event()
    reached: list[float] = []
    watch = ffmpeg.Watch(deadline_s=3, stop=threading.Event(), pause=copying.is_set, progress=reached.append)
    run = threading.Thread(target=ffmpeg.run, args=(encoding(target, 2), watch), daemon=True)
    run.start()
    process = until(lambda: working_on(target))
    assert isinstance(process, psutil.Process)
    until(lambda: reached)
    assert process.nice() == 10
    copying.set()
    until(lambda: process.status() == psutil.STATUS_STOPPED)
    time.sleep(0.5)
    before, used = len(reached), sum(process.cpu_times()[:2])
    time.sleep(3.5)  # longer than its deadline
    assert (len(reached), sum(process.cpu_times()[:2])) == (before, used), "not one picture, not one cycle"
    copying.clear()
    run.join(30)
    assert float(ffmpeg.probe(target)["format"]["duration"]) == pytest.approx(2, abs=0.2)


def test_what_is_paused_is_stopped_at_once(tmp_path: Path) -> None:
    target, stop = tmp_path / "proxy.mp4", threading.Event()
    watch = ffmpeg.Watch(stop=stop, pause=lambda: True)
    ended: list[float] = []

    def run() -> None:
        with pytest.raises(ffmpeg.MediaStopped):
            ffmpeg.run(encoding(target, 30), watch)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    process = until(lambda: working_on(target))
    assert isinstance(process, psutil.Process)
    until(lambda: process.status() == psutil.STATUS_STOPPED)
    begun = time.monotonic()
    stop.set()
    thread.join(10)
    assert ended[0] - begun < 1
    assert not psutil.pid_exists(process.pid)
