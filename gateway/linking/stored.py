"""Clips as they are stored: values instead of objects, for a round that judges all there are."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col

from gateway.database import columns
from gateway.models import Clip, Described


class Stored(NamedTuple):
    """What judging asks of a clip. A tuple: each of its values is asked for several times, by many rules."""

    id: str
    device_id: str
    kind: str
    described: Described
    condition: dict[str, Any] | None
    duration_s: float | None
    times: list[dict[str, Any]] | None
    time_source: str | None
    started_at: datetime | None
    ended_at: datetime | None
    uncertainty_s: float | None
    latitude: float | None
    longitude: float | None
    declared: dict[str, Any]
    case_no: str | None
    case_key: str | None
    secrecy: str | None
    transcript: str | None
    place: str | None
    officer_id: str | None
    recording_id: str | None
    unlinked: dict[str, Any] | None
    quarantine: dict[str, Any] | None


AnyClip = Clip | Stored
STORED = columns(*(getattr(Clip, name) for name in Stored._fields)).order_by(col(Clip.id))


def stored(session: Session, ids: Collection[str]) -> list[Stored]:
    """In the order of their ids."""
    return [Stored(*row) for row in session.execute(STORED.where(col(Clip.id).in_(ids)))]
