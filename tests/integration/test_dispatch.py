"""What is handed to the job engine, and in which order: important first, each device in its turn."""

import os
from pathlib import Path

import pytest
from sqlmodel import Session

from gateway.database import Database
from gateway.models import Clip, Device, Original, Work
from ingest.dispatch import WINDOW, Dispatch
from ingest.engine import Engine


class Handed(Engine):
    """Stands where the job engine stands: remembers what it is given, in order."""

    def __init__(self) -> None:
        self.works: list[tuple[str, int]] = []

    def enqueue(self, queue: str, item_id: str, pipeline: str, run: int, priority: int) -> None:
        del queue, pipeline, run
        self.works.append((item_id, priority))


def found(session: Session, device: str, count: int, *, important: bool = False) -> list[str]:
    """As the intake leaves them, in this order."""
    items = []
    for _ in range(count):
        original = Original(device_id=device, name="a.mp4", suffix=".mp4", size=1)
        session.add(original)
        session.flush()
        session.add(Clip(id=original.id, device_id=device, kind="VIDEO", important=important))
        session.add(Work(item_id=original.id, pipeline="preserve", host="h", source=os.fsencode(Path("/x"))))
        items.append(original.id)
    session.flush()
    return items


@pytest.fixture
def filled(either: Database) -> Database:
    with either.write() as session:
        session.add_all(Device(id=device, type="body_camera") for device in ("a", "b", "c"))
    return either


def dispatch(database: Database) -> tuple[Dispatch, Handed]:
    engine = Handed()
    return Dispatch(database, engine, "h", "e"), engine


def test_what_is_important_does_not_wait_for_what_was_found_before_it(filled: Database) -> None:
    """Even where the engine has all it may have of that camera already."""
    ours, engine = dispatch(filled)
    with filled.write() as session:
        ordinary = found(session, "a", WINDOW * 2)
    assert ours.sweep() == WINDOW
    with filled.write() as session:
        important = found(session, "a", 3, important=True)
        marked = ordinary[-1]
        session.get_one(Clip, marked).important = True
    assert ours.sweep() == 4
    assert [item for item, _ in engine.works] == [*ordinary[:WINDOW], marked, *important]
    least = min(priority for _, priority in engine.works[:WINDOW])
    assert all(priority < least for _, priority in engine.works[WINDOW:])
    assert ours.sweep() == 0


def test_a_flood_of_important_ones_keeps_no_other_device_waiting(filled: Database) -> None:
    ours, engine = dispatch(filled)
    with filled.write() as session:
        flood = found(session, "a", WINDOW * 3, important=True)
        others = [*found(session, "b", 2), *found(session, "c", 2)]
        last = found(session, "c", 1, important=True)
    ours.sweep()
    handed = [item for item, _ in engine.works]
    assert handed[:2] == [flood[0], *last], "important first, each device once"
    assert set(others) < set(handed[:8])
    assert len([item for item in handed if item in flood]) == WINDOW
