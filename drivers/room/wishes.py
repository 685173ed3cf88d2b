"""When a room was to be recorded, and what of that was not: gaps with their cause."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from drivers.room.takes import Take
from gateway.store.durable import write_whole

log = logging.getLogger(__name__)

START = timedelta(seconds=10)
"""From the order to the first picture: opening a stream takes a few seconds, and is no gap."""
ASKED = "asked"
LOST = "source_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """From `since` to `until` or until it was stopped. Without `since`: nothing was ever asked for."""

    since: datetime | None = None
    until: datetime | None = None
    stopped: datetime | None = None
    settled: bool = False
    """Its gaps are told."""

    @property
    def end(self) -> datetime | None:
        known = [one for one in (self.until, self.stopped) if one is not None]
        return min(known, default=None)

    def holds(self, at: datetime) -> bool:
        return self.since is not None and (self.end is None or self.end > at)

    def is_due(self, at: datetime) -> bool:
        """It is over, and nobody has told yet what of it was not recorded."""
        return self.since is not None and not self.settled and not self.holds(at)

    def started(self, at: datetime, until: datetime | None) -> "Wish":
        """Asked for, or asked for longer."""
        return Wish(since=self.since if self.holds(at) else at, until=until)

    def told(self) -> dict[str, object]:
        times = {"since": self.since, "until": self.until, "stopped": self.stopped}
        kept = {name: time.isoformat() if time else None for name, time in times.items()}
        return {**kept, "settled": self.settled}


class Wishes:
    """The last wish, on disk: a gateway that was killed in the middle of a hearing goes on recording it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = Wish()

    def read(self) -> Wish:
        """What cannot be read just now is as it was: nobody's hearing ends by that."""
        try:
            told = json.loads(self.path.read_text())
            times = {
                name: datetime.fromisoformat(told[name])
                for name in ("since", "until", "stopped")
                if told.get(name)
            }
            self.last = Wish(**times, settled=bool(told.get("settled")))
        except FileNotFoundError:
            self.last = Wish()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("%s: %s", self.path, error)
        return self.last

    def keep(self, wish: Wish) -> None:
        """Raises OSError."""
        write_whole(self.path, json.dumps(wish.told()).encode())
        self.last = wish

    def settle(self, wish: Wish) -> None:
        """Its gaps were told. Raises OSError."""
        self.keep(replace(wish, settled=True))


@dataclass(frozen=True, slots=True)
class Gap:
    key: str
    """Tells it again as the same gap."""
    start: datetime
    end: datetime
    cause: str
    take: Take | None = None
    """The take that it follows."""


def gaps_of(takes: Sequence[Take], wish: Wish | None, *, until: datetime | None = None) -> Iterator[Gap]:
    """What was wanted and not recorded; `takes` in order of time, the last one may still run.

    `wish` None: it is always recorded. `until`: it is over, and what is missing at its end is told, too.
    """
    runs = takes[-1:] if until is None else ()
    here = [take for take in takes if take.end is not None or (take.start is not None and take in runs)]
    if wish is not None and wish.since is not None:
        since = wish.since
        here = [take for take in here if take.start is not None and take.start >= since - START]
        first = here[0].start if here else until
        if first is not None and first - since > START:
            yield Gap(f"since-{since.isoformat()}", since, first, LOST)
    for take, following in pairwise(here):
        if is_open(take) and take.end is not None and following.start is not None:
            yield Gap(take.id, take.end, following.start, take.cause, take)
    if until is not None and here and is_open(here[-1]) and here[-1].end is not None:
        yield Gap(here[-1].id, here[-1].end, until, here[-1].cause, here[-1])


def is_open(take: Take) -> bool:
    """A take that was asked to end leaves no gap."""
    return not take.gap_told and take.cause != ASKED
