"""Asks the index of either database: which clips have all the terms, the newest first.

SQLite's keeps its lists in the order of the clips and stops when it has enough. PostgreSQL's has no order and
finds all there are before it sorts: it is asked for the newest few thousand clips first, and for all of them
only once that was too few, for then they are not many.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from gateway.indexing import marks
from gateway.indexing.terms import Term
from gateway.search.wanted import Question

FIRST, LATER = 100, 1000
"""Rows of one question."""
STRETCHES = (2, 8, 32)
"""Blocks of clips, from the newest on; then all that are left."""
COLUMNS = "s.number, s.clip_id, s.own, s.of_cases"

Row = Any
"""number, clip_id, own, of_cases"""


def candidates(session: Session, asked: Question, below: int | None) -> Iterator[Row]:
    """What has the terms, before the clip of that number; the newest first."""
    if not asked.terms:
        return batches(session, ALL, {}, below)
    if session.get_bind().dialect.name == "sqlite":
        return batches(session, SQLITE, {"terms": for_sqlite(asked)}, below)
    return chain.from_iterable(
        batches(session, POSTGRESQL, {"terms": for_postgresql(one), "least": least}, most)
        for one, least, most in stretches(session, asked, below)
    )


ALL = f"SELECT {COLUMNS} FROM clipsearch s WHERE s.number < :below ORDER BY s.number DESC LIMIT :count"  # noqa: S608
SQLITE = (
    f"SELECT {COLUMNS} FROM clipterms JOIN clipsearch s ON s.number = clipterms.rowid"  # noqa: S608
    " WHERE clipterms MATCH :terms AND clipterms.rowid < :below ORDER BY clipterms.rowid DESC LIMIT :count"
)
# MATERIALIZED: or it might walk down all clips by their numbers, in the hope of meeting some soon
POSTGRESQL = (
    "WITH hit AS MATERIALIZED (SELECT number, clip_id, own, of_cases FROM clipsearch"
    " WHERE array_to_tsvector(string_to_array(terms, ' ')) @@ CAST(:terms AS tsquery))"
    " SELECT s.number, s.clip_id, s.own, s.of_cases FROM hit s WHERE s.number < :below AND s.number >= :least"
    " ORDER BY s.number DESC LIMIT :count"
)


def batches(session: Session, statement: str, given: dict[str, Any], below: int | None) -> Iterator[Row]:
    at, count = below if below is not None else 2**62, FIRST
    while True:
        rows = session.execute(READ[statement], {**given, "below": at, "count": count}).all()
        yield from rows
        if len(rows) < count:
            return
        at, count = rows[-1].number, LATER


def stretches(session: Session, asked: Question, below: int | None) -> Iterator[tuple[Question, int, int]]:
    """(question, from which number on, up to which)"""
    most = session.execute(text("SELECT max(number) FROM clipsearch")).scalar() or 0
    most = most + 1 if below is None else below
    for count in STRETCHES:
        least = max(0, ((most - 1) // marks.BLOCK - count + 1) * marks.BLOCK)
        yield asked.also(marks.blocks(least, most - 1)), least, most
        most = least
        if not least:
            return
    yield asked, 0, most


def for_sqlite(asked: Question) -> str:
    def said(term: Term) -> str:
        return f'"{term.text}"' + "*" * term.is_beginning

    return " AND ".join(f"({' OR '.join(map(said, either))})" for either in asked.terms)


def for_postgresql(asked: Question) -> str:
    def said(term: Term) -> str:
        return f"'{term.text}'" + ":*" * term.is_beginning

    return " & ".join(f"({' | '.join(map(said, either))})" for either in asked.terms)


def reading(statement: str) -> Any:
    from gateway.models import ClipSearch

    return text(statement).columns(of_cases=ClipSearch.__table__.c.of_cases.type)  # type: ignore[attr-defined]


READ = {one: reading(one) for one in (ALL, SQLITE, POSTGRESQL)}
