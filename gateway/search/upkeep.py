"""What is made findable apart from the transaction that changed it: many clips of one fact, or all."""

import logging
from collections.abc import Callable

from sqlalchemy import delete, insert, select, text
from sqlmodel import Session, col

from gateway.database import Database
from gateway.indexing.making import OF, PAGE, pages, step, stored, words_of
from gateway.models import Clip, ClipSearch, SearchDue

log = logging.getLogger(__name__)


def drain(database: Database, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Work off what is due, some hundred clips in a transaction; how many transactions it took."""
    rounds = 0
    while not is_stopping():
        with database.read() as session:
            if session.execute(select(col(SearchDue.id)).limit(1)).first() is None:
                return rounds
        with database.write() as session:
            first = select(SearchDue).where(col(SearchDue.kind).in_(OF)).order_by(col(SearchDue.id)).limit(1)
            row = session.execute(first.with_for_update(skip_locked=True)).scalars().first()
            if row is None:
                return rounds
            last = step(session, row.kind, row.ref, row.cursor, PAGE)
            if last is None:
                session.delete(row)
            else:
                row.cursor = last
        rounds += 1
    return rounds


def is_due(session: Session) -> bool:
    """Clips are in the database of which nothing was made yet."""
    return session.execute(select(col(SearchDue.id)).where(col(SearchDue.kind) == "all")).first() is not None


INDEX = {
    False: (
        "DROP INDEX IF EXISTS ix_clipsearch_terms",
        "CREATE INDEX ix_clipsearch_terms ON clipsearch"
        " USING gin (array_to_tsvector(string_to_array(terms, ' ')))",
    ),
    True: ("", "INSERT INTO clipterms(clipterms) VALUES ('rebuild')"),
}
"""Without the index it is filled in a fraction of the time; by whether it is SQLite."""


def rebuild(database: Database, *, if_due: bool = False) -> int:
    """Make all anew, in one transaction; how many clips there are. `if_due`: unless it is made."""
    before, after = INDEX[database.is_sqlite]
    count = 0
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE clipsearch IN ACCESS EXCLUSIVE MODE"))
        if if_due and not is_due(session):  # another process was first
            return 0
        triggers = taken_off(session) if database.is_sqlite else []
        if before:
            session.execute(text(before))
        session.execute(delete(ClipSearch))
        session.execute(delete(SearchDue))
        clips = list(session.execute(select(col(Clip.id)).order_by(col(Clip.id))).scalars())
        for some in pages(clips):
            found = words_of(session, some)
            rows = [stored(count + place, *one) for place, one in enumerate(found, 1)]
            session.execute(insert(ClipSearch), rows)
            count += len(rows)
            if count % (100 * PAGE) < len(rows):
                log.info("clips made findable: %d of %d", count, len(clips))
        for statement in (*triggers, after, *([] if database.is_sqlite else [SEQUENCE])):
            session.execute(text(statement))
    return count


SEQUENCE = (
    "SELECT setval(pg_get_serial_sequence('clipsearch', 'number'), coalesce(max(number), 0) + 1)"
    " FROM clipsearch"
)


def taken_off(session: Session) -> list[str]:
    """The triggers that keep SQLite's index; what makes them again."""
    of = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'clipsearch'"
    triggers = session.execute(text(of)).all()
    for name, _ in triggers:
        session.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _, sql in triggers]
