"""Who guesses passwords has to wait, longer each time; kept in the database, for all processes."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, col

from gateway.models import FailedSignIns, now

FREE = 5
"""So many wrong passwords cost nothing."""
FIRST = timedelta(seconds=10)
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(days=1)


def wait_after(failures: int) -> timedelta:
    """How long the next try has to wait: doubles with each failure."""
    if failures < FREE:
        return timedelta()
    doublings = min(failures - FREE, 16)
    return min(LONGEST, FIRST * (1 << doublings))


def tries_of(session: Session, name: str, address: str) -> FailedSignIns:
    """What is known of this name from this address, locked: guesses made at once are counted one by one."""
    name, address = name[:100], address[:100]
    if session.get_bind().dialect.name == "postgresql":
        begun = postgresql.insert(FailedSignIns).values(name=name, address=address, failures=0, last_at=now())
        session.execute(begun.on_conflict_do_nothing())
    found = session.get(FailedSignIns, (name, address), with_for_update=True)
    return found or FailedSignIns(name=name, address=address)


def left_to_wait(tries: FailedSignIns, at: datetime) -> timedelta:
    """Never more than the wait itself, wherever our clock was set meanwhile."""
    wait = wait_after(tries.failures)
    return min(wait, max(timedelta(), tries.last_at + wait - at))


def note_failure(session: Session, tries: FailedSignIns, at: datetime) -> None:
    tries.failures, tries.last_at = tries.failures + 1, at
    session.add(tries)
    session.execute(delete(FailedSignIns).where(col(FailedSignIns.last_at) < at - FORGOTTEN))


def note_success(session: Session, tries: FailedSignIns) -> None:
    if tries in session:
        session.delete(tries)
