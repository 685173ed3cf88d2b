"""The one way to run ffmpeg and ffprobe: bounded, drained, alone, unable to reach the network."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import ffmpeg

MEMORY = 4 * 1024**3
TICK = 0.2
ADDRESS = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\] ")
"""What ffmpeg puts before a message: differs each time and tells nobody anything."""


class MediaError(Exception):
    """ffmpeg could not do it; the message is the end of what it said."""


class MediaStopped(Exception):
    """We are shutting down, or the deadline passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What bounds a run: a deadline in seconds of working time, and who may stop or pause it."""

    deadline_s: float = 3600.0
    stop: threading.Event
    pause: Callable[[], bool] = bool
    progress: Callable[[float], None] | None = None
    """Called with the seconds of media written so far."""


def source(path: Path, **options: Any) -> Any:
    """An input node that may read files and nothing else (no playlist can send it to the network)."""
    return ffmpeg.input(f"file:{path}", protocol_whitelist="file,pipe", **options)


def compiled(node: Any) -> list[str]:
    """The argument list of an output node (ffmpeg-python compiles; it never starts a process)."""
    quiet = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "warning", "-progress", "pipe:1", "-y")
    arguments: list[str] = ffmpeg.compile(node.global_args(*quiet))
    return arguments


def guarded(arguments: list[str], file_size: int | None, cpu_s: float) -> list[str]:
    """The same command, ended with us, nicer than copying, and limited in memory, time and file size."""
    limits = [f"--as={MEMORY}", f"--cpu={int(cpu_s)}", "--core=0", "--nofile=256"]
    if file_size is not None:
        limits.append(f"--fsize={file_size}")
    return ["setpriv", "--pdeathsig", "KILL", "prlimit", *limits, "nice", "-n", "10", *arguments]


def run(arguments: list[str], watch: Watch, max_bytes: int | None = None) -> None:
    """Run one compiled command to its end.

    Raises MediaError when ffmpeg says no, MediaStopped when stopped or over the deadline.
    """
    process = subprocess.Popen(
        guarded(arguments, max_bytes, watch.deadline_s * 2),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    said: deque[str] = deque(maxlen=40)
    readers = [
        threading.Thread(target=drain, args=(process.stderr, said.append), daemon=True),
        threading.Thread(target=drain, args=(process.stdout, reporter(watch.progress)), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        attend(process, watch)
    finally:
        end_group(process)
        for reader in readers:
            reader.join(timeout=2)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    if process.returncode != 0:
        raise MediaError(last_words(said) or f"ffmpeg ended with {process.returncode}")


def attend(process: subprocess.Popen[bytes], watch: Watch) -> None:
    """Wait for the end, pausing the whole group while asked to; paused time is not counted."""
    worked, paused, last = 0.0, False, time.monotonic()
    while process.poll() is None:
        if watch.stop.is_set():
            raise MediaStopped("stopping")
        if worked > watch.deadline_s:
            raise MediaStopped(f"took longer than {watch.deadline_s:.0f} s")
        wanted = watch.pause()
        if wanted != paused:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGSTOP if wanted else signal.SIGCONT)
            paused = wanted
        with suppress(subprocess.TimeoutExpired):
            process.wait(TICK)
        moment = time.monotonic()
        worked += 0 if paused else moment - last
        last = moment


def end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def drain(pipe: BinaryIO, take: Callable[[str], None]) -> None:
    """Read a pipe to its end: an unread one blocks ffmpeg for ever."""
    with suppress(ValueError):
        for line in pipe:
            take(line.decode("utf-8", "replace").strip()[:500])


def reporter(progress: Callable[[float], None] | None) -> Callable[[str], None]:
    def take(line: str) -> None:
        name, _, value = line.partition("=")
        if progress and name == "out_time_us" and value.lstrip("-").isdigit():
            progress(int(value) / 1_000_000)

    return take


def last_words(said: deque[str]) -> str:
    return "; ".join(ADDRESS.sub("", line) for line in list(said)[-3:] if line)[-400:]


def ask(command: list[str], timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    """Run a command that answers on its output and writes no file."""
    try:
        return subprocess.run(
            guarded(command, 0, timeout_s),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise MediaError(f"{command[0]} took longer than {timeout_s:.0f} s") from None


def probe(path: Path, timeout_s: float = 30.0, *, is_photo: bool = False) -> dict[str, Any]:
    """What ffprobe reads of a file: `format` and `streams`; of a photo `frames` as well, whose tags are Exif.

    Raises MediaError for what is no media.
    """
    command = [
        "ffprobe", "-v", "error", "-hide_banner", "-print_format", "json", "-show_format", "-show_streams",
        *(("-show_entries", "frame_tags", "-read_intervals", "%+#1") if is_photo else ()),
        "-protocol_whitelist", "file,pipe", f"file:{path}",
    ]  # fmt: skip
    done = ask(command, timeout_s)
    errors = deque(done.stderr.decode("utf-8", "replace").splitlines(), maxlen=40)
    try:
        read: dict[str, Any] = json.loads(done.stdout or b"{}")
    except ValueError:
        read = {}
    if done.returncode != 0 or not read.get("streams"):
        raise MediaError(last_words(errors).replace(f"file:{path}: ", "") or "no stream found")
    return read


def extract_stream(path: Path, index: int, limit: int, timeout_s: float = 30.0) -> bytes:
    """The raw packets of one data stream, at most `limit` bytes (a camera's telemetry)."""
    command = [
        "ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}",
        "-map", f"0:{index}", "-c", "copy", "-fs", str(limit), "-f", "data", "pipe:1",
    ]  # fmt: skip
    return ask(command, timeout_s).stdout


def version() -> str:
    """The first line of `ffmpeg -version`, kept with every rendition; a newer program is noticed."""
    program = Path(shutil.which("ffmpeg") or "ffmpeg")
    with suppress(OSError):
        seen = program.stat()
        return version_of(program, seen.st_ino, seen.st_mtime_ns)
    return version_of(program, 0, 0)


@lru_cache(maxsize=1)
def version_of(program: Path, inode: int, mtime_ns: int) -> str:
    del inode, mtime_ns
    done = subprocess.run([program, "-version"], capture_output=True, check=True, timeout=10)
    return done.stdout.decode().splitlines()[0]
