"""What the API answers about devices as a list: who has each now, and what it lacks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.shapes import ReasonOut, Shape
from gateway import roster
from gateway.models import DeviceState


class RosterFilter(BaseModel):
    q: str = Field(default="", max_length=100, description="part of id, name, model, serial or asset number")
    unit: str | None = Field(default=None, description="with those below it")
    status: DeviceState | None = None
    type: str | None = Field(default=None, examples=["body_camera"])
    held: Literal["out", "unassigned"] | None = Field(
        default=None, description="checked out now; or assigned to nobody now"
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="`next` of the page before")

    @property
    def wanted(self) -> roster.Wanted:
        return roster.Wanted(self.q.strip(), self.unit, self.status, self.type, self.held)


class HeldOut(Shape):
    entry: str = Field(description="the line of the ledger that says so")
    kind: str = Field(description="of the allocation, or CHECKOUT", examples=["PERSONAL"])
    holder: str = Field(examples=["officer"])
    holder_id: str
    name: str
    since: datetime


class DockedOut(Shape):
    id: str
    opened_at: datetime
    closed_at: datetime | None
    sealed: bool = Field(description="there is a receipt")


class ListedOut(BaseModel):
    id: str
    name: str
    type: str
    unit_id: str | None
    unit: str | None
    status: str
    present: bool
    held: HeldOut | None
    docked: DockedOut | None = Field(description="the last docking session")
    spec: ReasonOut | None = Field(description="AL-7; null for what it is not asked of")

    @classmethod
    def of(cls, one: roster.Listed) -> "ListedOut":
        row = one.device
        return cls(
            id=row.id, name=row.name, type=row.type, unit_id=row.unit_id, unit=one.unit,
            status=row.status.value, present=one.present,
            held=HeldOut.model_validate(one.held) if one.held else None,
            docked=DockedOut.model_validate(one.docked) if one.docked else None,
            spec=ReasonOut.told(one.spec.stored()) if one.spec else None,
        )  # fmt: skip


class RosterOut(BaseModel):
    items: list[ListedOut]
    next: str | None
