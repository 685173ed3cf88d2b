"""The one net below every loop that must not end: what falls into it is logged, and the loop goes on."""

import logging
from collections.abc import Callable


def guarded(log: logging.Logger, what: str, work: Callable[[], object]) -> bool:
    """Do some work; True if it went well. Nothing that it raises ends the thread."""
    try:
        work()
    except Exception:
        log.exception("%s failed; it is tried again", what)
        return False
    return True
