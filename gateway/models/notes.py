"""What a line of a paper says of a second of a clip (R-09)."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.models.columns import UtcDateTime, new_id, now


class Note(SQLModel, table=True):
    """A line of a 笔录, or of a step, and the second of a clip at which that is seen or said.

    A correction supersedes, it never overwrites.
    """

    __table_args__ = (Index("ix_note_case_uid_ref", "case_uid", "ref"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    case_uid: str = Field(foreign_key="caserecord.uid")
    clip_id: str = Field(foreign_key="clip.id", index=True)
    at_s: float
    """Seconds from the clip's start."""
    line: str
    document_id: str | None = Field(default=None, foreign_key="document.id")
    activity_id: str | None = Field(default=None, foreign_key="activity.id")
    ref: str | None = None
    """What the system that brought it calls that line."""
    replaces: str | None = Field(default=None, foreign_key="note.id")
    made_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
