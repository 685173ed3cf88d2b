"""The one way to add to the chain of custody, and to check one."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from gateway.models import ChainHead, CustodyEvent, now

SITE = "site"
START = "0" * 64
GONE = "gone"
PAGE = 500

UNREADABLE = (ValueError, LookupError, TypeError)
"""What a row raises in which somebody wrote what its column cannot hold."""


def device_chain(device_id: str) -> str:
    """One chain per device, so that writers do not queue on one lock."""
    return f"device:{device_id}"


def canonical(value: Any) -> str:
    """One text for one value on every database: sorted keys, instants in UTC, bytes in hexadecimal."""
    return json.dumps(value, default=plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    return str(value)


def row_digest(row: SQLModel) -> str:
    """SHA-256 of a row's columns that hold something.

    Empty columns are left out, so that a later migration may add a nullable column
    without changing what the chain says of the rows before it.
    """
    mapper = inspect(type(row))
    values = {attribute.key: getattr(row, attribute.key) for attribute in mapper.column_attrs}
    return value_digest({key: value for key, value in values.items() if value is not None})


def value_digest(value: Any) -> str:
    return text_digest(canonical(value))


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def row_key(row: SQLModel) -> str:
    return "/".join(str(part) for part in inspect(type(row)).primary_key_from_instance(row))


def append(
    session: Session,
    chain: str,
    event: str,
    actor: str,
    subject: str,
    rows: Iterable[SQLModel] = (),
    detail: Mapping[str, Any] | None = None,
    gone: Iterable[SQLModel] = (),
) -> CustodyEvent:
    """Add one event in the caller's transaction; the chain's head stays locked until it ends.

    `gone` are rows that this transaction deletes: the chain tells that they must not be there.
    """
    head = take(session, chain)
    line = CustodyEvent(
        chain=chain,
        seq=head.count + 1,
        at=now(),
        event=event,
        actor=actor,
        subject=subject,
        rows=[
            *(
                {"table": str(row.__tablename__), "id": row_key(row), "digest": row_digest(row)}
                for row in rows
            ),
            *({"table": str(row.__tablename__), "id": row_key(row), "digest": GONE} for row in gone),
        ],
        detail=json.loads(canonical(detail or {})),
        previous=head.digest or START,
        digest="",
    )
    line.digest = line_digest(line)
    head.count, head.digest = line.seq, line.digest
    session.add_all((line, head))
    session.flush()
    return line


def take(session: Session, chain: str) -> ChainHead:
    """Lock a chain's head until the transaction ends: who writes to the same chain meanwhile waits."""
    session.flush()
    return session.exec(
        select(ChainHead).where(ChainHead.chain == chain).with_for_update()
    ).one_or_none() or first_head(session, chain)


def first_head(session: Session, chain: str) -> ChainHead:
    """Begin a chain; two that begin the same one at once queue on its row (PostgreSQL)."""
    if session.get_bind().dialect.name == "postgresql":
        session.exec(insert(ChainHead).values(chain=chain, count=0, digest="").on_conflict_do_nothing())
        return session.exec(select(ChainHead).where(ChainHead.chain == chain).with_for_update()).one()
    head = ChainHead(chain=chain)
    session.add(head)
    return head


def line_digest(line: CustodyEvent) -> str:
    return hashlib.sha256(digested(line).encode()).hexdigest()


def digested(line: CustodyEvent) -> str:
    """The text of a line of which its digest is the SHA-256."""
    return canonical({name: getattr(line, name) for name in CustodyEvent.model_fields if name != "digest"})


def head_of(session: Session, chain: str) -> tuple[int, str]:
    head = session.get(ChainHead, chain)
    return (head.count, head.digest) if head else (0, "")


def lines_of(session: Session, chain: str) -> Iterator[tuple[int, CustodyEvent | None]]:
    """(number, line) of a chain in order; None for a line in which somebody wrote what cannot be read."""
    last = -1
    while True:
        ahead = (CustodyEvent.chain == chain, col(CustodyEvent.seq) > last)
        order = col(CustodyEvent.seq)
        numbers = session.exec(select(CustodyEvent.seq).where(*ahead).order_by(order).limit(PAGE)).all()
        if not numbers:
            return
        here = (CustodyEvent.chain == chain, col(CustodyEvent.seq).between(numbers[0], numbers[-1]))
        lines: list[CustodyEvent | None]
        try:
            lines = [*session.exec(select(CustodyEvent).where(*here).order_by(order)).all()]
        except UNREADABLE:
            lines = [line_alone(session, chain, number) for number in numbers]
        yield from zip(numbers, lines, strict=True)
        session.expunge_all()
        last = numbers[-1]


def line_alone(session: Session, chain: str, number: int) -> CustodyEvent | None:
    try:
        return session.exec(
            select(CustodyEvent).where(CustodyEvent.chain == chain, CustodyEvent.seq == number)
        ).one()
    except UNREADABLE:
        return None


def breaks(session: Session, chain: str) -> Iterator[tuple[int, str]]:
    """Each place where a chain does not hold: (line number, what is wrong there)."""
    expected: int = 1
    previous: str | None = START
    for number, line in lines_of(session, chain):
        if number != expected:
            yield expected, f"missing: lines {expected} to {number - 1} are gone"
        elif line is not None and previous is not None and line.previous != previous:
            yield number, "does not follow from the line before"
        if line is None:
            yield number, "edited: cannot be read"
        elif line_digest(line) != line.digest:
            yield number, "edited: its digest does not match its content"
        expected, previous = number + 1, line.digest if line else None
    count, digest = head_of(session, chain)
    if count != expected - 1:
        yield expected, f"missing at the tail: the head counts {count} lines, {expected - 1} are here"
    elif count and previous is not None and digest != previous:
        yield count, "the head names another last line"
