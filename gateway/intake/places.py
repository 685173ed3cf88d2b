"""Units and rooms that somebody names before anybody entered them."""

from difflib import get_close_matches

from sqlmodel import Session, select

from gateway.models import Room, Unit


def ensure_unit(session: Session, unit_id: str | None) -> None:
    if unit_id and is_new_unit(session, unit_id):
        session.add(Unit(id=unit_id, name=unit_id))
        session.flush()


def is_new_unit(session: Session, unit_id: str | None) -> bool:
    return bool(unit_id) and session.get(Unit, unit_id) is None


def like_unit(session: Session, written: str) -> list[str]:
    """Ids of the units that may have been meant: whose id or name is spelt nearly so."""
    spelt = {name: unit.id for unit in session.exec(select(Unit)) for name in (unit.id, unit.name)}
    return list(dict.fromkeys(spelt[one] for one in get_close_matches(written, spelt)))


def ensure_room(session: Session, room_id: str | None, unit_id: str | None) -> None:
    """A room needs a unit; without one nothing is entered."""
    if room_id and unit_id and session.get(Room, room_id) is None:
        session.add(Room(id=room_id, name=room_id, unit_id=unit_id))
        session.flush()
