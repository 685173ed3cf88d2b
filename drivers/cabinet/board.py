"""What every cabinet's board can be asked, whatever it speaks; what it cannot tell is None."""

from dataclasses import dataclass
from threading import Event
from typing import Protocol

from gateway.device import Light


@dataclass(frozen=True, slots=True, kw_only=True)
class BayReading:
    """One bay as the board sees it."""

    occupied: bool | None = None
    battery: int | None = None
    """Per cent of what lies in it."""
    closed: bool | None = None
    locked: bool | None = None
    alarms: tuple[str, ...] = ()
    """`over_current`, `forced`, `error_N`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The board now."""

    bays: dict[int, BayReading]
    alarms: tuple[str, ...] = ()
    """`mains`, `temperature`, `tamper`, `fan`, `lock_supply`."""
    badge: str | None = None
    """The oldest badge that was not acknowledged, as hexadecimal digits."""
    badge_seq: int = 0
    restarted: bool = False
    """It lost what it was told: lights and watchdog have to be told again."""


class Board(Protocol):
    """One board on one line, used by one thread."""

    def open(self) -> None:
        """Raises DeviceUnavailable("cabinet.no_port" or "cabinet.silent"), Refused("cabinet.other_map")."""

    def close(self) -> None:
        """Harmless when it is closed already."""

    def look(self) -> Snapshot | None:
        """The board as it is; None if nothing has changed. Raises DeviceUnavailable."""

    def acknowledge(self, badge_seq: int) -> None:
        """The badge is stored: the board may forget it."""

    def unlock(self, bay: int, stop: Event) -> None:
        """Open one lock, asked for once and never again: whether it did is read from the lock itself.

        Raises Refused("lock.no_effect", "lock.no_such_bay", or "lock.not_known" if we are asked to end before
        that is told), DeviceUnavailable if it was never asked.
        """

    def show(self, bay: int, light: Light) -> None:
        """Nothing where the board has no lights."""
