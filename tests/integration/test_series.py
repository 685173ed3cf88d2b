"""Clips that a device cut from one take become one recording, in whatever order they arrive."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from gateway import rulepacks
from gateway.database import Database
from gateway.linking import series
from gateway.models import Clip, Device, Original

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
