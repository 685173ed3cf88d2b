"""Up to when a channel was searched, and what was named and not given: no later search may pass that by."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from gateway.store.durable import write_whole

OVERLAP = timedelta(hours=2)
"""Recordings that the recorder enters late; later ones are left to the deep look."""


class Searched:
    """One channel's. Times are naive, by the recorder's own clock. Methods that change it raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.until: datetime | None = None
        """All that ended before is here, or is missing."""
        self.missing: dict[str, datetime] = {}
        """Key → when that recording begins."""

    def open(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            read = json.loads(self.path.read_text())
            until = datetime.fromisoformat(read["until"])
            self.missing = {str(key): datetime.fromisoformat(start) for key, start in read["missing"].items()}
            self.until = until

    def begin(self, at: datetime) -> None:
        """The very first search: nothing before is asked for."""
        self.until = at
        self.keep()

    def since(self, now: datetime, whole: timedelta, *, deep: bool) -> datetime:
        """Where the next search begins."""
        begins = [min(self.until or now - whole, now) - OVERLAP]
        if deep:
            begins += [now - whole, *self.missing.values()]
        return min(begins)

    def reach(self, until: datetime) -> None:
        if until != self.until:
            self.until = until
            self.keep()

    def miss(self, key: str, start: datetime) -> None:
        if key not in self.missing:
            self.missing[key] = start
            self.keep()

    def found(self, key: str) -> None:
        if self.missing.pop(key, None) is not None:
            self.keep()

    def keep(self) -> None:
        missing = {key: start.isoformat() for key, start in self.missing.items()}
        until = self.until.isoformat() if self.until else None
        write_whole(self.path, json.dumps({"until": until, "missing": missing}).encode())
