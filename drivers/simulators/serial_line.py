"""The boards' end of a serial line, and what goes wrong on it; several twins may hang on one."""

import os
import queue
import select
import threading
import time
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Wire:
    """One board alone on its line."""

    handle: int
    deaf: bool = False
    lost: bool = False
    noise: bool = False
    echo: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self) -> bytes:
        ready, _, _ = select.select([self.handle], [], [], 0.05)
        if not ready:
            return b""
        try:
            content = os.read(self.handle, 512)
        except OSError:  # nobody has the other end open
            time.sleep(0.02)
            return b""
        if self.echo:
            os.write(self.handle, content)
        return content

    def write(self, content: bytes) -> None:
        if self.deaf:
            return
        if self.lost:
            self.lost = False
            return
        with suppress(OSError):  # nobody listens any more
            os.write(self.handle, (b"\x00\xff\x13" if self.noise else b"") + content)


@dataclass
class Tap(Wire):
    """One board's place on the line, with its own faults."""

    heard: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)

    def read(self) -> bytes:
        try:
            return self.heard.get(timeout=0.05)
        except queue.Empty:
            return b""


class SharedLine:
    """Each board hears what the master says; all answer on the same wire."""

    def __init__(self, handle: int, boards: int) -> None:
        self.wire = Wire(handle)
        self.taps = [Tap(handle) for _ in range(boards)]
        self.thread = threading.Thread(target=self.carry, name="shared line twin", daemon=True)
        self.thread.start()

    def carry(self) -> None:
        while not self.wire.ended.is_set():
            if content := self.wire.read():
                for tap in self.taps:
                    tap.heard.put(content)

    def stop(self) -> None:
        self.wire.ended.set()
        self.thread.join(2)


def pty_pair(link: Path | None = None) -> tuple[int, str]:
    """(the twin's end, the name of the end to open)."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    if link is not None:
        link.unlink(missing_ok=True)
        link.symlink_to(name)
    return ours, name
