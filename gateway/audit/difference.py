"""What two of store, database and chain say otherwise, and reading what somebody may have edited."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from gateway.custody import PAGE, UNREADABLE
from gateway.database import Database


@dataclass(frozen=True, slots=True)
class Difference:
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def paged(database: Database, model: type[Any], *conditions: Any) -> Iterator[Any]:
    """The rows of a table, a short transaction for each page; `rows` names the ones that cannot be read."""
    last = ""
    while True:
        with database.read() as session:
            wanted = select(model.id).where(*conditions, col(model.id) > last)
            keys = session.exec(wanted.order_by(col(model.id)).limit(PAGE)).all()
            page = list(readable(session, model, keys).values())
        yield from page
        if len(keys) < PAGE:
            return
        last = keys[-1]


def readable(session: Session, model: type[Any], keys: Sequence[str]) -> dict[str, Any]:
    """Rows by key, without those in which somebody wrote what their columns cannot hold."""
    [key_column] = inspect(model).primary_key
    with contextlib.suppress(*UNREADABLE):
        page = session.exec(select(model).where(key_column.in_(keys)).order_by(key_column)).all()
        return {getattr(row, key_column.name): row for row in page}
    found = {}
    for key in keys:
        with contextlib.suppress(*UNREADABLE):
            found[key] = session.get_one(model, key)
    return found
