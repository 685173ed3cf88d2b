"""Spans of time in the database: an index finds what began in one; what lasts longer has one of its own."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Index, and_, literal_column, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONG = timedelta(days=2)


class SecondsBetween(FunctionElement[float]):
    """From one instant to another, in the words of each database."""

    type = Float()
    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def by_days(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    begin, end = (compiler.process(one, **how) for one in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400)"


@compiles(SecondsBetween, "postgresql")
def by_interval(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    begin, end = (compiler.process(one, **how) for one in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {begin}))"


def is_long(begins: Any, ends: Any) -> ColumnElement[bool]:
    """The condition of the index of what lasts long, word for word: the database knows it by that."""
    return SecondsBetween(begins, ends) > literal_column(f"{LONG.total_seconds():.0f}")


def index_long(name: str, begins: Any, ends: Any) -> Index:
    long = is_long(begins, ends)
    return Index(name, ends, sqlite_where=long, postgresql_where=long)


def touches(begins: Any, ends: Any, first: datetime, last: datetime) -> ColumnElement[bool]:
    """Whether a row's span has anything of this one, both ends included.

    Asked plainly, `begins <= last and ends >= first`, an index finds one of the two: half the table.
    """
    soon = and_(begins >= first - LONG, begins <= last, ends >= first)
    return or_(soon, and_(is_long(begins, ends), begins < first - LONG, ends >= first))
