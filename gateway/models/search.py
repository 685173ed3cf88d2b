"""How clips are found: the words of each, who keeps which search; and what was done to many at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, no_items, now


class ClipSearch(SQLModel, table=True):
    """What one clip is found by: derived, and made anew from the facts at any time; no evidence."""

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    """In the order in which clips came: lists are read by it, the newest first."""
    clip_id: str = Field(foreign_key="clip.id", unique=True)
    own: str = ""
    """Its own words, as they are compared."""
    of_cases: list[list[str | None]] = Field(default_factory=no_items, sa_type=Json)
    """Unit and words of each case it stands linked to: who may not see the case does not find it by them."""
    terms: str = ""
    """What the index has of it, one space between two."""


class SearchDue(SQLModel, table=True):
    """A fact of many clips changed: the words of those that are left are made anew in the background."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    """`case`, `officer`, `device`; `all`: nothing has been made yet."""
    ref: str = ""
    cursor: str = ""
    """The last clip that was made."""
    written_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SavedSearch(SQLModel, table=True):
    """A search that somebody keeps for himself."""

    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="account.id")
    name: str
    query: str
    """As it stands in the address."""
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class BulkAction(SQLModel, table=True):
    """What somebody did to many clips at once. What changed is in each clip's own chain; this groups it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="account.id", index=True)
    given: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    """`labels`, or `case`; and `why`."""
    undoes: str | None = Field(default=None, foreign_key="bulkaction.id", unique=True)
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class BulkItem(SQLModel, table=True):
    """What became of one clip of them."""

    id: str = Field(default_factory=new_id, primary_key=True)
    action_id: str = Field(foreign_key="bulkaction.id", index=True)
    clip_id: str = Field(foreign_key="clip.id")
    refused: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Why it was not done; none: it was."""
    before: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Its labels, as far as they were changed."""
    link_id: str | None = None
