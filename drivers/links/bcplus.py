"""Recorders that speak "BC+" lines over vendor bulk endpoints (devices 1.2b).

The commands and the misspelt "Sucess" are as public code has them; the end of a line is not: we send CR LF
and take what comes up to a line end or a pause.
"""

from datetime import datetime
from typing import Protocol

from drivers.links.recorder import Identity, number_in
from gateway.device import DeviceUnavailable, Refused


class Lines(Protocol):
    """The wire: one line there, one back."""

    def ask(self, line: bytes, timeout_s: float) -> bytes:
        """Raises DeviceUnavailable("recorder.no_answer")."""


class BcPlusLink:
    """Writing needs a login; it is made once for each plugging."""

    def __init__(self, wire: Lines) -> None:
        self.wire = wire
        self.logged_in = False

    def connect(self) -> None:
        self.id_code()

    def id_code(self) -> str:
        return self.ask("GBIDCODE?")

    def identity(self, password: str) -> Identity:
        self.login(password)
        parts = [part.strip() for part in self.ask("USER?").split(",")]
        if len(parts) != 5:
            raise Refused("recorder.bad_record", size=len(parts))
        return Identity(*parts)

    def write_identity(self, identity: Identity, password: str) -> None:
        raise Refused("recorder.not_offered", officer=identity.officer_no, login=bool(password))

    def clock(self) -> datetime | None:
        return parsed(self.ask("SYSTIME?"))

    def set_clock(self, moment: datetime, password: str) -> None:
        self.login(password)
        self.ask(f"SYSTIME={moment:%Y%m%d%H%M%S}")

    def storage_mode(self, password: str) -> None:
        self.login(password)
        # it may leave the bus before it answers: whether it obeyed shows by its coming back
        try:
            self.ask("UDISKEN=1")
        except DeviceUnavailable:
            return

    def resolution(self) -> tuple[int, int]:
        width, height, *_ = self.ask("MVEINFO?").split(",")
        return int(width), int(height)

    def battery(self) -> int:
        return number_in(self.ask("BATVAL?"))

    def close(self) -> None:
        """Nothing is held open between two questions."""

    def login(self, password: str) -> None:
        """Raises Refused("recorder.wrong_password")."""
        if not self.logged_in and not self.ask(f"LOGIN=admin:{password}").lower().startswith("suc"):
            raise Refused("recorder.wrong_password")
        self.logged_in = True

    def ask(self, what: str, timeout_s: float = 2.0) -> str:
        """What stands behind `+NAME:`. The line itself is never logged: it may hold a password."""
        name = what.rstrip("?").partition("=")[0]
        answer = self.wire.ask(f"BC+{what}\r\n".encode("gbk", "replace"), timeout_s)
        said = answer.decode("gbk", "replace").strip("\r\n\0 ")
        if not said.startswith(f"+{name}:"):
            raise DeviceUnavailable("recorder.no_answer", call=name)
        return said.partition(":")[2].strip()


def parsed(said: str) -> datetime | None:
    """YYYYMMDDhhmmss, whatever follows it; None for what is no time."""
    try:
        read = datetime.strptime(said[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return read if read.year > 1900 else None
