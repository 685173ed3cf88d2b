"""One ffmpeg that records a stream into segments (devices 4.6), watched by what it writes.

It ends with 0 when a camera dies, and hangs when one hangs: only progress tells that it records.
"""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config.recorders import RtspRecorderSettings
from gateway.ffmpeg import drain, end_group, last_words
from gateway.store.durable import sync_file

SETTLE_S = 1.0
OF_A_PART = 0.4
STEP_S = 0.5
"""Our clock was set, not slewed: what it told before no longer counts."""
DRIFT = 500e-6
"""How much slower than ours a camera's clock may run, second per second (moonfire-nvr's bound)."""
AHEAD = timedelta(seconds=10)
"""No more than this can have been held up while the stream was opened: media that runs further ahead of the
clock bears time stamps that leapt."""
SEGMENT = "{:05d}.mp4"
PATTERN = "%05d.mp4"


def command(settings: RtspRecorderSettings, folder: Path, progress: int) -> list[str]:
    """Fragments are flushed one by one: what a kill loses is the last one, and what waits before it.

    A picture waits for the sound beside it and for its successor, 0.3 s with AAC at 8 kHz: so the fragments
    are shorter than the part that may be lost. The flush has to stand in the segment's own options; outside,
    a killed segment is 28 bytes.
    """
    audio = {"copy": ["-c:a", "copy"], "aac": ["-c:a", "aac", "-b:a", "32k"], "none": ["-an"]}[settings.audio]
    part = round(settings.part_seconds * OF_A_PART * 1_000_000)
    inner = f"movflags=+frag_keyframe+empty_moov+default_base_moof:frag_duration={part}:flush_packets=1"
    return [
        "setpriv", "--pdeathsig", "KILL", "prlimit", "--core=0",
        "ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "warning", "-y",
        "-progress", f"pipe:{progress}", "-stats_period", "0.25",
        "-rtsp_transport", settings.transport, "-timeout", str(round(settings.stall_seconds * 1_000_000)),
        "-fflags", "+genpts", "-i", settings.url.get_secret_value(),
        "-map", "0:v:0?", "-map", "0:a:0?", "-c:v", "copy", *audio,
        "-f", "segment", "-segment_time", str(settings.segment_seconds), "-segment_format", "mp4",
        "-segment_format_options", inner, "-reset_timestamps", "1",
        "-segment_list", "pipe:1", "-segment_list_type", "csv", f"{folder}/{PATTERN}",
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """Complete: seconds since the take began, and when that was by the clock as it was then."""

    number: int
    start_s: float
    end_s: float
    anchor: datetime | None


class Capture:
    def __init__(self, settings: RtspRecorderSettings, folder: Path) -> None:
        self.finished: deque[Segment] = deque()
        """Complete, and not reported yet."""
        self.said: deque[str] = deque(maxlen=40)
        self.anchor: datetime | None = None
        """When the first picture was taken by our clock: the least delayed moment tells it best. It follows
        a camera that runs slow, and a clock of ours that is set right."""
        self.leapt = False
        """Its time stamps leapt ahead: what follows would be dated wrong."""
        self.first = 0.0
        self.reached = 0.0
        """Seconds of media written."""
        self.frames = 0
        self.pictured = 0.0
        """How much had been written with the last picture: sound alone is no progress where there was one."""
        self.moved = time.monotonic()
        """When the last picture was written, or the last sound of what has none."""
        self.block: dict[str, int] = {}
        self.folder, self.writing, self.synced = folder, 0, time.monotonic()
        self.part_s = settings.part_seconds
        self.looked = datetime.now(UTC), time.monotonic()
        ours, its = os.pipe()
        with ExitStack() as unless_started, os.fdopen(its, "wb"):
            self.progress = unless_started.enter_context(os.fdopen(ours, "rb"))
            self.process = subprocess.Popen(
                command(settings, folder, its), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True, pass_fds=(its,),
            )  # fmt: skip
            unless_started.pop_all()
        pipes = ((self.process.stdout, self.listed), (self.process.stderr, self.said.append), (
            self.progress, self.told))  # fmt: skip
        self.threads = [
            threading.Thread(target=drain, args=(pipe, take), name=f"capture {settings.id}", daemon=True)
            for pipe, take in pipes
        ]
        for thread in self.threads:
            thread.start()

    def listed(self, line: str) -> None:
        """`00004.mp4,12.000000,15.000000` once a segment is complete."""
        name, _, times = line.partition(",")
        start, _, end = times.partition(",")
        try:
            told = int(name.removesuffix(".mp4")), float(start), float(end)
        except ValueError:
            return
        self.finished.append(Segment(*told, self.anchor))
        self.writing = told[0] + 1

    def told(self, line: str) -> None:
        """A block of `name=value` ends with its line `progress`."""
        name, _, value = line.partition("=")
        if name in {"frame", "out_time_us"} and value.isdigit():
            self.block[name] = int(value)
        elif name == "progress":
            self.progressed(self.block.get("frame", 0), self.block.get("out_time_us", 0) / 1_000_000)

    def progressed(self, frames: int, reached: float) -> None:
        if reached <= self.reached or self.leapt:
            return
        wall, ours = datetime.now(UTC), time.monotonic()
        self.leapt = not self.anchored(wall - timedelta(seconds=reached), wall, ours)
        if self.leapt:
            return
        self.first = self.first or ours
        self.reached = reached
        if frames > self.frames or not frames:
            self.frames, self.pictured, self.moved = frames, reached, ours

    def anchored(self, began: datetime, wall: datetime, ours: float) -> bool:
        """False for what would have been taken long before it came: its time stamps leapt."""
        since = ours - self.looked[1]
        was_set = abs((wall - self.looked[0]).total_seconds() - since) > STEP_S
        self.looked = wall, ours
        if self.anchor is None or was_set:
            self.anchor = began
        if self.anchor - began > AHEAD:
            return False
        self.anchor = min(self.anchor + timedelta(seconds=since * DRIFT), began)
        return True

    @property
    def is_settled(self) -> bool:
        """What was held up while the stream was being opened has been written: the beginning is known."""
        return bool(self.first) and time.monotonic() - self.first > SETTLE_S

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def still_s(self) -> float:
        return time.monotonic() - self.moved

    def sync(self) -> None:
        """What was flushed survives a kill; synced, it survives a power cut, too. Raises OSError."""
        if time.monotonic() - self.synced < self.part_s:
            return
        self.synced = time.monotonic()
        with suppress(FileNotFoundError):
            sync_file(self.folder / SEGMENT.format(self.writing))

    @property
    def why(self) -> str:
        """The end of what it said, without addresses and passwords."""
        return last_words(deque(line for line in self.said if "rtsp" not in line.lower()))

    def end(self, wait_s: float) -> None:
        """Let it write its last part; kill it when it does not."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(wait_s)
        end_group(self.process)
        for thread in self.threads:
            thread.join(1)
        for pipe in (self.process.stdout, self.process.stderr, self.progress):
            if pipe:
                pipe.close()
