"""The database: engine, pragmas, sessions that read and sessions that write."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Select, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlmodel import Session

import gateway.models  # noqa: F401  (the tables must be known before a session maps them)
from gateway import indexing
from gateway.writers import Turn, Writers

BUSY_S = 30
CONNECT_S = 10
"""A server whose packets are lost would be waited for two minutes."""
PRAGMAS = (f"busy_timeout={BUSY_S * 1000}", "synchronous=FULL", "foreign_keys=ON")


class Database:
    """One engine; `read()` for looking, `write()` for one transaction that changes something."""

    def __init__(self, url: str | URL, pool_size: int = 10) -> None:
        parsed = make_url(url)
        self.writers: Writers | None = None
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(parsed, pool_size=pool_size, connect_args={"timeout": BUSY_S})
            event.listen(self.engine, "connect", prepare_sqlite)
            event.listen(self.engine, "begin", begin_sqlite)
            self.writers = Writers(parsed.database, BUSY_S)
        else:
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            if "connect_timeout" not in parsed.query:
                parsed = parsed.update_query_dict({"connect_timeout": str(CONNECT_S)})
            self.engine = create_engine(parsed, pool_size=pool_size, pool_pre_ping=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, first: bool = False) -> Iterator[Session]:
        """Commits at the end, rolls back if the block raises; clips are found by what it says of them.

        `first`: somebody stands there and waits for it; in SQLite it comes before what does not hurry.
        """
        with (
            self.turn(first=first) as engine,
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            indexing.follow(session)
            yield session

    @contextmanager
    def turn(self, *, first: bool) -> Iterator[Engine]:
        """PostgreSQL locks rows; SQLite has one writer at a time."""
        if self.writers is None:
            yield self.engine
            return
        turn = Turn(self.writers, first=first)
        try:
            yield self.engine.execution_options(writes=turn)
        finally:
            turn.end()

    def close(self) -> None:
        self.engine.dispose()
        if self.writers:
            self.writers.close()


def columns(*wanted: Any) -> Select[Any]:
    """A query for values instead of objects: making objects is most of what a large reading costs."""
    return select(*wanted)


def prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: its deferred BEGIN loses concurrent writes.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    use_wal(connection)


def use_wal(connection: Any) -> None:
    """Once in a database's life; SQLite does not wait for another process that is just doing the same."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    if isinstance(writes, Turn):
        writes.begin(connection)
    else:  # a migration waits as SQLite has it: nobody writes before it is done
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
