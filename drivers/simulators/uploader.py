"""How the twin of a connected camera brings a file: by piece over real HTTP(S), over a line with faults."""

import http.client
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SETTLES_S = 0.05
"""What was sent is under way for a while, and a broken line is noticed there a little later than here."""


@dataclass
class Uploader:
    pki: Path | None = None
    flip: int = 0
    """So many pieces get a wrong byte on the way."""
    break_after: int = 0
    """The line breaks after so many bytes of a piece, each time."""
    broken: int = 0
    resumed: int = 0
    """Times it went on in the middle of a file."""

    def bring(self, content: bytes, url: str, chunk: int) -> bool:
        """From where the gateway says that it is; whether it said that it has the whole.

        Raises OSError or HTTPException for what is to be tried again later.
        """
        at, status = self.offset(url), 0
        self.resumed += 0 < at < len(content)
        while at < len(content):
            piece = content[at : at + chunk]
            place = f"bytes {at}-{at + len(piece) - 1}/{len(content)}"
            if 0 < self.break_after < len(piece):
                self.leave(url, piece, place)
                at = self.offset(url)
                self.resumed += 0 < at < len(content)
                continue
            if self.flip:
                self.flip -= 1
                piece = bytes([piece[0] ^ 1]) + piece[1:]
            at, status = self.say("PUT", url, piece, place)
        return status == 201

    def leave(self, url: str, piece: bytes, place: str) -> None:
        """The line breaks in the middle of a piece: without a farewell, as where a mobile network ends."""
        address = urlsplit(url)
        with closing(self.wire(address.scheme, address.netloc)) as wire:
            wire.putrequest("PUT", f"{address.path}?{address.query}")
            wire.putheader("Content-Range", place)
            wire.putheader("Content-Length", str(len(piece)))
            wire.endheaders(piece[: self.break_after])
            time.sleep(SETTLES_S)
        self.broken += 1
        time.sleep(SETTLES_S)

    def offset(self, url: str) -> int:
        at, _ = self.say("HEAD", url)
        return at

    def say(self, method: str, url: str, piece: bytes | None = None, place: str = "") -> tuple[int, int]:
        """(bytes that the gateway has, status). Raises OSError for what is to be tried again later."""
        address = urlsplit(url)
        with closing(self.wire(address.scheme, address.netloc)) as wire:
            told = {"Content-Range": place} if place else {}
            wire.request(method, f"{address.path}?{address.query}", piece, told)
            answer = wire.getresponse()
            answer.read()
            if answer.status >= 400 and answer.status != 409:
                raise OSError(answer.status, answer.reason)
            return int(answer.headers["Upload-Offset"]), answer.status

    def wire(self, scheme: str, place: str) -> http.client.HTTPConnection:
        if scheme == "http" or self.pki is None:
            return http.client.HTTPConnection(place, timeout=20)
        trusted = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        return http.client.HTTPSConnection(place, timeout=20, context=trusted)
