"""The equipment ledger on a database: what it refuses, what it told when, how a device's life is corrected."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from gateway import audit, custody, holdings, ledger, qualifications, registry, standing
from gateway.database import Database
from gateway.device import Refused
from gateway.ledger import AllocationIn, CheckoutIn, ReturnIn
from gateway.models import (
    Allocation,
    Checkout,
    ClockSetting,
    CustodyEvent,
    Device,
    DeviceState,
    Disposition,
    Finding,
    Officer,
    Offload,
    Original,
    Receipt,
    ReleaseState,
    RelinkDue,
    State,
    Unit,
    now,
)
from gateway.qualifications import CheckIn, ClassIn
from gateway.registry import RegistryFile
from gateway.standing import StandingIn

T0 = datetime(2024, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)
TOWN = {
    "units": [
        {"id": "xt", "name": "某局"},
        {"id": "xt-1", "name": "一科", "parent": "xt", "is_section": True},
    ],
    "rooms": [{"id": "room", "name": "询问室", "unit": "xt"}],
    "officers": [{"id": "zhang", "name": "张", "unit": "xt"}, {"id": "li", "name": "李", "unit": "xt-1"}],
    "devices": [{"id": "cam", "type": "body_camera", "unit": "xt"}],
}


@pytest.fixture
def town(either: Database) -> Database:
    with either.write() as session:
        registry.store_registry(session, RegistryFile.model_validate(TOWN), "test")
    return either


def allocate(database: Database, replaces: str | None = None, **given: Any) -> Allocation:
    told = AllocationIn.model_validate({"device": "cam", "valid_from": T0, **given})
    with database.write() as session:
        return ledger.allocate(session, told, "chen", replaces)


def check_out(database: Database, replaces: str | None = None, **given: Any) -> Checkout:
    told = CheckoutIn.model_validate({"device": "cam", "officer": "zhang", "out_at": T0, **given})
    with database.write() as session:
        return ledger.check_out(session, told, "chen", replaces)


def stand(database: Database, status: str, since: datetime = T0, **given: Any) -> Any:
    replaces = given.pop("replaces", None)
    told = StandingIn.model_validate(
        {"device": "cam", "status": status, "since": since, "why": "核对", **given}
    )
    with database.write() as session:
        return standing.enter(session, told, "chen", replaces)


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return str(refused.value.reason["code"])


def agree(database: Database) -> None:
    """Each row is as its chain says, and no chain is broken."""
    with database.read() as session:
        assert [*audit.chains(session), *audit.rows(session)] == []


@pytest.mark.parametrize(
    ("kind", "holder"),
    [
        ("PERSONAL", {"unit": "xt"}),
        ("PERSONAL", {"room": "room"}),
        ("POOL", {"officer": "zhang"}),
        ("SECTION_SHARED", {"room": "room"}),
        ("VEHICLE", {"officer": "zhang"}),
        ("FIXED_ROOM", {"unit": "xt"}),
        ("WINDOW", {"officer": "zhang"}),
    ],
)
def test_a_holder_that_does_not_go_with_the_kind_is_refused(
    town: Database, kind: str, holder: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        allocate(town, kind=kind, **holder)
    assert code(refused) == "ledger.unfit_holder"


def test_a_vehicle_is_a_place_and_places_may_overlap(town: Database) -> None:
    allocate(town, kind="VEHICLE", room="room", valid_to=T0 + DAY)
    allocate(town, kind="FIXED_ROOM", room="room")
    with pytest.raises(Refused) as refused:
        allocate(town, officer="zhang", valid_from=T0 + DAY / 2)
    assert code(refused) == "ledger.overlaps"
    allocate(town, officer="zhang", valid_from=T0 + DAY)
    agree(town)


def test_nobody_gets_what_is_lost_and_what_went_before_stays(town: Database) -> None:
    stand(town, "LOST", T0 + 2 * DAY)
    for refuse in (
        lambda: allocate(town, officer="zhang", valid_from=T0 + 3 * DAY),
        lambda: check_out(town, out_at=T0 + 3 * DAY),
    ):
        with pytest.raises(Refused) as refused:
            refuse()
        assert code(refused) == "ledger.out_of_use"
    check_out(town, out_at=T0, in_at=T0 + DAY)
    agree(town)


def test_nothing_is_given_to_who_has_left(town: Database) -> None:
    """From the day on; what was before is still entered and corrected."""
    left = {**TOWN["officers"][0], "left_on": "2024-05-08"}
    with town.write() as session:
        registry.store_registry(session, RegistryFile.model_validate({"officers": [left]}), "test")
    for give in (
        lambda: check_out(town, out_at=T0 + 2 * DAY),
        lambda: allocate(town, officer="zhang", valid_from=T0 + 2 * DAY),
    ):
        with pytest.raises(Refused) as refused:
            give()
        assert code(refused) == "ledger.has_left"
    assert check_out(town, out_at=T0 + DAY, in_at=T0 + 3 * DAY).officer_id == "zhang"


def test_a_badge_is_one_serving_officers(town: Database) -> None:
    first, second = ({**one, "badge": "0A1B"} for one in TOWN["officers"])
    with town.write() as session, pytest.raises(Refused) as refused:
        registry.store_registry(session, RegistryFile.model_validate({"officers": [first, second]}), "test")
    assert code(refused) == "ledger.badge_twice"
    assert refused.value.reason["facts"]["officers"] == "张, 李"
    given = RegistryFile.model_validate({"officers": [{**first, "left_on": "2024-05-08"}, second]})
    with town.write() as session:
        registry.store_registry(session, given, "test")
        borne = holdings.who_bears(session, col(Officer.badge) == "0A1B", T0.date())
        assert borne is not None
        found = holdings.who_bears(session, col(Officer.badge) == "0A1B", (T0 + 3 * DAY).date())
        assert found is not None
        assert found.id == "li"


def test_two_who_hand_it_out_in_one_moment_take_turns(town: Database) -> None:
    refused: list[str] = []
    together = threading.Barrier(4)

    def hand_out(officer: str) -> None:
        together.wait()
        try:
            check_out(town, officer=officer, out_at=T0)
        except Refused as no:
            refused.append(no.reason["code"])

    threads = [threading.Thread(target=hand_out, args=(officer,)) for officer in ("zhang", "li") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["ledger.overlaps"] * 3
    with town.read() as session:
        assert len(session.exec(select(Checkout)).all()) == 1


def test_a_return_is_entered_once_and_corrected_by_another_entry(town: Database) -> None:
    out = check_out(town, precheck_battery_pct=92, precheck_free_gb=20, clock_offset_s=-1, handed_by="chen")
    back = ReturnIn(in_at=T0 + DAY, received_by="wang", in_condition="DAMAGED", in_station_id="dock")
    with town.write() as session, pytest.raises(Refused) as refused:
        ledger.give_back(session, out.id, ReturnIn(in_at=T0), "chen")
    assert code(refused) == "ledger.backwards"
    with town.write() as session:
        closed = ledger.give_back(session, out.id, back, "chen")
    assert (closed.in_condition, closed.in_station_id, closed.received_by) == ("DAMAGED", "dock", "wang")
    with town.write() as session, pytest.raises(Refused) as refused:
        ledger.give_back(session, out.id, back, "chen")
    assert code(refused) == "ledger.returned_already"
    corrected = check_out(town, out.id, in_at=T0 + 2 * DAY)
    assert corrected.recorded_at > out.recorded_at
    agree(town)


def test_who_comes_to_an_entry_that_was_corrected_is_told_so(town: Database) -> None:
    """It is there, and shows with ?history=true: that the registry had none of it misled."""
    out = check_out(town)
    check_out(town, out.id, out_at=T0 + DAY / 2)
    given = allocate(town, officer="zhang")
    allocate(town, given.id, officer="li")
    for again in (
        lambda: check_out(town, out.id, in_at=T0 + DAY),
        lambda: allocate(town, given.id, officer="zhang"),
    ):
        with pytest.raises(Refused) as refused:
            again()
        assert code(refused) == "ledger.superseded"
    with town.write() as session, pytest.raises(Refused) as refused:
        ledger.give_back(session, out.id, ReturnIn(in_at=T0 + DAY), "chen")
    assert code(refused) == "ledger.superseded"
    with pytest.raises(Refused) as refused:
        check_out(town, "nowhere")
    assert code(refused) == "ledger.unknown"


def test_the_ledger_tells_who_held_it_and_what_it_told_before(town: Database) -> None:
    """An allocation corrected, a checkout returned: each answer of then can be had again."""
    first = allocate(town, officer="zhang")
    noon, told = T0 + DAY / 2, []

    def note(*expected: str | None) -> None:
        with town.read() as session:
            told.append((now(), *expected))
            found = [ledger.held(session, "cam", at).officer_id for at in (noon, T0 + 2 * DAY)]
            assert found == list(expected)

    note("zhang", "zhang")
    second = allocate(town, first.id, officer="li")
    note("li", "li")
    out = check_out(town, out_at=noon)
    note("zhang", "zhang")
    with town.write() as session:
        ledger.give_back(session, out.id, ReturnIn(in_at=T0 + DAY), "chen")
    note("zhang", "li")
    allocate(town, second.id, officer="li", valid_to=T0 + DAY)
    note("zhang", None)
    with town.read() as session:
        for at, *expected in told:
            found = [ledger.held(session, "cam", when, at).officer_id for when in (noon, T0 + 2 * DAY)]
            assert found == expected
        assert ledger.held(session, "cam", noon, T0).officer_id is None
    agree(town)


def test_the_clock_was_set_when_a_dock_says_so(town: Database) -> None:
    with town.write() as session:
        for days, certain in ((3, True), (1, False)):
            row = ClockSetting(
                device_id="cam", set_at=T0 - days * DAY, set_to=T0, uncertainty_s=1, certain=certain
            )
            session.add(row)
            custody.append(session, custody.device_chain("cam"), "CLOCK_SET", "test", "cam", (row,))
    assert check_out(town).clock_synced_at == T0 - 3 * DAY


def test_the_status_of_then_is_known_when_the_device_is_lost_today(town: Database) -> None:
    lost = stand(town, "LOST", T0, doc_no="警情 7")
    with town.read() as session:
        device = session.get_one(Device, "cam")
        assert device.status is DeviceState.LOST
        assert holdings.status_of(session, device, T0 - DAY) == "IN_SERVICE"
        assert holdings.status_of(session, device, T0) == "LOST"
        before = lost.recorded_at - timedelta(microseconds=1)
        assert holdings.status_of(session, device, T0 + DAY, before) == "IN_SERVICE", "nobody knew yet"
        [due] = session.exec(select(RelinkDue).where(RelinkDue.why == "standing"))
        assert (due.device_id, due.from_at, due.to_at) == ("cam", T0, None)
    agree(town)


def test_a_correction_supersedes_and_both_stand(town: Database) -> None:
    lost = stand(town, "LOST", T0)
    found = stand(town, "SUSPENDED", T0 + DAY, replaces=lost.id, why="误登，实为停用")
    with town.read() as session:
        device = session.get_one(Device, "cam")
        assert device.status is DeviceState.SUSPENDED
        assert holdings.status_of(session, device, T0 + DAY / 2) == "IN_SERVICE"
        assert holdings.status_of(session, device, T0 + DAY / 2, found.recorded_at) == "IN_SERVICE"
        told_then = found.recorded_at - timedelta(microseconds=1)
        assert holdings.status_of(session, device, T0 + DAY / 2, told_then) == "LOST"
        statuses = [row.status for row in standing.history(session, "cam") if row.superseded_at is None]
        assert statuses == ["SUSPENDED", "IN_SERVICE"]
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "STANDING_ENTERED")).all()
        assert {line.actor for line in lines} == {"chen"}
    agree(town)


def test_a_life_goes_one_way(town: Database) -> None:
    stand(town, "ACCEPTED", T0)
    stand(town, "IN_SERVICE", T0 + DAY)
    with town.read() as session:
        device = session.get_one(Device, "cam")
        assert holdings.status_of(session, device, T0 - DAY) is None, "it was not accepted yet"
    for status, since, said in (
        ("ACCEPTED", T0 + 2 * DAY, "standing.no_way"),
        ("REPAIR", T0 + DAY, "standing.no_way"),
        ("REPAIR", now() + DAY, "standing.future"),
    ):
        with pytest.raises(Refused) as refused:
            stand(town, status, since)
        assert code(refused) == said
    with pytest.raises(Refused) as refused:
        stand(town, "REPAIR", T0 + 2 * DAY, why=" ")
    assert code(refused) == "standing.needs_why"
    with town.read() as session:
        assert len(standing.history(session, "cam")) == 3, "what was refused left nothing behind"
    agree(town)


def test_a_standing_or_class_edited_behind_the_ledgers_back_is_named(town: Database) -> None:
    stand(town, "LOST")
    with town.write() as session:
        told = ClassIn(unit="xt", grade="A", doc_no="x", valid_from=T0.date())  # type: ignore[arg-type]
        qualifications.classify(session, told, "chen")
        year = CheckIn(officer="zhang", valid_from=T0.date(), valid_to=T0.date())
        qualifications.check_certificate(session, year, "chen")
    agree(town)
    with town.write() as session:
        for table, column in (("standing", "why"), ("unitclass", "doc_no"), ("annualcheck", "doc_no")):
            session.connection().execute(text(f"UPDATE {table} SET {column} = 'edited'"))
    with town.read() as session:
        wrong = sorted(one.where.split("/")[0] for one in audit.rows(session))
    assert wrong == ["row annualcheck", "row standing", "row standing", "row unitclass"]


def test_a_unit_that_was_put_below_another_is_named(town: Database) -> None:
    """Who sees what hangs on it; a unit that nobody entered, but a configuration names, is no difference."""
    agree(town)
    with town.write() as session:
        session.add(Unit(id="named", name="named"))
        session.flush()
        session.connection().execute(text("UPDATE unit SET parent_id = 'named' WHERE id = 'xt'"))
    with town.read() as session:
        assert [str(one) for one in audit.rows(session)] == [
            "row unit/xt: edited: differs from its last line of custody"
        ]


def dock(
    database: Database, at: datetime, *, files: int = 1, release: ReleaseState | None = ReleaseState.KEPT,
    sealed: bool = True, volume: str = "v", state: State = State.PRESERVED,
) -> None:  # fmt: skip
    """One docking session of `cam` as intake and ingest leave it."""
    with database.write() as session:
        name = f"off-{at:%d%H}-{volume}"
        listing = [{"path": f"{number}.MP4".encode().hex(), "size": 1} for number in range(files)]
        session.add(
            Offload(
                id=name,
                device_id="cam",
                opened_at=at,
                closed_at=at,
                listing=listing,
                volume=volume,
                stale=False,
            )
        )
        session.flush()
        for number in range(files):
            kept = Original(
                id=f"{name}-{number}",
                device_id="cam",
                name="x",
                suffix=".mp4",
                size=1,
                state=state,
                sha256=f"{name}-{number}",
            )
            session.add(kept)
            session.flush()
            session.add(
                Finding(
                    device_id="cam",
                    offload_id=name,
                    path=f"{number}.MP4".encode(),
                    name="x",
                    size=1,
                    mtime_ns=0,
                    identity="i",
                    disposition=Disposition.CLIP,
                    original_id=kept.id,
                    release=release,
                )
            )
        if sealed:
            session.add(Receipt(offload_id=name, revision=1, sealed_at=at, body={"missing": []}, digest="d"))


def retire(database: Database, **given: Any) -> str | None:
    """The code of what hinders it."""
    try:
        stand(database, "RETIRED", T0 + 9 * DAY, **{"doc_no": "邢财资处〔2024〕2号", **given})
    except Refused as no:
        return str(no.reason["code"])
    return None


def test_a_device_retires_with_its_paper_and_empty(town: Database) -> None:
    assert retire(town) == "retirement.unread"
    dock(town, T0)
    assert retire(town) == "retirement.not_cleared", "kept on the card by policy"
    dock(town, T0 + DAY, files=0, sealed=False)
    assert retire(town) == "retirement.unsealed"
    with town.write() as session:
        offload = session.exec(select(Offload).order_by(col(Offload.opened_at).desc())).first()
        assert offload
        session.add(
            Receipt(offload_id=offload.id, revision=1, sealed_at=T0, body={"missing": []}, digest="d")
        )
    out = check_out(town, out_at=T0 + 2 * DAY)
    assert retire(town) == "retirement.held"
    with town.write() as session:
        ledger.give_back(session, out.id, ReturnIn(in_at=T0 + 3 * DAY), "chen")
    assert retire(town, doc_no=None) == "retirement.no_document"
    assert retire(town) is None
    with town.read() as session:
        assert session.get_one(Device, "cam").status is DeviceState.RETIRED
    with pytest.raises(Refused) as refused:
        stand(town, "IN_SERVICE", T0 + 10 * DAY)
    assert code(refused) == "standing.no_way"


@pytest.mark.parametrize(
    ("last", "hinders"),
    [
        ({"release": ReleaseState.DONE}, None),
        ({"release": ReleaseState.DUE}, "retirement.not_cleared"),
        ({"release": None, "state": State.ACQUIRED}, "retirement.unfinished"),
        ({"files": 0, "volume": "another card"}, "retirement.not_cleared"),
        ({"files": 0}, None),
    ],
)
def test_each_card_is_as_empty_as_when_it_came_last(
    town: Database, last: dict[str, Any], hinders: str | None
) -> None:
    dock(town, T0)
    dock(town, T0 + DAY, **last)
    assert retire(town) == hinders


def test_a_file_that_was_listed_and_never_read_is_still_on_it(town: Database) -> None:
    dock(town, T0, release=ReleaseState.DONE)
    with town.write() as session:
        offload = session.exec(select(Offload)).one()
        offload.listing = [*offload.listing, {"path": b"9.MP4".hex(), "size": 1}]
        session.add(offload)
    assert retire(town) == "retirement.not_cleared"


def test_a_lost_device_is_written_off_by_its_paper_alone(town: Database) -> None:
    dock(town, T0)
    allocate(town, officer="zhang")
    stand(town, "LOST", T0 + DAY)
    assert retire(town, doc_no=None) == "retirement.no_document"
    assert retire(town) is None
    with town.read() as session:
        [lost] = [row.id for row in standing.history(session, "cam") if row.status == "LOST"]
    with pytest.raises(Refused) as refused:
        stand(town, "REPAIR", T0 + DAY, replaces=lost)
    assert code(refused) == "retirement.held", "it was never lost: then all of AL-9 is asked"
    agree_but_footage(town)


def agree_but_footage(database: Database) -> None:
    """The footage of these tests was put there by hand, without custody."""
    with database.read() as session:
        wrong = [str(one) for one in audit.rows(session)]
    assert [one for one in wrong if not one.startswith(("row original", "row finding", "row receipt"))] == []


def test_classes_follow_one_another_and_rest_on_a_paper(town: Database) -> None:
    def classify(
        grade: str, since: date, until: date | None = None, replaces: str | None = None, **given: Any
    ) -> Any:
        told = {
            "unit": "xt",
            "grade": grade,
            "doc_no": "邢司〔2024〕1号",
            "valid_from": since,
            "valid_to": until,
            **given,
        }
        with town.write() as session:
            return qualifications.classify(session, ClassIn.model_validate(told), "chen", replaces)

    first = classify("B", date(2024, 1, 1))
    with pytest.raises(Refused) as refused:
        classify("A", date(2025, 1, 1))
    assert code(refused) == "ledger.class_overlaps"
    classify("B", date(2024, 1, 1), date(2024, 12, 31), first.id)
    classify("A", date(2025, 1, 1))
    for wrong, said in (
        ({"unit": "xt-1"}, "ledger.section_has_no_class"),
        ({"doc_no": " "}, "ledger.no_paper"),
        ({"unit": "nobody"}, "ledger.unknown"),
    ):
        with pytest.raises(Refused) as refused:
            classify("C", date(2030, 1, 1), **wrong)
        assert code(refused) == said
    with town.read() as session:
        assert [row.grade for row in qualifications.classes(session, "xt")] == ["A", "B"]
    agree(town)


def test_an_annual_check_is_corrected_not_overwritten(town: Database) -> None:
    year = {"officer": "zhang", "valid_from": "2024-01-01", "valid_to": "2024-12-31"}
    with town.write() as session:
        first = qualifications.check_certificate(session, CheckIn.model_validate(year), "chen")
    with town.write() as session:
        failed = CheckIn.model_validate({**year, "passed": False})
        qualifications.check_certificate(session, failed, "chen", first.id)
    with town.write() as session, pytest.raises(Refused):
        qualifications.check_certificate(session, failed, "chen", first.id)
    agree(town)


def test_the_registry_comes_in_whole_and_again_without_change(town: Database) -> None:
    told = {
        **TOWN,
        "devices": [
            {
                "id": "cam",
                "keeper": "li",
                "spec": {"width": 1920, "gps": True},
                "gb_code": "13050200001320000001",
            },
            {
                "id": "photo",
                "type": "camera",
                "unit": "xt-1",
                "procurement_doc_no": "邢财资〔2023〕8号",
                "status": "REPAIR",
            },
        ],
        "classes": [{"unit": "xt", "grade": "A", "doc_no": "邢司〔2024〕1号", "valid_from": "2024-01-01"}],
        "checks": [{"officer": "li", "valid_from": "2024-01-01", "valid_to": "2024-12-31"}],
        "standings": [
            {"device": "cam", "status": "IN_SERVICE", "since": T0 + DAY, "why": "启用"},
            {"device": "cam", "status": "ACCEPTED", "since": T0, "why": "验收"},
        ],
    }

    def store() -> list[tuple[str, int]]:
        with town.write() as session:
            registry.store_registry(session, RegistryFile.model_validate(told), "test")
        with town.read() as session:
            return sorted(
                (line.chain, line.seq)
                for line in session.exec(select(CustodyEvent))
                if line.event != "REGISTRY_STORED"
            )

    first = store()
    assert len(store()) == len(first)
    with town.read() as session:
        cam, photo = session.get_one(Device, "cam"), session.get_one(Device, "photo")
        assert (cam.keeper_id, cam.spec, cam.status) == (
            "li",
            told["devices"][0]["spec"],
            DeviceState.IN_SERVICE,
        )  # type: ignore[index]
        assert (photo.type, photo.status) == ("camera", DeviceState.REPAIR)
    agree(town)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "photo"}, "ledger.unknown"),
        ({"id": "cam", "keeper": "nobody"}, "ledger.unknown"),
        ({"id": "cam", "unit": "nobody"}, "ledger.unknown"),
        ({"id": "photo", "type": "camera", "gb_code": "13050200001320000001"}, "ledger.gb_code_taken"),
    ],
)
def test_what_the_registry_refuses(town: Database, wrong: dict[str, str], said: str) -> None:
    def store(session: Session, facts: dict[str, str]) -> None:
        registry.store_registry(session, RegistryFile.model_validate({"devices": [facts]}), "test")

    with town.write() as session:
        store(session, {"id": "cam", "gb_code": "13050200001320000001"})
    with pytest.raises(Refused) as refused, town.write() as session:
        store(session, wrong)
    assert code(refused) == said


def test_a_wrong_code_is_named() -> None:
    with pytest.raises(ValueError, match="GB/T 28181"):
        RegistryFile.model_validate({"devices": [{"id": "cam", "gb_code": "130502"}]})
