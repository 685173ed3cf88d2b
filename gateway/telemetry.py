"""What devices told while they worked, sealed: a line of custody for some minutes of it, not for each row.

500 cameras tell of sixty positions a second; a line for each would cost more than all else done for them. So
rows are written first, and every few minutes those that no seal covers yet get one: a line of the chain
`telemetry` with, for each device, how many they are and a digest of them. What is sealed is changed no more.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, inspect, update
from sqlmodel import Session, col, select

from gateway import custody
from gateway.database import Database
from gateway.models import CustodyEvent, DeviceSignal, Track

CHAIN = "telemetry"
SEALED = "TELEMETRY_SEALED"
ACTOR = "gateway"
PERIOD_S = 300.0
MOST_S = 20.0
"""The rest is for the next time: who seals has other duties."""
MOST = 2000
"""Of each kind in one seal: they are all read at once, to seal them and to check it."""

KINDS: dict[str, type[Any]] = {"signals": DeviceSignal, "tracks": Track}

Sums = dict[str, list[int | str]]
"""By device: how many rows, and the SHA-256 of their canonical texts in order, a line for each."""


def seal(database: Database) -> None:
    """Seal what is not sealed yet, some thousand rows in one transaction; of years of it a part each time."""
    until = time.monotonic() + MOST_S
    while seal_some(database) and time.monotonic() < until:
        pass


def seal_some(database: Database) -> bool:
    """Whether there may be more."""
    with database.read() as session:
        if not any(
            session.exec(select(kind).where(col(kind.seal).is_(None)).limit(1)).first()
            for kind in KINDS.values()
        ):
            return False
    with database.write() as session:
        number = custody.take(session, CHAIN).count + 1  # who seals at the same time waits here
        found: dict[str, Sums] = {}
        full = False
        for name, kind in KINDS.items():
            # what its writer is changing this moment is for the next seal
            wanted = (
                select(kind).where(col(kind.seal).is_(None)).limit(MOST).with_for_update(skip_locked=True)
            )
            rows = session.exec(wanted).all()
            found[name] = sums(rows)
            full = full or len(rows) == MOST
            cover(session, kind, rows, number)
        if any(found.values()):
            custody.append(session, CHAIN, SEALED, ACTOR, CHAIN, (), found)
    return full


def cover(session: Session, kind: type[Any], rows: Sequence[Any], number: int) -> None:
    """In one statement: to have each row watched for changes costs as much as all else here."""
    keys = inspect(kind).primary_key
    this = update(kind.__table__).where(*(key == bindparam(f"this_{key.name}") for key in keys))
    if rows:
        told = [{f"this_{key.name}": getattr(row, key.name) for key in keys} for row in rows]
        session.connection().execute(this.values(seal=number), told)


def sums(rows: Iterable[DeviceSignal | Track]) -> Sums:
    of: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        told = row.model_dump(exclude={"seal"}, exclude_none=True)
        of[row.device_id].append(custody.canonical(told))
    return {
        device: [len(texts), custody.text_digest("\n".join(sorted(texts)))]
        for device, texts in sorted(of.items())
    }


def differences(session: Session) -> Iterator[tuple[str, str]]:
    """Each device's telemetry that is not what a seal says: (where, what)."""
    for number, line in custody.lines_of(session, CHAIN):
        if line is None or line.event != SEALED:
            continue
        span = between(session, line)
        for name, kind in KINDS.items():
            try:
                here = sums(session.exec(select(kind).where(kind.seal == number)))
            except custody.UNREADABLE:
                yield f"{name} of {span}", "edited: cannot be read"
                continue
            told = told_by(line, name)
            for device in sorted(told.keys() | here.keys()):
                sealed, found = told.get(device, [0, None]), here.get(device, [0, None])
                if sealed != found:
                    what = (
                        f"{sealed[0]} were sealed, {found[0]} are here" if sealed[0] != found[0] else "edited"
                    )
                    yield f"{name} of {device}, {span}", what
        session.expunge_all()
    for name, kind in KINDS.items():
        line_of = select(CustodyEvent.seq).where(CustodyEvent.chain == CHAIN, CustodyEvent.seq == kind.seal)
        strange = select(kind.device_id).where(col(kind.seal).is_not(None), ~line_of.exists())
        for device in sorted(set(session.exec(strange))):
            yield f"{name} of {device}", "under a seal that no line of custody tells of"


def told_by(line: CustodyEvent, name: str) -> dict[str, Any]:
    """What a seal says of one kind, as far as that can be read: an edited line is told of elsewhere."""
    detail: Any = line.detail
    told = detail.get(name) if isinstance(detail, dict) else None
    entries = told.items() if isinstance(told, dict) else ()
    return {device: entry for device, entry in entries if isinstance(entry, list) and len(entry) == 2}


def between(session: Session, line: CustodyEvent) -> str:
    """The minutes that a seal covers, as whoever looks into them needs them."""
    before = select(CustodyEvent.at).where(CustodyEvent.chain == CHAIN, CustodyEvent.seq == line.seq - 1)
    since = session.exec(before).first()
    return f"sealed {line.at:%Y-%m-%d %H:%M}" + (f" after {since:%Y-%m-%d %H:%M}" if since else "")
