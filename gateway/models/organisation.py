"""Who works where: units, officers with their certificates, rooms."""

from datetime import date

from sqlmodel import Field, SQLModel

from gateway.models.columns import new_id


class Unit(SQLModel, table=True):
    """An enforcement unit (执法单位)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    parent_id: str | None = Field(default=None, foreign_key="unit.id")
    org_code: str | None = None
    region_code: str | None = None


class Officer(SQLModel, table=True):
    """An officer (执法人员) and the validity of the enforcement certificate (执法证), AL-5."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    unit_id: str = Field(foreign_key="unit.id", index=True)
    number: str | None = Field(default=None, index=True, description="as cameras carry it (警号, six digits)")
    badge: str | None = Field(default=None, index=True, description="what a cabinet's reader tells of it")
    cert_no: str | None = Field(default=None, index=True)
    cert_valid_from: date | None = None
    cert_valid_to: date | None = None


class Room(SQLModel, table=True):
    """An interview or hearing room (询问室、听证室)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    unit_id: str = Field(foreign_key="unit.id", index=True)
