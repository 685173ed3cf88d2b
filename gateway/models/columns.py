"""Column types and key makers that every table shares."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from inspect import Signature
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from uuid_utils import uuid7

T = TypeVar("T")

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


Json: Any = JSON(none_as_null=True)
"""JSON in which nothing is NULL, not the text `null`."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware on the way in, UTC on the way out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if dialect.name == "sqlite" else moment.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None] | None:
        """SQLite's text is read in one step: a board reads tens of thousands of instants."""
        if dialect.name == "sqlite":
            return instant_of
        return super().result_processor(dialect, coltype)


def instant_of(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(f"{written}+00:00")


def words(kinds: type[StrEnum]) -> Any:
    """A column of fixed words: text on both databases, so that a new word needs no type change."""
    return Enum(kinds, native_enum=False, length=16)


def fills(make: Callable[[], T]) -> Callable[[], T]:
    """Makes what stands in a column that nobody filled.

    For each row that is made pydantic asks anew what such a maker takes: 50 µs, and 190 of `list` itself,
    whose signature it reads as text. One that says it (PEP 362) is asked in two.
    """
    make.__signature__ = Signature()  # type: ignore[attr-defined]
    return make


@fills
def new_id() -> str:
    """A UUIDv7 as 32 hexadecimal digits: sorts by the time it was made."""
    return uuid7().hex


@fills
def now() -> datetime:
    return datetime.now(UTC)


@fills
def no_items() -> list[Any]:
    return []


@fills
def no_entries() -> dict[str, Any]:
    return {}
