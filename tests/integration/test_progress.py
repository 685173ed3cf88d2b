"""When a camera may be taken, what lamp, badge and API say of it, and for whom it is booked."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from api.equipment import ProgressOut
from gateway import bays, orders
from gateway.config.devices import SerialDockSettings
from gateway.daemon.lights import Lights, light_of
from gateway.database import Database
from gateway.device import (
    BayRead,
    Connected,
    DeviceEvent,
    FileFound,
    FileListed,
    FoundFile,
    Light,
    ListedFile,
    MediaKind,
    OffloadOpened,
    SignalReceived,
)
from gateway.intake.devices import enter_device
from gateway.intake.events import store_one
from gateway.models import (
    Allocation,
    Checkout,
    Device,
    DeviceStatus,
    Officer,
    Offload,
    OrderRow,
    OrderState,
    Original,
    State,
    Unit,
    now,
)
from gateway.offloads import progress
from gateway.rules.handover import Denied, decide
from gateway.wording import reason

CABINET = SerialDockSettings.model_validate(
    {"id": "cabinet", "driver": "serial_dock", "dock": "dock", "board": {"kind": "dockbus", "port": "/dev/x"}}
)


def store(database: Database, *events: DeviceEvent) -> None:
    with database.write() as session:
        for event in events:
            store_one(session, event, "host", "host-run")


def found(path: bytes, offload: str = "o1", **more: object) -> FileFound:
    told = {
        "device_id": "cam", "path": path, "local": Path("/card"), "size": 10, "mtime_ns": 1,
        "kind": MediaKind.VIDEO, "edges": hashlib.sha256(path).hexdigest(), "offload": offload, **more,
    }  # fmt: skip
    return FileFound(found=FoundFile(**told))  # type: ignore[arg-type]


def unread(path: bytes, code: str) -> FileListed:
    return FileListed(
        device_id="cam", offload="o1", path=path, size=10, mtime_ns=1, why=reason(code, error="EIO")
    )


def opened(*paths: bytes) -> list[DeviceEvent]:
    return [
        Connected(device_id="cam", at=now(), bay="1"),
        OffloadOpened(
            device_id="cam", offload="o1", at=now(), bay="1",
            listing=tuple(ListedFile(path=path, size=10, mtime_ns=1) for path in paths),
        ),
        SignalReceived(
            device_id="dock", at=now(), bay="1", kind="bay", detail={"state": "OFFLOADING", "camera": "cam"}
        ),
        BayRead(
            device_id="cabinet", at=now(), bay="1", dock="dock", occupied=True, battery=90, closed=True,
            locked=True,
        ),
    ]  # fmt: skip


@pytest.fixture
def cabinet(database: Database) -> Database:
    with database.write() as session:
        for device, kind in (("cabinet", "cabinet"), ("dock", "dock"), ("cam", "body_camera")):
            enter_device(session, device, kind, {}, "test")
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add(Officer(id="zhang", name="张伟", unit_id="u", badge="B"))
        session.flush()
        session.add(Allocation(device_id="cam", kind="PERSONAL", officer_id="zhang", valid_from=now()))
    return database


def all_end(database: Database, state: State = State.PRESERVED) -> None:
    with database.write() as session:
        for original in session.exec(select(Original)):
            original.state = state


def shown(session: Session) -> tuple[Light, str | None]:
    """(lamp, why a badge opens nothing)"""
    officer = session.get_one(Officer, "zhang")
    [bay] = bays.bays_of(session, "cabinet", officer, now())
    light = light_of(bay, session.get_one(DeviceStatus, ("cabinet", "1")), CABINET, now())
    opening = decide([bay], has_one_out=False, certificate=True, least_battery=0)
    return light, opening.code if isinstance(opening, Denied) else None


@pytest.mark.parametrize("code", ["listed.unreadable", "listed.gone", "listed.unstorable"])
def test_what_was_never_read_keeps_the_camera_in_its_bay(cabinet: Database, code: str) -> None:
    store(cabinet, *opened(b"a", b"b"), found(b"a"), unread(b"b", code))
    all_end(cabinet)
    with cabinet.read() as session:
        assert shown(session) == (Light.FAULT, "handover.look_first")
        seen = progress(session, session.get_one(Offload, "o1"))
        assert (seen.files, seen.ended, seen.set_aside) == (2, 2, 1)
        told = ProgressOut.model_validate(seen)
        assert (told.set_aside, told.is_done) == (1, False)


def test_what_need_not_be_kept_holds_nothing_up(cabinet: Database) -> None:
    store(cabinet, *opened(b"a", b"b"), found(b"a"), unread(b"b", "listed.system"))
    with cabinet.read() as session:
        assert shown(session) == (Light.BUSY, "handover.still_copying")
    all_end(cabinet)
    with cabinet.read() as session:
        assert shown(session) == (Light.TAKE, None)
        assert progress(session, session.get_one(Offload, "o1")).is_done


def test_a_quarantined_file_keeps_the_camera_and_is_not_called_done(cabinet: Database) -> None:
    store(cabinet, *opened(b"a"), found(b"a"))
    all_end(cabinet, State.QUARANTINED)
    with cabinet.read() as session:
        assert shown(session) == (Light.FAULT, "handover.look_first")
        seen = progress(session, session.get_one(Offload, "o1"))
        assert (seen.has_ended, seen.is_done) == (True, False)
        assert session.get_one(Device, "cam").release == "keep"


def test_a_name_that_a_damaged_card_lists_twice_is_one_file(cabinet: Database) -> None:
    store(cabinet, *opened(b"a", b"a", b"b"), found(b"a"), found(b"a"), found(b"b"))
    with cabinet.read() as session:
        seen = progress(session, session.get_one(Offload, "o1"))
        assert (seen.files, seen.ended, seen.bytes, seen.is_done) == (2, 0, 20, False)
    all_end(cabinet)
    with cabinet.read() as session:
        assert shown(session) == (Light.TAKE, None)
        seen = progress(session, session.get_one(Offload, "o1"))
        assert (seen.files, seen.ended, seen.done, seen.is_done) == (2, 2, 20, True)


def test_one_name_that_is_not_read_yet_is_not_made_up_for_by_another(cabinet: Database) -> None:
    """Two findings of one name (it grew between) are not two of two files."""
    longer = FileListed(
        device_id="cam", offload="o1", path=b"a", size=11, mtime_ns=1, why=reason("listed.system")
    )
    store(cabinet, *opened(b"a", b"b"), found(b"a"), longer)
    all_end(cabinet)
    with cabinet.read() as session:
        seen = progress(session, session.get_one(Offload, "o1"))
        assert (seen.files, seen.ended, seen.is_done) == (2, 1, False)


def bay(at: datetime, *, occupied: bool) -> BayRead:
    return BayRead(
        device_id="cabinet", at=at, bay="1", dock="dock", occupied=occupied, battery=90, closed=True,
        locked=True,
    )  # fmt: skip


def opening(database: Database, at: datetime) -> str:
    """An opened lock for an officer, of a moment."""
    with database.write() as session:
        asked = {"bay": "1", "device": "cam", "officer": "zhang"}
        order = OrderRow(
            kind="unlock", device_id="cabinet", arguments=asked, asked_by="zhang", asked_at=at,
            deadline=at + timedelta(seconds=15), state=OrderState.CLAIMED, claimed_by="host-run",
        )  # fmt: skip
        session.add(order)
        return order.id


def checkouts(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(row.device_id, row.officer_id) for row in session.exec(select(Checkout))]


@pytest.mark.parametrize(("ahead_s", "booked"), [(-60, 1), (0.05, 1), (3600, 0)])
def test_an_opening_of_before_the_clock_was_set_back_books_nobody(
    cabinet: Database, ahead_s: float, booked: int
) -> None:
    store(cabinet, *opened(b"a"))
    at = now()
    opening(cabinet, at + timedelta(seconds=ahead_s))
    store(cabinet, bay(at, occupied=False))
    assert len(checkouts(cabinet)) == booked


def test_how_an_order_ended_does_not_make_its_opening_good_for_a_second_device(cabinet: Database) -> None:
    """The hand is quicker than the board's answer: the camera is out before the order is ended."""
    store(cabinet, *opened(b"a"))
    order = opening(cabinet, now())
    store(cabinet, bay(now(), occupied=False))
    assert orders.end(cabinet, order, OrderState.DONE, {"bay": 1})
    with cabinet.read() as session:
        row = session.get_one(OrderRow, order)
        assert row.result == {"bay": 1}
        assert row.spent == {"checkout": session.exec(select(Checkout.id)).one()}
        assert bays.openings(session, "cabinet", "1", now()) == []
    with cabinet.write() as session:
        for checkout in session.exec(select(Checkout)):
            checkout.in_at = checkout.out_at + timedelta(milliseconds=1)
    store(cabinet, *opened(b"a")[2:], bay(now(), occupied=False))
    assert len(checkouts(cabinet)) == 1


def test_an_opening_of_before_the_clock_was_set_back_is_no_good_when_its_hour_comes(
    cabinet: Database,
) -> None:
    store(cabinet, *opened(b"a"))
    at = now()
    opening(cabinet, at + timedelta(seconds=3600))
    Lights(cabinet, (CABINET,), {}).show()
    store(cabinet, bay(at + timedelta(seconds=3660), occupied=False))
    assert checkouts(cabinet) == []
