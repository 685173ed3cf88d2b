"""The eight calls that every public recorder interface implements, and the identity record they carry.

GA/T 947.4-2015 itself was not readable; five public code bases agree on these calls (devices 1.1).
"""

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Protocol

from gateway.device import Refused

WIDTHS = (7, 6, 32, 12, 32)
"""Bytes of serial, officer number and name, unit number and name: 89, or 94 with a NUL after each."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a recorder says of itself and of the officer it was set up for (`ZFY_INFO`)."""

    serial: str
    officer_no: str
    """警号: six characters, a hard limit of the record."""
    officer_name: str
    unit_no: str
    unit_name: str


class RecorderLink(Protocol):
    """One plugged recorder. Every call raises DeviceUnavailable when it does not answer in time."""

    def connect(self) -> None:
        """Begin to talk (Init_Device)."""

    def id_code(self) -> str:
        """Maker's and model's code, five or six characters (GetIDCode)."""

    def identity(self, password: str) -> Identity:
        """Raises Refused("recorder.wrong_password") (GetZFYInfo)."""

    def write_identity(self, identity: Identity, password: str) -> None:
        """WriteZFYInfo."""

    def clock(self) -> datetime | None:
        """The recorder's own time: naive where it tells its local time, aware where it tells an instant;
        None where the interface cannot read it.
        """

    def set_clock(self, moment: datetime, password: str) -> None:
        """To an aware time in the recorder's own zone, only after `clock` was read and stored: the offset is
        evidence (SyncDevTime).
        """

    def storage_mode(self, password: str) -> None:
        """Show the card; the recorder then leaves the bus and comes back on the same port (SetMSDC).

        Raises Refused("recorder.no_card").
        """

    def resolution(self) -> tuple[int, int]:
        """Width and height in pixels (ReadDeviceResolution)."""

    def battery(self) -> int:
        """Per cent (ReadDeviceBatteryDumpEnergy)."""

    def close(self) -> None:
        """Let go of the wire; nothing more is asked."""


def decode(record: bytes) -> Identity:
    """An identity record in either layout. Raises Refused("recorder.bad_record") for another length."""
    if len(record) not in {sum(WIDTHS), sum(WIDTHS) + len(WIDTHS)}:
        raise Refused("recorder.bad_record", size=len(record))
    spare = 1 if len(record) > sum(WIDTHS) else 0
    parts, position = [], 0
    for width in WIDTHS:
        parts.append(text(record[position : position + width + spare]))
        position += width + spare
    return Identity(*parts)


def encode(identity: Identity) -> bytes:
    """89 bytes in GBK. Raises Refused("recorder.too_long") rather than cut a name or number."""
    record = b""
    for value, width in zip(astuple(identity), WIDTHS, strict=True):
        written = str(value).encode("gbk", "replace")
        if len(written) > width:
            raise Refused("recorder.too_long", value=value, width=width)
        record += written.ljust(width, b"\0")
    return record


def number_in(said: str) -> int:
    """A number as a recorder tells it; 0 for what is none."""
    said = said.rstrip("% ").strip()
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def text(field: bytes) -> str:
    """GBK as these recorders write, else UTF-8; ends at the first NUL."""
    content = field.partition(b"\0")[0]
    for encoding in ("gbk", "utf-8"):
        try:
            found = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(char for char in found if char.isprintable()).strip()
    return content.decode("ascii", "replace").strip()
