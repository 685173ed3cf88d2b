"""A failure that comes again and again, as of each thread while the database is away: told once a minute."""

import logging
import time

EVERY_S = 60.0
AFRESH_S = 600.0
"""What did not come for so long is told whole again: its cause may be another."""
MOST = 500
"""Failures that are remembered."""

Key = tuple[str, str, object]


class Repeats(logging.Filter):
    """Of records with a traceback, and of the job engine's: the first whole, then one line a minute.

    A night without a database wrote gigabytes, perhaps onto the disk that it was missing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[Key, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info and not (record.name.startswith("dbos") and record.levelno >= logging.WARNING):
            return True
        kind = record.exc_info[0] if record.exc_info else None
        message = text(record)
        key = record.name, message, kind
        at, left_out = self.told.get(key, (None, 0))
        now = time.monotonic()
        if at is not None and now - at >= AFRESH_S:
            at = None
        if at is not None and now - at < EVERY_S:
            self.told[key] = at, left_out + 1
            return False
        if at is not None:
            first, *_ = message.splitlines() or [""]
            record.msg, record.args = f"{first} ({left_out + 1} times since the last line)", ()
            record.exc_info = record.exc_text = None
        if len(self.told) >= MOST:
            self.told = {
                one: (when, count) for one, (when, count) in list(self.told.items()) if now - when < EVERY_S
            }
        self.told[key] = now, 0
        return True


def text(record: logging.LogRecord) -> str:
    """A line that does not fit its arguments is its handler's to complain of, not an end for who logs it."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)
