"""Badge readers and scanners: bytes in, one code for each time it is shown (devices 2.2, 2.3)."""

import re
from functools import reduce
from operator import xor
from typing import Protocol

STX, ETX = 0x02, 0x03
HEX12 = re.compile(rb"^[0-9A-Fa-f]{12}$")
LONGEST = 256
PAUSE_S = 0.15


class Framer(Protocol):
    """Cuts a stream of bytes into codes."""

    def feed(self, content: bytes, now: float) -> list[str]:
        """Codes that are whole now; `content` may be empty when only time has passed."""


class Rdm6300:
    """STX, ten hexadecimal digits, two of their XOR, ETX; some send the twelve digits bare."""

    def __init__(self) -> None:
        self.seen = b""
        self.last = 0.0
        self.bad = 0
        """Frames whose checksum was wrong: a reader that counts many has a bad cable."""

    def feed(self, content: bytes, now: float) -> list[str]:
        found = []
        self.seen += content
        if content:
            self.last = now
        while (start := self.seen.find(STX)) >= 0 and len(self.seen) >= start + 14:
            frame = self.seen[start + 1 : start + 13]
            if self.seen[start + 13] == ETX and HEX12.match(frame):
                found += self.checked(frame)
                self.seen = self.seen[start + 14 :]
            else:
                self.seen = self.seen[start + 1 :]  # noise: begin again at the next STX
        if STX not in self.seen and now - self.last > PAUSE_S:
            bare = self.seen.strip()
            if HEX12.match(bare):
                found += self.checked(bare)
            self.seen = b""
        self.seen = self.seen[-LONGEST:]
        return found

    def checked(self, digits: bytes) -> list[str]:
        value = bytes.fromhex(digits.decode())
        if reduce(xor, value[:5]) != value[5]:
            self.bad += 1
            return []
        return [value[:5].hex().upper()]


class Lines:
    """Printable text up to CR, LF or a pause, as scanners in serial mode send it."""

    def __init__(self) -> None:
        self.seen = b""
        self.last = 0.0

    def feed(self, content: bytes, now: float) -> list[str]:
        if content:
            self.last = now
        self.seen = (self.seen + content)[-LONGEST * 4 :]
        *whole, self.seen = re.split(rb"[\r\n]+", self.seen)
        if self.seen and now - self.last > PAUSE_S:
            whole.append(self.seen)
            self.seen = b""
        return [code for line in whole if (code := readable(line))]


class Once:
    """A badge is repeated every 50 ms while it lies on the reader: it counts once until it was away."""

    def __init__(self, away_s: float) -> None:
        self.away_s = away_s
        self.seen: dict[str, float] = {}

    def is_new(self, code: str, now: float) -> bool:
        before = self.seen.get(code)
        self.seen = {one: at for one, at in self.seen.items() if now - at <= self.away_s} | {code: now}
        return before is None or now - before > self.away_s


def readable(line: bytes) -> str:
    """A code's text, of a length that a person could have made; empty for anything else."""
    text = "".join(char for char in line.decode("utf-8", "replace") if char.isprintable()).strip()
    return text if len(text) <= LONGEST and "\ufffd" not in text else ""
