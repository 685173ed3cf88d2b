"""When a room was to be recorded."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.device import Order, Refused
from gateway.store.durable import write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """From `since` to `until` or until it was stopped."""

    since: datetime
    until: datetime | None = None
    stopped: datetime | None = None

    @property
    def end(self) -> datetime | None:
        known = [one for one in (self.until, self.stopped) if one is not None]
        return min(known, default=None)

    def holds(self, at: datetime) -> bool:
        """What was stopped never holds again, also when the clock is set back."""
        return self.stopped is None and (self.until is None or self.until > at)

    def told(self) -> dict[str, str | None]:
        times = {"since": self.since, "until": self.until, "stopped": self.stopped}
        return {name: time.isoformat() if time else None for name, time in times.items()}


Change = Callable[[list[Wish]], list[Wish]]


class Wishes:
    """The wishes of which not all is accounted for, on disk: a gateway that was killed in the middle of a
    hearing goes on recording it.

    Orders come in one thread, the recording runs in another.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: list[Wish] = []
        self.lock = threading.RLock()

    def read(self) -> list[Wish]:
        """In order of time. What cannot be read just now is as it was: nobody's hearing ends by that."""
        with self.lock:
            try:
                self.last = [wish_of(told) for told in json.loads(self.path.read_text())]
            except FileNotFoundError:
                self.last = []
            except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
                log.warning("%s: %s", self.path, error)
            return list(self.last)

    def holding(self, at: datetime) -> Wish | None:
        return next((wish for wish in self.read() if wish.holds(at)), None)

    def start(self, at: datetime, until: datetime | None) -> Wish:
        """Asked for, or asked for longer or shorter. Raises OSError."""
        with self.changing() as wishes:
            now = next((wish for wish in wishes if wish.holds(at)), None)
            new = replace(now, until=until) if now else Wish(since=at, until=until)
            wishes[:] = [*(wish for wish in wishes if wish is not now), new]
        return new

    def stop(self, at: datetime) -> Wish | None:
        """Raises OSError."""
        with self.changing() as wishes:
            now = next((wish for wish in wishes if wish.holds(at)), None)
            stopped = replace(now, stopped=at) if now else None
            wishes[:] = [stopped if wish is now and stopped else wish for wish in wishes]
        return stopped

    def forget(self, gone: Wish) -> None:
        """All of it is accounted for. Raises OSError."""
        with self.changing() as wishes:
            wishes[:] = [wish for wish in wishes if wish != gone]

    @contextmanager
    def changing(self) -> Iterator[list[Wish]]:
        with self.lock:
            wishes = self.read()
            yield wishes
            self.path.parent.mkdir(parents=True, exist_ok=True)  # an order may come before the first picture
            write_whole(self.path, json.dumps([wish.told() for wish in wishes]).encode())
            self.last = list(wishes)


def wish_of(told: dict[str, str | None]) -> Wish:
    times = {
        name: datetime.fromisoformat(written)
        for name in ("since", "until", "stopped")
        if (written := told.get(name))
    }
    return Wish(**times)


def until(order: Order) -> datetime | None:
    """Raises Refused for what is no time."""
    told = order.arguments.get("until")
    if told is None:
        return None
    try:
        read = datetime.fromisoformat(str(told))
    except ValueError:
        raise Refused("order.bad_time", told=str(told)[:40]) from None
    if read.tzinfo is None:
        raise Refused("order.bad_time", told=str(told)[:40])
    return read
