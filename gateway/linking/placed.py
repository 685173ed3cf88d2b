"""Where clips were recorded (采集地点): what is said of them, else the room or counter of their recorder."""

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from gateway.linking.facts import Facts
from gateway.linking.people import CHUNK
from gateway.linking.stored import AnyClip
from gateway.models import Allocation, Device, Room
from gateway.rulepacks import RulePacks
from gateway.rules.labels import recorded_in


def places(session: Session, packs: RulePacks, clips: Sequence[AnyClip]) -> dict[str, str]:
    """By clip id, in words; without those of which nobody knows. By the same facts as links are judged."""
    rooms = rooms_of(session, packs, [clip for clip in clips if not clip.place])
    called = dict(session.exec(select(Room.id, Room.name).where(col(Room.id).in_({*rooms.values()}))).all())
    return {clip.id: clip.place for clip in clips if clip.place} | {
        clip: called.get(room, room) for clip, room in rooms.items()
    }


def rooms_of(session: Session, packs: RulePacks, clips: Sequence[AnyClip]) -> dict[str, str]:
    """By clip id. Most recorders never hung anywhere: of them nothing else is read."""
    hung = or_(
        col(Device.room_id).is_not(None),
        col(Device.id).in_(select(Allocation.device_id).where(col(Allocation.room_id).is_not(None))),
    )
    devices = {clip.device_id for clip in clips}
    there = set(session.exec(select(Device.id).where(col(Device.id).in_(devices), hung))) if devices else ()
    bare = [clip for clip in clips if clip.device_id in there]
    if not bare:
        return {}
    facts = Facts(session, packs)
    found = {}
    for some in (bare[first : first + CHUNK] for first in range(0, len(bare), CHUNK)):
        facts.load(some)
        for clip in some:
            if room := recorded_in(None, facts.holder(clip, facts.interval(clip))):
                found[clip.id] = room
    return found
