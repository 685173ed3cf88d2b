"""A live picture as HLS in a folder: one ffmpeg per source, as long as somebody asks for it again and again.

The stream is copied, not encoded: H.264 plays everywhere, H.265 where the browser can. Segments begin at the
source's key pictures; for a short delay it should send one each second (devices 5).
"""

import logging
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

from gateway.device import DeviceUnavailable, OrderResult, Refused
from gateway.ffmpeg import drain, end_group, last_words
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

HELD_S = 30.0
"""Whoever wants the picture says so again within this time."""
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 15.0
END_S = 2.0
FIRST_PICTURE_S = 20.0
PLAYLIST = "index.m3u8"
KEPT = 8


def command(source: list[str], folder: Path, run: int) -> list[str]:
    """`run` tells the files of one run from those of the one before, which players may still hold."""
    return [
        "setpriv", "--pdeathsig", "KILL", "prlimit", "--core=0",
        "ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y", *source,
        "-map", "0:v:0", "-map", "0:a:0?", "-c:v", "copy", "-c:a", "aac", "-b:a", "48k",
        "-f", "hls", "-hls_time", "1", "-hls_list_size", str(KEPT), "-hls_delete_threshold", str(KEPT),
        "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"{run}.mp4",
        "-hls_segment_filename", f"{folder}/{run}-%06d.m4s", "-start_number", str(run),
        "-hls_flags", "delete_segments+program_date_time+independent_segments+omit_endlist+temp_file",
        f"{folder}/{PLAYLIST}",
    ]  # fmt: skip


class Feed:
    """Begun by the first `hold`, ended by `drop` or when nobody holds it any more. Thread-safe."""

    def __init__(self, name: str, source: Callable[[], list[str]], stall_s: float) -> None:
        """`source` gives ffmpeg's arguments for its input; it may wait, and may raise Refused or
        DeviceUnavailable.
        """
        self.name, self.source, self.stall_s = name, source, stall_s
        self.until = 0.0
        self.why: Reason | None = None
        """Why there is no picture, as far as is known."""
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()
        self.ending = Event()

    def hold(self, folder: Path, stop: Event) -> OrderResult:
        """Go on for another while; the result tells why there is no picture. Raises Refused."""
        with self.lock:
            self.until = time.monotonic() + HELD_S
            if self.thread is not None and self.thread.is_alive() and not self.ending.is_set():
                return told(self.why)
            if self.thread is not None:
                self.thread.join(END_S)
                if self.thread.is_alive():  # it still waits for its camera; what it clears must not be ours
                    return told(reason("live.ended"))
            clear(folder)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Refused("live.no_folder", error=error.strerror) from error
            self.ending, self.why = Event(), None
            self.thread = threading.Thread(
                target=self.keep, args=(folder, stop, self.ending), name=f"live {self.name}", daemon=True
            )
            self.thread.start()
            return told(None)

    def drop(self) -> None:
        self.ending.set()

    def keep(self, folder: Path, stop: Event, ending: Event) -> None:
        """Fetch the stream, and fetch it again when it breaks."""
        wait = FIRST_WAIT_S
        log.info("%s: live picture on", self.name)

        def is_over() -> bool:
            return stop.is_set() or ending.is_set() or time.monotonic() > self.until

        while not is_over():
            began = time.monotonic()
            try:
                self.why = self.fetch(folder, is_over)
            except (Refused, DeviceUnavailable) as no:
                self.why = no.reason
            if is_over():
                break
            log.info("%s: %s", self.name, sentence(self.why, "en"))
            wait = (
                FIRST_WAIT_S if time.monotonic() - began > LONGEST_WAIT_S else min(wait * 2, LONGEST_WAIT_S)
            )
            again = time.monotonic() + wait
            while time.monotonic() < again and not is_over():
                time.sleep(0.1)
        clear(folder)
        log.info("%s: live picture off", self.name)

    def fetch(self, folder: Path, is_over: Callable[[], bool]) -> Reason:
        """One ffmpeg, until it ends, stands still, or nobody wants it; why there is no more."""
        said: deque[str] = deque(maxlen=40)
        run = int(time.time())
        try:
            process = subprocess.Popen(
                command(self.source(), folder, run), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return reason("live.broken_off", error=error.strerror)
        assert process.stderr
        reader = threading.Thread(target=drain, args=(process.stderr, said.append), daemon=True)
        reader.start()
        try:
            moved, begun = time.monotonic(), written(folder)  # the one before left its playlist
            before = begun
            while process.poll() is None and not is_over():
                time.sleep(0.1)
                now = written(folder)
                if now != before:
                    self.why = None
                    moved, before = time.monotonic(), now
                patience = max(self.stall_s, FIRST_PICTURE_S) if before == begun else self.stall_s
                if time.monotonic() - moved > patience:
                    return reason("live.still")
        finally:
            end_group(process)
            reader.join(1)
            process.stderr.close()
        words = last_words(deque(line for line in said if "://" not in line))
        return reason("live.broken_off", error=words) if words else reason("live.ended")


def told(why: Reason | None) -> OrderResult:
    return OrderResult(done=why is None, detail={} if why is None else {"reason": why})


def written(folder: Path) -> int:
    """When the playlist was last written, in nanoseconds; 0 as long as there is none."""
    try:
        return (folder / PLAYLIST).stat().st_mtime_ns
    except OSError:
        return 0


def clear(folder: Path) -> None:
    """Nothing old is ever shown for live."""
    with suppress(OSError):
        shutil.rmtree(folder)
