"""A file that comes by a name that another had before it: what is still there is kept, both of them."""

import dataclasses
from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway.database import Database
from gateway.device import FileFound, FoundFile, MediaKind
from gateway.intake.events import store_one
from gateway.models import Device, Original, State, Unit

FIRST = FoundFile(
    device_id="cam", path=b"f1", local=Path("/spool/f1.aaaa.mp4"), size=5, mtime_ns=1, kind=MediaKind.VIDEO,
    edges="a", adopt=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("local", "states"),
    [
        ("/spool/f1.bbbb.mp4", [State.FOUND, State.FOUND]),
        ("/spool/f1.aaaa.mp4", [State.QUARANTINED, State.FOUND]),
    ],
    ids=["a name of its own", "written over"],
)
def test_only_what_was_written_over_is_no_more(either: Database, local: str, states: list[State]) -> None:
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
    for found in (FIRST, dataclasses.replace(FIRST, local=Path(local), edges="b")):
        with either.write() as session:
            store_one(session, FileFound(found=found), "h", "e")
    with either.read() as session:
        assert session.exec(select(Original.state).order_by(col(Original.id))).all() == states
