"""From what a device tells of its clock to when its clips were recorded, who held it then, and what is decided anew."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from gateway import audit, linking, migrations, rulepacks
from gateway.database import Database
from gateway.device import ClockRead, ClockSet, DeviceEvent
from gateway.intake.events import store_one
from gateway.linking import preview
from gateway.linking.clocks import Windows, clocks_of, limits_of
from gateway.models import (
    Allocation,
    AllocationKind,
    Checkout,
    Clip,
    ClockSetting,
    CustodyEvent,
    Device,
    Disposition,
    Finding,
    Officer,
    Offload,
    Original,
    RelinkDue,
    Unit,
)
from gateway.rules.clock_error import Course

PACK = rulepacks.packs("hebei-xingtai-2019")
HOUR = 3600.0


def at(clock: str, day: int = 4) -> datetime:
    return datetime.fromisoformat(f"2025-08-{day:02}T{clock}+00:00")


def read(when: datetime, ahead_s: float = 0.0, *, synchronised: bool = True) -> ClockRead:
    return ClockRead(
        device_id="cam", at=when, device_time=when + timedelta(seconds=ahead_s), uncertainty_s=1.0,
        host_synchronised=synchronised,
    )  # fmt: skip


def put(when: datetime, *, certain: bool = True) -> ClockSet:
    return ClockSet(
        device_id="cam", at=when, device_time=when, uncertainty_s=1.0, host_synchronised=True, certain=certain
    )


class Town:
    """One camera, its dockings and its clips, without a driver."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            session.add(Unit(id="xt", name="xt"))
            session.flush()
            session.add(Device(id="cam", type="body_camera", timezone="UTC", unit_id="xt"))

    def tell(self, *events: DeviceEvent) -> None:
        with self.database.write() as session:
            for event in events:
                store_one(session, event, "here", "here")

    def dock(self, when: datetime, *brings: tuple[str, datetime], on: str = "card", keeps: str = "") -> None:
        """A card that holds what it brings, and of what came before what it `keeps`."""
        names = [name for name, _ in brings]
        with self.database.write() as session:
            listing = [entry(name) for name in [*names, *keeps.split()]]
            offload = Offload(
                id=f"o{when:%d%H%M}", device_id="cam", opened_at=when, volume=on, listing=listing
            )
            session.add(offload)
            session.flush()
            for name, shown in brings:
                self.clip(session, name, shown, when, offload.id)

    def bring(self, name: str, shown: datetime, found: datetime) -> None:
        with self.database.write() as session:
            self.clip(session, name, shown, found, None)

    def clip(
        self, session: Session, name: str, shown: datetime, found: datetime, offload: str | None
    ) -> None:
        session.add(Original(id=name, device_id="cam", name=name, suffix=".mp4", size=1, found_at=found))
        session.flush()
        time = {"source": "name", "written": shown.replace(tzinfo=None).isoformat(), "zone": "UTC"}
        session.add(Clip(id=name, device_id="cam", kind="VIDEO", duration_s=30, times=[time]))
        session.add(
            Finding(
                device_id="cam", offload_id=offload, path=name.encode(), name=name, size=1, mtime_ns=1,
                identity=name, disposition=Disposition.CLIP, original_id=name,
            )
        )  # fmt: skip

    def when(self, name: str) -> tuple[datetime, bool]:
        """(start, whether it is certain to seconds)"""
        with self.database.read() as session:
            found = preview(session, session.get_one(Clip, name), PACK).interval
        assert found is not None
        assert not found.doubtful
        return found.start, found.uncertainty_s < 5 and not found.either

    def reached(self) -> set[str]:
        """What is due to be decided anew; nothing is, afterwards."""
        with self.database.read() as session:
            rows = session.exec(select(RelinkDue)).all()
            found = {clip for row in rows for clip in linking.affected(session, row, PACK, 100)}
        linking.drain(self.database, PACK)
        return found


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def test_footage_from_after_a_setting_is_not_corrected_by_what_was_read_before(town: Town) -> None:
    """One hour fast at 08:00, set then; recorded at a true 07:00:10, 07:30, 08:30 and 09:00; docked at 18:00."""
    town.tell(read(at("08:00:00"), HOUR), put(at("08:00:01")))
    town.dock(at("08:00:20"), ("before", at("08:30:00")), ("last", at("08:00:10")))
    town.tell(read(at("18:00:00")))
    town.dock(at("18:00:20"), ("after", at("08:30:00")), ("nine", at("09:00:00")), keeps="before last")
    assert town.when("before") == (at("07:30:00"), True)
    assert town.when("last") == (at("07:00:10"), True), "it was in the dock from its reading on"
    assert town.when("after")[1], "its card was listed without it at 08:00"
    assert abs(town.when("after")[0] - at("08:30:00")) < timedelta(seconds=1)
    assert abs(town.when("nine")[0] - at("09:00:00")) < timedelta(seconds=1)


def test_another_card_may_have_been_anywhere(town: Town) -> None:
    town.tell(read(at("08:00:00"), HOUR), put(at("08:00:01")))
    town.dock(at("08:00:20"))
    town.tell(read(at("18:00:00")))
    town.dock(at("18:00:20"), ("a", at("08:30:00")), on="another card")
    assert town.when("a")[1] is False


def test_a_file_that_could_not_be_copied_at_first_was_there_all_the_same(town: Town) -> None:
    """Listed at 08:00, torn out before it was found, found in the evening."""
    town.tell(read(at("08:00:00"), HOUR), put(at("08:00:01")))
    town.dock(at("08:00:20"), keeps="a")
    town.tell(read(at("18:00:00")))
    town.dock(at("18:00:20"), ("a", at("08:30:00")))
    assert town.when("a") == (at("07:30:00"), True)


def test_an_unreadable_folder_is_no_proof_that_a_file_was_not_there(town: Town) -> None:
    town.tell(read(at("08:00:00"), HOUR), put(at("08:00:01")))
    town.dock(at("08:00:20"))
    with town.database.write() as session:
        offload = session.exec(select(Offload)).one()
        offload.listing = [{**entry("DCIM"), "size": 0, "mtime_ns": 0}]
    town.tell(read(at("18:00:00")))
    town.dock(at("18:00:20"), ("DCIM/a", at("08:30:00")))
    assert town.when("DCIM/a")[1] is False


def test_a_camera_that_lost_its_clock_is_placed_by_the_docking_that_brought_the_file(town: Town) -> None:
    """It began again at 2017-01-01 00:00 after the docking before; the first reading of all is the oldest."""
    lost_s = (datetime(2017, 1, 1, 9, tzinfo=UTC) - at("18:00:00", 8)).total_seconds()
    for day in (1, 2, 7):
        town.tell(read(at("18:00:00", day), 1.0))
    town.tell(read(at("18:00:00", 8), lost_s))
    town.bring("lost", datetime(2017, 1, 1, 0, 30, tzinfo=UTC), at("18:00:20", 8))
    assert town.when("lost") == (at("09:30:00", 8), True)


def test_who_held_it_is_asked_for_each_time_that_is_possible(town: Town) -> None:
    """Somebody set the clock by hand: 13:00 with one officer, or 14:00 with another."""
    town.tell(read(at("08:00:00"), HOUR), read(at("18:00:00")))
    town.bring("a", at("14:00:00"), at("18:00:00"))
    with town.database.write() as session:
        session.add_all(Officer(id=name, name=name, unit_id="xt") for name in ("zhang", "li"))
        session.flush()
        pool = Allocation(
            device_id="cam", kind=AllocationKind.POOL, unit_id="xt", valid_from=at("00:00:00", 1)
        )
        one = Checkout(device_id="cam", officer_id="zhang", out_at=at("08:00:00"), in_at=at("13:20:00"))
        session.add_all((pool, one))
        session.add(Checkout(device_id="cam", officer_id="li", out_at=at("13:30:00"), in_at=at("17:00:00")))
    with town.database.read() as session:
        judged = linking.preview(session, session.get_one(Clip, "a"), PACK)
        assert judged.custody.officer_id is None
        assert judged.decision.unlinked is not None
        assert judged.decision.unlinked.code == "unlinked.either"
    with town.database.write() as session:
        session.exec(select(Checkout).where(Checkout.officer_id == "zhang")).one().in_at = at("17:00:00")
        session.delete(session.exec(select(Checkout).where(Checkout.officer_id == "li")).one())
    with town.database.read() as session:
        assert linking.preview(session, session.get_one(Clip, "a"), PACK).custody.officer_id == "zhang"


def test_a_reading_reaches_the_clips_that_were_found_since_the_one_before(town: Town) -> None:
    town.dock(at("07:00:00", 1), ("never read", at("06:00:00", 1)))
    town.tell(read(at("08:00:00")))
    assert town.reached() == {"never read"}, "the first reading reaches all"
    town.dock(at("08:00:20"), ("docked", at("07:00:00")))
    town.reached()
    town.tell(put(at("08:00:01")))
    assert town.reached() == set(), "its docking's own clips were recorded before it was read"
    town.dock(at("12:00:00"), ("no reading at this docking", at("11:00:00")), keeps="docked")
    town.bring("uploaded", at("07:30:00"), at("13:00:00"))
    town.tell(read(at("18:00:00")))
    assert town.reached() == {"no reading at this docking", "uploaded"}
    town.tell(read(at("10:00:00")))
    assert town.reached() == {"no reading at this docking", "uploaded"}, "told late"
    town.tell(read(at("19:00:00")))
    assert town.reached() == set()


def test_a_setting_decides_anew_what_it_reaches_and_touches_nothing_else(town: Town) -> None:
    town.tell(read(at("08:00:00"), HOUR))
    town.dock(at("08:00:20"), ("before", at("08:30:00")))
    town.dock(at("18:00:20"), ("after", at("14:00:00")), keeps="before")
    town.reached()
    with town.database.write() as session:
        for name in ("before", "after"):
            linking.relink(session, [session.get_one(Clip, name)], PACK, "gateway")
    lines = told(town, "before"), told(town, "after")
    town.tell(put(at("08:00:01")))
    linking.drain(town.database, PACK)
    assert (told(town, "before"), told(town, "after")) == (lines[0], lines[1] + 1)
    with town.database.read() as session:
        starts = [session.get_one(Clip, name).started_at for name in ("before", "after")]
    assert starts == [at("07:30:00"), at("14:00:00")]


def test_a_setting_is_vouched_for_by_the_devices_chain(town: Town) -> None:
    town.tell(read(at("08:00:00"), HOUR), put(at("08:00:01"), certain=False))
    with town.database.read() as session:
        [line] = session.exec(select(CustodyEvent).where(CustodyEvent.event == "CLOCK_SET")).all()
        assert (line.chain, line.detail["certain"]) == ("device:cam", False)
        assert list(audit.chains(session)) == []
    with town.database.write() as session:
        session.exec(select(ClockSetting)).one().set_to = at("09:00:00")
    with town.database.read() as session:
        named = [str(one) for one in audit.rows(session) if "clocksetting" in str(one)]
    assert len(named) == 1


def test_what_the_old_rule_corrected_is_decided_anew_after_the_update(town: Town) -> None:
    town.tell(read(at("08:00:00"), HOUR))
    linking.drain(town.database, PACK)
    migrations.downgrade(town.database.engine, "0005")
    migrations.upgrade(town.database.engine)
    with town.database.read() as session:
        assert [row.device_id for row in session.exec(select(RelinkDue))] == ["cam"]
    town.dock(at("08:00:20"), ("a", at("08:30:00")))
    assert town.reached() == {"a"}


def entry(name: str) -> dict[str, object]:
    return {"path": name.encode().hex(), "name": name, "size": 1, "mtime_ns": 1, "sequence": None}


def told(town: Town, clip: str) -> int:
    with town.database.read() as session:
        return len(session.exec(select(CustodyEvent).where(col(CustodyEvent.subject) == clip)).all())


def test_a_card_that_is_docked_again_during_a_round_is_read_again(town: Town) -> None:
    """What was read of it before lacks the newest docking, and a clip of that may come in the same round."""
    town.tell(read(at("08:00:00")))
    town.dock(at("18:00:00"), ("a", at("09:00:00")))
    with town.database.read() as session:
        windows = Windows(session)
        windows.load({"a"})
        session.rollback()
        town.dock(at("18:00:00", 5), ("b", at("09:00:00", 5)), keeps="a")
        windows.load({"b"})
        course = Course(clocks_of(session, {"cam"})["cam"], limits_of(PACK.default))
        found = windows.of(session.get_one(Clip, "b"), at("18:00:01", 5), course, 600)
    assert found.until == at("18:00:00", 5)
    assert found.since == at("18:00:00"), "it did not lie there the day before"
