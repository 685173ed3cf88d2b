"""Who may ask: users, their sessions, integrators' keys, and what was viewed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, now, words


class Role(StrEnum):
    OPERATOR = "operator"  # at the docking station
    EVIDENCE = "evidence"  # evidence-management staff
    SUPERVISOR = "supervisor"  # 法制/监督: retrieves across its unit and those below
    INTEGRATOR = "integrator"  # a program
    ADMIN = "admin"


class User(SQLModel, table=True):
    __tablename__ = "account"  # `user` is a reserved word in PostgreSQL

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    password_hash: str | None = None
    role: Role = Field(sa_type=words(Role))
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    """None: sees every unit."""
    disabled: bool = False


class SecondFactor(SQLModel, table=True):
    """What an authenticator shows the codes of; apart from the account, whose row the chain vouches for."""

    user_id: str = Field(foreign_key="account.id", primary_key=True)
    secret: str
    step: int | None = None
    """The last step of 30 s whose code was accepted; None: no code was yet, and none is asked for."""


class OidcBinding(SQLModel, table=True):
    """Which account is whose at a sign-in service, by `sub`; made at the first sign-in, loosened by hand."""

    __table_args__ = (UniqueConstraint("sub", "issuer"), UniqueConstraint("user_id", "issuer"))

    id: str = Field(default_factory=new_id, primary_key=True)
    issuer: str
    sub: str
    user_id: str = Field(foreign_key="account.id")
    bound_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SignIn(SQLModel, table=True):
    """A session, or half of one: with `awaits_code` only the password was right so far."""

    token_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="account.id", index=True)
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default_factory=now, sa_type=UtcDateTime)
    """When something was last asked in it, to the minute."""
    awaits_code: bool = False
    dock: str | None = Field(default=None, foreign_key="device.id")
    """Of a screen before a dock: opens that dock's kiosk and nothing else."""


class FailedSignIns(SQLModel, table=True):
    """Wrong passwords in a row for one name from one address; gone once the right one comes."""

    name: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    failures: int = 0
    last_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    """An integrator's key, kept only as its hash."""

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="account.id", index=True)
    key_hash: str = Field(unique=True)
    label: str = ""
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Viewing(SQLModel, table=True):
    """One viewing session (调阅): who watched which clip, why; not one row per range request."""

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    user_id: str = Field(foreign_key="account.id")
    purpose: str
    request_id: str | None = Field(default=None, index=True)
    """The request by whose grant it was watched; none: by the viewer's own right."""
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    detail: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class LiveView(SQLModel, table=True):
    """One viewing of a live picture (实时调阅): who watched which device, why, how long."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    user_id: str = Field(foreign_key="account.id")
    purpose: str
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
