"""What the forms of the equipment's books share: who can be named, how a time is read, what was wrong."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Form
from sqlmodel import Session, col, select

from api.console.terms import for_field, local
from api.problems import not_found
from api.seeing import must_see
from gateway import roster
from gateway.holdings import serving
from gateway.models import Officer, Room, Unit, now
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA

Text = Annotated[str, Form(max_length=500)]
HOLDERS: dict[str, type[Any]] = {"officer": Officer, "room": Room, "unit": Unit}


def entry_of(session: Session, viewer: Viewer, model: type[Any], entry_id: str, device_id: str) -> Any:
    """None where none is named. Raises Problem for what the viewer may not see, and for another device's."""
    if not entry_id:
        return None
    found = must_see(session, viewer, model, entry_id, "Entry")
    if found.device_id != device_id:
        raise not_found("Entry")
    return found


def moment(written: str, before: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The seconds of a time that nobody touched stay. Raises ValueError."""
    return before if written == for_field(before, zone) else local(written, zone)


def choices(session: Session, viewer: Viewer) -> dict[str, list[tuple[str, str]]]:
    officers = select(Officer).where(visible(viewer, Officer), serving(now().astimezone(CHINA).date()))
    people = session.exec(officers.order_by(col(Officer.unit_id), col(Officer.id))).all()
    units = roster.names_of(session, Unit, {one.unit_id for one in people})
    found = {
        "officer": [
            (
                f"officer:{one.id}",
                f"{one.name} · {one.number or one.id} · {units.get(one.unit_id, '')}",
            )
            for one in people
        ]
    }
    for kind in ("room", "unit"):
        model = HOLDERS[kind]
        rows = session.exec(select(model.id, model.name).where(visible(viewer, model)).order_by(model.id))
        found[kind] = [(f"{kind}:{ref}", name) for ref, name in rows]
    return found
