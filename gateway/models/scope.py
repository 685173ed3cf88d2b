"""What a unit says must be recorded (音像记录事项清单), and what people state about a step's recording."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from gateway.models.columns import UtcDateTime, new_id, now, words


class ScopeList(SQLModel, table=True):
    """One edition of a unit's list: it holds from `valid_from` until a later one does."""

    id: str = Field(default_factory=new_id, primary_key=True)
    unit_id: str = Field(foreign_key="unit.id", index=True)
    valid_from: datetime = Field(sa_type=UtcDateTime)
    title: str
    file_name: str
    sha256: str
    """Of the file that it was read from."""
    made_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScopeItem(SQLModel, table=True):
    """One line of a list, as written, in the columns that Hebei lists have (regulations 5.2)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    list_id: str = Field(foreign_key="scopelist.id", index=True)
    row: int
    """In the file, counted from 1."""
    number: str = ""
    category: str = ""
    matter: str = ""
    step: str = ""
    place: str = ""
    means: str = ""
    recorder: str = ""
    starts: str = ""
    content: str = ""
    ends: str = ""
    keep: str = ""
    record_class: str = ""
    time_limit: str = ""
    marking: str = ""
    demand: str = ""
    note: str = ""


class StatementKind(StrEnum):
    OMISSION = "OMISSION"
    """Recording was left out, lawfully or not (R-19)."""
    GAP = "GAP"
    """Why recording was interrupted (R-18)."""
    URGENCY = "URGENCY"
    """Why compulsory execution could not wait (R-24, LK-18)."""
    AWAY = "AWAY"
    """When officers came back from a remote place (R-51)."""
    NOTICE = "NOTICE"
    """Whether the party was told of the recording and shown the certificates (R-11, R-15, LK-10)."""


class Statement(SQLModel, table=True):
    """What a person states about the recording of one step; a correction supersedes, it never overwrites."""

    id: str = Field(default_factory=new_id, primary_key=True)
    activity_id: str = Field(foreign_key="activity.id", index=True)
    kind: StatementKind = Field(sa_type=words(StatementKind))
    ground: str | None = None
    """OMISSION: secret, emergency, impossible; GAP: fault, weather …; NOTICE: given, missing."""
    why: str | None = None
    from_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    to_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """GAP: the span it explains, the whole step where none is given; AWAY: `to_at`, the return."""
    work_record: str | None = None
    """The 工作记录 that was made afterwards."""
    reported_to: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    made_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
