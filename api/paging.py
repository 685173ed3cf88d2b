"""Cursor pages: identifiers sort by time, so the last one seen is the cursor."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlmodel import Session, col

Out = TypeVar("Out", bound=BaseModel)


class Page(BaseModel, Generic[Out]):
    """Newest first; `next` is null on the last page."""

    items: list[Out]
    next: str | None = None


CURSOR = "^[0-9a-f]{32}$"
"""What lists are paged by whose ids the gateway makes; anything else would be an arbitrary place in them."""


class Cut(BaseModel):
    limit: int = 50
    cursor: str | None = None


def cut(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Cut:
    return Cut(limit=limit, cursor=cursor)


def cut_by_id(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(pattern=CURSOR, description="`next` of the page before")] = None,
) -> Cut:
    return Cut(limit=limit, cursor=cursor)


def page(
    session: Session,
    statement: Any,
    key: Any,
    wanted: Cut,
    shape: Callable[[Any], Out],
    cursor_of: Callable[[Any], str] = lambda row: str(row.id),
) -> Page[Out]:
    """One page of a statement, newest first by `key`, which must be what `cursor_of` reads."""
    if wanted.cursor:
        statement = statement.where(col(key) < wanted.cursor)
    rows: Sequence[Any] = session.exec(statement.order_by(col(key).desc()).limit(wanted.limit + 1)).all()
    shown = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return Page(items=[shape(row) for row in shown], next=cursor_of(shown[-1]) if more else None)


Cutting = Annotated[Cut, Depends(cut_by_id)]
CuttingByName = Annotated[Cut, Depends(cut)]
"""For lists whose ids others gave: cases, and docking sessions."""
