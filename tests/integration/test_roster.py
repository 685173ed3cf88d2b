"""Devices as a list shows them, their ledgers, and the names behind figures; on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from gateway import desk, device_history, ledger, roster
from gateway.database import Database
from gateway.law import Law
from gateway.ledger import AllocationIn, CheckoutIn
from gateway.models import (
    Allocation,
    AllocationKind,
    CaseRecord,
    Clip,
    Device,
    DeviceState,
    Officer,
    Offload,
    Original,
    Receipt,
    Role,
    Snapshot,
    SnapshotFigure,
    Unit,
    now,
)
from gateway.reports import Code, Member, Side, trend
from gateway.reports.naming import named
from gateway.roster import Wanted
from gateway.rulepacks import packs
from gateway.visibility import Viewer

LAW = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
T0 = datetime(2024, 5, 6, 1, tzinfo=UTC)
EAST = Viewer("e", "e", Role.EVIDENCE, frozenset({"east"}))
ALL = Viewer("a", "a", Role.ADMIN, None)


@pytest.fixture
def session(either: Database) -> Iterator[Session]:
    with either.write() as session:
        seed(session)
        yield session


def seed(session: Session) -> None:
    session.add_all([Unit(id="east", name="东分局"), Unit(id="west", name="西分局")])
    session.flush()
    people = (("zhang", "张伟", "east"), ("li", "李娜", "east"), ("wang", "王芳", "west"))
    session.add_all(
        Officer(id=ref, name=name, unit_id=unit, number=f"1305-{ref}") for ref, name, unit in people
    )
    session.add_all(
        Device(id=ref, name=f"记录仪 {ref}", type="body_camera", unit_id=unit, serial_no=f"SN-{ref}")
        for ref, unit in (("cam-1", "east"), ("cam-2", "east"), ("cam-3", "west"))
    )
    session.add(Device(id="dock", type="storage", unit_id="east"))
    session.flush()
    entry = AllocationIn(device="cam-1", officer="zhang", valid_from=T0)
    ledger.allocate(session, entry, "x")
    pool = AllocationIn(device="cam-2", kind=AllocationKind.POOL, unit="east", valid_from=T0)
    ledger.allocate(session, pool, "x")
    ledger.check_out(session, CheckoutIn(device="cam-2", officer="li", out_at=T0 + timedelta(hours=1)), "x")
    for number, day in enumerate((1, 3, 2)):
        at = T0 + timedelta(days=day)
        session.add(Offload(id=f"off-{number}", device_id="cam-1", opened_at=at, closed_at=at))
    session.flush()
    session.add(Receipt(offload_id="off-1", revision=1, sealed_at=T0, body={}, digest="d"))


def test_who_has_each_now_and_when_it_came_last(session: Session) -> None:
    found, following = roster.roster(session, EAST, LAW, Wanted())
    by_id = {one.device.id: one for one in found}
    assert (list(by_id), following) == (["cam-1", "cam-2", "dock"], None)
    own, pool, dock = by_id.values()
    assert own.held is not None
    assert (own.held.name, own.held.kind, own.unit) == ("张伟", "PERSONAL", "东分局")
    assert pool.held is not None
    assert (pool.held.name, pool.held.kind) == ("李娜", "CHECKOUT"), "who took it out has it"
    assert own.docked is not None
    assert (own.docked.id, own.docked.sealed) == ("off-1", True), "the last by time, not by id"
    assert dock.held is None
    assert dock.spec is None
    assert own.spec is not None
    assert own.spec.code == "equipment.spec_unknown"


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(text="sn-CAM-1"), ["cam-1"]),
        (Wanted(text="记录仪 cam-3"), ["cam-3"]),
        (Wanted(text="%"), []),
        (Wanted(unit="west"), ["cam-3"]),
        (Wanted(type="storage"), ["dock"]),
        (Wanted(status=DeviceState.LOST), []),
        (Wanted(held="out"), ["cam-2"]),
        (Wanted(held="unassigned"), ["cam-3"]),
    ],
)
def test_what_is_asked_for_is_found(session: Session, wanted: Wanted, ids: list[str]) -> None:
    found, _ = roster.roster(session, ALL, LAW, wanted)
    assert [one.device.id for one in found] == ids
    seen, _ = roster.roster(session, EAST, LAW, wanted)
    assert [one.device.id for one in seen] == [ref for ref in ids if ref != "cam-3"]


def test_pages_hold_each_device_once(session: Session) -> None:
    seen, after = [], ""
    while True:
        found, following = roster.roster(session, ALL, LAW, Wanted(), after, limit=2)
        seen += [one.device.id for one in found]
        if following is None:
            break
        after = following
    assert seen == ["cam-1", "cam-2", "cam-3", "dock"]
    assert roster.counts(session, EAST) == {"in_service": 2, "out": 1, "unassigned": 0, "not_in_use": 0}
    assert roster.counts(session, ALL)["unassigned"] == 1


def test_a_line_stands_with_all_that_it_took_the_place_of(session: Session) -> None:
    [told] = device_history.ledger_of(session, "cam-1")
    first = told.line.row
    again = AllocationIn(device="cam-1", officer="li", valid_from=T0, why="错登")
    second = ledger.allocate(session, again, "y", replaces=first.id)
    back = again.model_copy(update={"officer": "zhang", "why": "又错"})
    third = ledger.allocate(session, back, "z", replaces=second.id)
    ledger.allocate(session, third_until(session, third.id), "z", replaces=third.id)
    later = AllocationIn(device="cam-1", officer="li", valid_from=T0 + timedelta(days=9))
    ledger.allocate(session, later, "z")
    newest, older = device_history.ledger_of(session, "cam-1")
    assert (newest.line.name, newest.before) == ("李娜", ())
    assert [line.row.id for line in older.before] == [third.id, second.id, first.id]
    assert [line.name for line in older.before] == ["张伟", "李娜", "张伟"]
    assert (second.entered_by, second.why) == ("y", "错登")
    assert device_history.clips_due(session, "cam-1") > 0


def third_until(session: Session, entry: str) -> AllocationIn:
    row = session.get_one(Allocation, entry)
    return AllocationIn(
        device=row.device_id, officer=row.officer_id, valid_from=row.valid_from, valid_to=T0 + timedelta(days=5),
        why="已交还",
    )  # fmt: skip


def test_the_same_again_with_another_reason_writes_nothing(session: Session) -> None:
    [told] = device_history.ledger_of(session, "cam-1")
    same = AllocationIn(device="cam-1", officer="zhang", valid_from=T0, why="x")
    assert ledger.allocate(session, same, "y", replaces=told.line.row.id).id == told.line.row.id


def test_what_is_scanned_is_the_own_units_alone(session: Session) -> None:
    assert [one.id for one in desk.scanned(session, EAST, "1305-zhang", T0).officers] == ["zhang"]
    assert [one.id for one in desk.scanned(session, EAST, "SN-cam-2", T0).devices] == ["cam-2"]
    for code in ("1305-wang", "SN-cam-3", "dock", ""):
        found = desk.scanned(session, EAST, code, T0)
        assert (list(found.officers), list(found.devices)) == ([], [])
    out, count = desk.out_now(session, EAST)
    assert [(one.device, one.officer_name) for one in out] == [("cam-2", "李娜")]
    assert count == 1
    assert desk.out_now(session, Viewer("w", "w", Role.OPERATOR, frozenset({"west"}))) == ([], 0)


def test_members_have_names_as_far_as_one_may_know(session: Session) -> None:
    session.add_all(
        [CaseRecord(uid=f"case-{unit}", title=f"{unit}案", unit_id=unit) for unit in ("east", "west")]
    )
    for camera in ("cam-1", "cam-3"):
        session.add(Original(id=f"clip-{camera}", device_id=camera, name="a.mp4", suffix=".mp4", size=1))
        session.flush()
        session.add(Clip(id=f"clip-{camera}", device_id=camera, kind="VIDEO"))
    session.flush()
    members = [
        Member(kind, ref, Side.BOTH)
        for kind, ref in (
            ("clip", "clip-cam-1"), ("clip", "clip-cam-3"), ("case", "case-east"), ("case", "case-west"),
            ("device", "cam-1"), ("place", "east#2"), ("custody", "site#1"), ("viewing", "none"),
        )
    ]  # fmt: skip
    found = named(session, EAST, members)
    assert {ref: one.name for (_, ref), one in found.items()} == {
        "clip-cam-1": "a.mp4", "case-east": "east案", "cam-1": "记录仪 cam-1", "east#2": "东分局",
    }  # fmt: skip
    assert found["place", "east#2"].page == "unit"


def test_the_trend_goes_by_the_newest_revision_of_each_quarter(session: Session) -> None:
    for quarter, revision, above in (("2025-Q4", 1, 1), ("2026-Q1", 1, 2), ("2026-Q1", 2, 3)):
        row = Snapshot(
            unit_id="east", quarter=quarter, revision=revision, since=T0, until=T0, as_of=now(), packs={},
            digest="d", frozen_by="x",
        )  # fmt: skip
        session.add(row)
        session.flush()
        for place, (code, below) in enumerate(((Code.LINKED, 4), (Code.VIEWINGS, above), (Code.LABELLED, 0))):
            session.add(
                SnapshotFigure(
                    snapshot_id=row.id, code=code.value, place=place, told=True, numerator=above,
                    denominator=below, notes=[], rules=[], sources=[], members=[],
                )
            )  # fmt: skip
    session.flush()
    found = trend.frozen(session, EAST, "east")
    assert [(one.quarter, one.revision, one.rate) for one in found[Code.LINKED]] == [
        ("2025-Q4", 1, 0.25), ("2026-Q1", 2, 0.75),
    ]  # fmt: skip
    assert [one.rate for one in found[Code.VIEWINGS] + found[Code.LABELLED]] == [None] * 4
    assert trend.frozen(session, EAST, "west") == {}
    assert trend.quarters(datetime(2026, 2, 1, tzinfo=UTC), LAW.zone, 3) == ["2026-Q1", "2025-Q4", "2025-Q3"]
