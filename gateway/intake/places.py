"""Units and rooms that somebody names before anybody entered them."""

from sqlmodel import Session

from gateway.models import Room, Unit


def ensure_unit(session: Session, unit_id: str | None) -> None:
    if unit_id and is_new_unit(session, unit_id):
        session.add(Unit(id=unit_id, name=unit_id))
        session.flush()


def is_new_unit(session: Session, unit_id: str | None) -> bool:
    return bool(unit_id) and session.get(Unit, unit_id) is None


def ensure_room(session: Session, room_id: str | None, unit_id: str | None) -> None:
    """A room needs a unit; without one nothing is entered."""
    if room_id and unit_id and session.get(Room, room_id) is None:
        session.add(Room(id=room_id, name=room_id, unit_id=unit_id))
        session.flush()
