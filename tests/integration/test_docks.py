"""Docks as people see them: boards and docks as one, cameras of other units unnamed, docks that are away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from gateway.database import Database
from gateway.docks import Dock, Seat, Sign, docks
from gateway.models import (
    Allocation,
    AllocationKind,
    Device,
    DeviceStatus,
    Disposition,
    Finding,
    Officer,
    Offload,
    Original,
    Role,
    State,
    Unit,
)
from gateway.visibility import Viewer

AT = datetime(2026, 8, 4, 1, tzinfo=UTC)
OURS = Viewer("1", "chen", Role.OPERATOR, frozenset({"u"}))
EVERYTHING = Viewer("2", "root", Role.ADMIN, None)


@pytest.fixture
def session(either: Database) -> Any:
    with either.write() as session:
        for unit in ("u", "v"):
            session.add(Unit(id=unit, name=f"单位 {unit}"))
        session.flush()
        session.add(Device(id="dock", name="一楼", type="storage", unit_id="u"))
        session.add(Officer(id="zhang", name="张伟", unit_id="u"))
        for unit in ("u", "v"):
            session.add(Device(id=f"cam-{unit}", name=f"记录仪 {unit}", type="body_camera", unit_id=unit))
        session.flush()
        yield session


def bay(
    session: Session, number: str, state: str, *, present: bool = True, dock: str = "dock", **more: Any
) -> None:
    detail = {"state": state, **more}
    session.add(DeviceStatus(device_id=dock, bay=number, present=present, detail=detail))
    session.flush()


def docked(session: Session, camera: str, number: str, files: int, kept: int) -> None:
    bay(session, number, "OFFLOADING", camera=camera)
    session.add(DeviceStatus(device_id=camera, bay=number, present=True))
    listing = [
        {"path": f"{n:02x}", "name": f"{n}", "size": 10, "mtime_ns": 0, "sequence": None}
        for n in range(files)
    ]
    session.add(
        Offload(
            id=f"off-{camera}",
            device_id=camera,
            bay=number,
            opened_at=AT - timedelta(seconds=10),
            listing=listing,
        )
    )
    session.flush()
    for n in range(kept):
        session.add(
            Original(
                id=f"{camera}-{n}", device_id=camera, name="x", suffix=".mp4", size=10, state=State.PRESERVED
            )
        )
        session.flush()
        session.add(
            Finding(
                device_id=camera, offload_id=f"off-{camera}", path=bytes([n]), name="x", size=10, mtime_ns=0,
                identity=f"{n}", disposition=Disposition.CLIP, original_id=f"{camera}-{n}",
            )
        )  # fmt: skip
    session.flush()


def only(found: list[Dock]) -> list[Seat]:
    [dock] = found
    return list(dock.seats)


def test_bays_stand_in_the_order_of_their_numbers(session: Session) -> None:
    for number in ("10", "2", "1"):
        bay(session, number, "EMPTY")
    [dock] = docks(session, OURS, AT)
    assert [seat.bay for seat in dock.seats] == ["1", "2", "10"]
    assert (dock.name, dock.unit) == ("一楼", "单位 u")


def test_who_has_it_and_how_far_it_is(session: Session) -> None:
    session.add(
        Allocation(
            device_id="cam-u",
            kind=AllocationKind.PERSONAL,
            officer_id="zhang",
            valid_from=AT - timedelta(days=9),
        )
    )
    docked(session, "cam-u", "1", files=4, kept=1)
    [seat] = only(docks(session, OURS, AT))
    assert (seat.sign, seat.camera, seat.holder) == (Sign.COPYING, "记录仪 u", "张伟")
    assert seat.progress is not None
    assert (seat.progress.ended, seat.progress.files, seat.progress.eta_s) == (1, 4, 30.0)
    assert seat.since == AT - timedelta(seconds=10)


def test_a_camera_of_another_unit_is_there_and_has_no_name(session: Session) -> None:
    session.add(
        Allocation(
            device_id="cam-v",
            kind=AllocationKind.PERSONAL,
            officer_id="zhang",
            valid_from=AT - timedelta(days=9),
        )
    )
    docked(session, "cam-v", "1", files=1, kept=1)
    [seat] = only(docks(session, OURS, AT))
    assert (seat.sign, seat.camera, seat.holder, seat.is_hidden) == (Sign.DONE, None, None, True)
    [seat] = only(docks(session, EVERYTHING, AT))
    assert (seat.camera, seat.holder, seat.is_hidden) == ("记录仪 v", "张伟", False)


def test_a_dock_of_another_unit_does_not_show(session: Session) -> None:
    session.add(Device(id="other", type="storage", unit_id="v"))
    session.flush()
    bay(session, "1", "EMPTY", dock="other")
    assert docks(session, OURS, AT) == []
    assert [dock.id for dock in docks(session, EVERYTHING, AT)] == ["other"]


def test_a_dock_that_is_away_says_nothing_of_what_it_said_last(session: Session) -> None:
    docked(session, "cam-u", "1", files=1, kept=1)
    status = session.get_one(DeviceStatus, ("dock", "1"))
    assert only(docks(session, OURS, AT))[0].sign is Sign.DONE
    status.present = False
    session.flush()
    [seat] = only(docks(session, OURS, AT))
    assert (seat.sign, seat.camera, seat.why) == (Sign.SILENT, None, None)


def test_a_board_and_the_dock_behind_it_are_one_cabinet(session: Session) -> None:
    session.add(Device(id="board", type="storage", unit_id="u"))
    session.flush()
    bay(session, "1", "EMPTY")
    for number in ("1", "2"):
        told = {"dock": "dock", "occupied": True, "battery": 73, "alarms": ["forced"]}
        session.add(DeviceStatus(device_id="board", bay=number, present=True, detail=told))
    session.flush()
    found = {dock.id: list(dock.seats) for dock in docks(session, OURS, AT)}
    [seat] = found["dock"]
    assert (seat.sign, seat.battery, seat.alarms) == (Sign.EMPTY, 73, ("forced",))
    assert [(seat.bay, seat.sign) for seat in found["board"]] == [("2", Sign.OCCUPIED)], (
        "no dock reads this one"
    )
