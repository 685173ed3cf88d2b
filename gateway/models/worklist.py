"""What makes a clip somebody's work, with an index for each mark: found without reading the rest."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, and_, literal_column, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field, SQLModel, col

from gateway.models.cases import Link
from gateway.models.columns import UtcDateTime
from gateway.models.footage import Clip
from gateway.rules.labels import TIME


class Postponed(SQLModel, table=True):
    """What somebody will come back to later; his own order of work, no evidence."""

    user_id: str = Field(primary_key=True, foreign_key="account.id")
    queue: str = Field(primary_key=True)
    item_id: str = Field(primary_key=True)
    until: datetime = Field(sa_type=UtcDateTime)


class Says(FunctionElement[bool]):
    """Whether a stored reason has a word, in the words of each database: both keep it as text."""

    inherit_cache = True


@compiles(Says, "sqlite")
def by_place_in(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    column, word = (compiler.process(one, **how) for one in element.clauses)
    return f"(instr({column}, {word}) > 0)"


@compiles(Says, "postgresql")
def by_position(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    column, word = (compiler.process(one, **how) for one in element.clauses)
    return f"(strpos(({column})::text, {word}) > 0)"


def word(text: str) -> Any:
    """Written out: a database uses such an index only where it reads the same condition in the question."""
    return literal_column(f"'{text}'")


def says(column: Any, text: str) -> ColumnElement[bool]:
    return Says(column, word(text))


STANDS = col(Link.ended_at).is_(None)
NO_TIME = or_(*(says(Link.reasons, text) for text in (json.dumps(TIME).strip('"'), TIME)))
"""Its card says that 采集时间 is missing; JSON may be written either way."""

UNLINKED = col(Clip.unlinked).is_not(None)
ASIDE = col(Clip.quarantine).is_not(None)
UNTIMED = or_(says(Clip.unlinked, "unlinked.no_time"), says(Clip.unlinked, "unlinked.either"))
PROPOSED = and_(STANDS, col(Link.status) == word("PROPOSED"))
DOUBTED = and_(STANDS, col(Link.doubt).is_not(None))
LACKING = and_(STANDS, col(Link.verdict) != word("REJECTED"), says(Link.reasons, "labels.missing"))
CLOCK = and_(
    STANDS,
    or_(NO_TIME, and_(col(Link.status) == word("PROPOSED"), says(Link.reasons, "time.either"))),
)


def index(name: str, where: Any, *columns: Any) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


INDEXES = (
    index("ix_clip_unlinked", UNLINKED, Clip.id, Clip.device_id),
    index("ix_clip_aside", ASIDE, Clip.id, Clip.device_id),
    index("ix_clip_untimed", UNTIMED, Clip.id, Clip.device_id),
    index("ix_link_proposed", PROPOSED, Link.verdict, Link.clip_id),
    index("ix_link_doubted", DOUBTED, Link.clip_id),
    index("ix_link_lacking", LACKING, Link.clip_id),
    index("ix_link_clock", CLOCK, Link.clip_id),
)
