"""Clips that a device cut from one take become one recording, in whatever order they arrive."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from gateway import rulepacks
from gateway.database import Database
from gateway.linking import series
from gateway.models import Clip, Device, Finding, Offload, Original

PACKS = rulepacks.packs("hebei-xingtai-2019")
T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)
#       name     begins  lasts (s)
TAKE = (("a", 0, 300), ("b", 300.02, 300), ("c", 600, 120), ("later", 1000, 60))


@pytest.mark.parametrize("order", list(permutations(TAKE))[::5])
def test_any_order_of_arrival_gives_one_recording(
    database: Database, order: tuple[tuple[str, float, float], ...]
) -> None:
    with database.write() as session:
        session.add(Device(id="cam", type="body_camera"))
    for name, begins, lasts in order:
        with database.write() as session:
            session.add(Original(id=name, device_id="cam", name=name, suffix=".mp4", size=1))
            session.flush()
            start = T0 + timedelta(seconds=begins)
            clip = Clip(
                id=name, device_id="cam", kind="VIDEO", duration_s=lasts, time_source="container",
                started_at=start, ended_at=start + timedelta(seconds=lasts),
            )  # fmt: skip
            session.add(clip)
            series.join(session, clip, PACKS)
    with database.read() as session:
        recordings = {name: session.get_one(Clip, name).recording_id for name, _, _ in TAKE}
    assert recordings["a"] is not None
    assert recordings["a"] == recordings["b"] == recordings["c"]
    assert recordings["later"] is None


@pytest.mark.parametrize("came", ["sent", "docked"])
def test_what_was_sent_one_after_the_other_is_no_take(database: Database, came: str) -> None:
    """A copy's file time is when it was sent; a card's is the recorder's own."""
    with database.write() as session:
        session.add(Device(id="cam", type="body_camera"))
        session.flush()
        session.add(Offload(id="o", device_id="cam", opened_at=T0))
    for number, name in enumerate("ab"):
        with database.write() as session:
            session.add(Original(id=name, device_id="cam", name=name, suffix=".ts", size=1))
            session.flush()
            start = T0 + timedelta(seconds=20 * number)
            clip = Clip(
                id=name, device_id="cam", kind="VIDEO", duration_s=20, time_source="file",
                started_at=start, ended_at=start + timedelta(seconds=20),
            )  # fmt: skip
            finding = Finding(
                device_id="cam", path=name.encode(), name=name, size=1, mtime_ns=1, identity=name,
                disposition="CLIP", original_id=name, offload_id="o" if came == "docked" else None,
            )  # fmt: skip
            session.add_all((clip, finding))
            session.flush()
            series.join(session, clip, PACKS)
    with database.read() as session:
        takes = {session.get_one(Clip, name).recording_id for name in "ab"}
    assert (takes == {None}) == (came == "sent")
