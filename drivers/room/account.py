"""Up to when it is known what was recorded of a room, and what of that was missing: gaps with their cause."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from drivers.host_clock import is_synchronised
from drivers.room.takes import RUNNING
from drivers.room.wishes import Wish
from gateway.device import SignalReceived
from gateway.instants import moment
from gateway.store.durable import write_whole

START = timedelta(seconds=10)
"""From the order to the first picture, or to the last one: opening and closing a stream is no gap."""
PIECE = timedelta(minutes=15)
"""An outage that lasts is told in pieces of this length: who asks meanwhile learns its cause."""
LONGEST = timedelta(days=1)
"""Further back the edge is from before something else than this outage, or our clock has leapt."""
ASKED = "asked"
LOST = "source_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Everything before `at` was recorded, told as a gap, or not wanted."""

    at: datetime | None = None
    """When the last picture ended; none before the first one."""
    cause: str = LOST
    """Why the recording ended there."""
    take: str = ""
    """The last take that is accounted for up to here, or only its beginning while it runs."""

    @classmethod
    def read(cls, path: Path) -> "Edge":
        try:
            told = json.loads(path.read_text())
            at = told["at"] and datetime.fromisoformat(told["at"])
            return cls(at=at, cause=str(told["cause"]), take=str(told["take"]))
        except (OSError, ValueError, TypeError, KeyError):
            return cls()

    def keep(self, path: Path) -> None:
        """Raises OSError."""
        told = asdict(self) | {"at": self.at and self.at.isoformat()}
        write_whole(path, json.dumps(told).encode())


@dataclass(frozen=True, slots=True)
class Gap:
    start: datetime
    end: datetime
    cause: str

    def told(self, device_id: str, edge: Edge) -> SignalReceived:
        seconds = round((self.end - self.start).total_seconds(), 1)
        detail = {
            "from": self.start.isoformat(), "to": self.end.isoformat(), "seconds": max(0.0, seconds),
            "cause": self.cause, "host_synchronised": is_synchronised(), "clock_set_back": seconds < 0,
        }  # fmt: skip
        return SignalReceived(
            device_id=device_id, at=moment(), kind="gap", device_time=self.start, detail=detail,
            event_id=f"gap-{edge.take}-{self.start.isoformat()}",
        )  # fmt: skip


def pieces(edge: Edge, wishes: Sequence[Wish] | None, now: datetime) -> Iterator[tuple[Edge, Gap]]:
    """Of an outage that is still going on, what is told now, and the edge after it.

    A time in which we did not run is one gap, told with the next picture. Always cut at the same moments:
    told twice, after a kill in between, it is the same gap.
    """
    if edge.at is None or edge.cause in (ASKED, RUNNING) or now - edge.at > LONGEST:
        return
    if wishes is not None and not any(wish.since <= edge.at and wish.holds(now) for wish in wishes):
        return  # nothing of it was recorded yet: told when it is over
    while now - edge.at >= PIECE:
        until = edge.at + PIECE
        gap = Gap(edge.at, until, edge.cause)
        edge = replace(edge, at=until)
        assert edge.at is not None
        yield edge, gap


def missing(edge: Edge, until: datetime, wishes: Sequence[Wish] | None) -> Iterator[Gap]:
    """What between the edge and `until` was wanted and not recorded; `wishes` None: it is always wanted."""
    if wishes is None:
        if edge.at is not None and until > edge.at:
            yield Gap(edge.at, until, edge.cause)
        return
    for wish in sorted(wishes, key=lambda wish: wish.since):
        begun_within = edge.at is not None and edge.at > wish.since
        start = edge.at if begun_within and edge.at else wish.since
        end = min(until, wish.end or until)
        no_gap = not begun_within or edge.cause == ASKED
        if end - start > (START if no_gap else timedelta()):
            yield Gap(start, end, edge.cause if begun_within and edge.cause != ASKED else LOST)
