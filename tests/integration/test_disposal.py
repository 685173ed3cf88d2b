"""Disposal on both databases: what is listed, who may agree, what drops out, what a crash leaves."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from gateway import custody, disposal, holds, migrations, retention
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import store_case
from gateway.database import Database
from gateway.device import Refused
from gateway.disposal_command import link_told
from gateway.models import (
    Allocation,
    AllocationKind,
    CaseRecord,
    Clip,
    Described,
    DestructionRecord,
    DisposalItem,
    DisposalRun,
    Finding,
    ItemState,
    LegalHold,
    Link,
    Original,
    ReleaseState,
    RelinkDue,
    Rendition,
    RetentionFlag,
    RunState,
    State,
    Unit,
    Viewing,
    Work,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.rules.retention import Flag
from tests.shelf import LONG_AGO, Shelf, told

ARCHIVED = {
    "closed_on": datetime(1990, 1, 1, tzinfo=UTC), "archived_on": datetime(1990, 2, 1, tzinfo=UTC),
    "retention_class": "10y", "real_estate": False,
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'm.sqlite'}")
    else:
        database = Database(request.getfixturevalue("postgres_database"))
    migrations.upgrade(database.engine)
    yield Shelf(database, tmp_path)
    database.close()


@pytest.fixture
def lite(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path)


def propose(shelf: Shelf, *clips: str, who: str = "chen", **more: Any) -> str:
    with shelf.database.write() as session:
        made = disposal.propose(
            session, shelf.packs, shelf.viewer(who), "保存期满", clips=clips or None, **more
        )
        return made.id


def approve(shelf: Shelf, run_id: str, count: int, who: str = "zhao") -> None:
    disposal.approve(shelf.database, shelf.packs, run_id, shelf.viewer(who), count)


def refused(code: str, do: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(Refused) as caught:
        do()
    assert caught.value.reason["code"] == code
    facts: dict[str, Any] = caught.value.reason["facts"]
    return facts


def item(shelf: Shelf, clip: str) -> DisposalItem:
    with shelf.database.read() as session:
        wanted = select(DisposalItem).where(DisposalItem.clip_id == clip)
        return session.exec(wanted.order_by(col(DisposalItem.id).desc())).first()  # type: ignore[return-value]


def due(shelf: Shelf, **more: Any) -> list[str]:
    with shelf.database.read() as session:
        found = disposal.due(session, shelf.packs, None, now(), limit=50, **more)
        return [one.clip.id for one in found]


def hold(shelf: Shelf, **given: Any) -> str:
    with shelf.database.write() as session:
        return holds.place(session, holds.HoldIn(why="行政复议", **given), "zhao", "u").id


def test_two_persons_and_then_it_is_gone_and_everything_else_stands(shelf: Shelf) -> None:
    shelf.clip("one", place="桥西")
    shelf.clip("two")
    shelf.attachment("track", "one")
    assert shelf.differences() == []
    run = propose(shelf, "one", "two")
    assert len(shelf.lying("one")) == 5
    shelf.daemon.round()
    assert len(shelf.lying("one")) == 5, "nothing goes before somebody agreed"
    refused("disposal.same_person", lambda: approve(shelf, run, 2, "chen"))
    refused("disposal.count", lambda: approve(shelf, run, 3))
    approve(shelf, run, 2)
    shelf.daemon.round()
    for name in ("one", "two", "track"):
        assert shelf.lying(name) == []
        assert shelf.get(Original, name).state is State.DESTROYED
        assert shelf.get(Original, name).sha256
    assert shelf.differences() == []
    assert shelf.get(DisposalRun, run).state is RunState.DONE
    with shelf.database.read() as session:
        record = session.exec(select(DestructionRecord).where(DestructionRecord.original_id == "one")).one()
        assert session.exec(select(Rendition).where(Rendition.clip_id == "one")).one()
    assert (record.proposed_by, record.approved_by, record.labels["place"]) == ("chen", "zhao", "桥西")
    assert record.rule["code"] == "retention.any"
    assert record.gone_at is not None
    assert shelf.events("one") == ["DISPOSAL_LISTED", "DESTRUCTION_BEGUN", "DESTROYED"]
    assert shelf.events(run) == ["DISPOSAL_PROPOSED", "DISPOSAL_APPROVED", "DISPOSAL_ENDED"]
    assert due(shelf) == []
    refused("disposal.not_due", lambda: propose(shelf, "one"))


def test_the_list_tells_the_rule_the_links_who_looked_last_size_and_digest(lite: Shelf) -> None:
    lite.clip("one", important=False)
    lite.case("k", **ARCHIVED, archive_no="A-1")
    link = lite.link("one", "k")
    lite.change(Link, link, status="WITHDRAWN", ended_at=now())
    for days, purpose in ((9, "抽查"), (2, "案卷评查")):
        with lite.database.write() as session:
            viewing = Viewing(
                clip_id="one", user_id=lite.viewer("zhao").user_id, purpose=purpose,
                started_at=now() - timedelta(days=days), expires_at=now(),
            )  # fmt: skip
            session.add(viewing)
            told(session, viewing)
    with lite.database.read() as session:
        [shown] = disposal.preview(session, lite.packs, None, now(), 10)
    assert shown["clip"] == "one"
    assert shown["rule"]["code"] == "retention.any"
    assert shown["links"] == [
        {"case": "k", "title": "案", "status": "WITHDRAWN", "verdict": "VALID", "stands": False,
         "archive_no": "A-1"}
    ]  # fmt: skip
    assert shown["last_viewed"]["by"] == "zhao"
    assert shown["last_viewed"]["purpose"] == "案卷评查"
    original = lite.get(Original, "one")
    assert (shown["size"], shown["sha256"]) == (original.size, original.sha256)
    assert shown["on_device"] == ["cam-u"], "what was left on a device comes in again"


def in_court(shelf: Shelf) -> None:
    hold(shelf, clip="one")


def on_the_device(shelf: Shelf) -> None:
    hold(shelf, device="cam-u", since=LONG_AGO - timedelta(days=1), until=LONG_AGO)


def on_a_case_it_was_taken_from(shelf: Shelf) -> None:
    """To withdraw a link takes no hold away."""
    shelf.case("k", party_code="91130500X", party_name="某店", closed_on=LONG_AGO)
    link = shelf.link("one", "k")
    shelf.change(Link, link, status="WITHDRAWN", ended_at=now())
    hold(shelf, case="k")


def on_the_party(shelf: Shelf) -> None:
    on_a_case_it_was_taken_from(shelf)
    with shelf.database.write() as session:
        holds.lift(session, session.exec(select(LegalHold)).one(), "误设", "zhao")
    hold(shelf, party_name="某店")


SHOP, OTHER = "91350100M000100Y43", "91130500MA0000002R"


def of_three(shelf: Shelf, *left: str) -> None:
    """A case of three parties; `left` are those of a later telling."""
    parties = [
        {"kind": "ORGANISATION", "name": "某店", "code": SHOP},
        {"kind": "ORGANISATION", "name": "某厂（邢台）", "code": OTHER},
        {"kind": "CITIZEN", "name": "王五"},
    ]
    dates = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in ARCHIVED.items()
    }
    told = {"uid": "k", "title": "案", "unit": "u", **dates, "parties": parties}
    with shelf.database.write() as session:
        store_case(session, CaseIn.model_validate(told), "t", "t")
        if left:
            told["parties"] = [one for one in parties if one["name"] in left]
            store_case(session, CaseIn.model_validate(told), "t", "t")
    shelf.link("one", "k")


def on_the_second_party(shelf: Shelf) -> None:
    of_three(shelf)
    hold(shelf, party_code=OTHER)


def on_the_citizen(shelf: Shelf) -> None:
    of_three(shelf)
    hold(shelf, party_name=" 王五")


def on_another_spelling(shelf: Shelf) -> None:
    of_three(shelf)
    hold(shelf, party_name="某厂(邢台)")


def on_a_party_that_was_dropped(shelf: Shelf) -> None:
    of_three(shelf, "王五")
    hold(shelf, party_code=SHOP)


def on_a_name_that_was_dropped(shelf: Shelf) -> None:
    of_three(shelf, "某店")
    hold(shelf, party_name="王五")


PARTIES = (
    on_the_party, on_the_second_party, on_the_citizen, on_another_spelling, on_a_party_that_was_dropped,
    on_a_name_that_was_dropped,
)  # fmt: skip


@pytest.mark.parametrize("held", [in_court, on_the_device, on_a_case_it_was_taken_from, *PARTIES])
def test_a_hold_keeps_it_from_being_listed_and_takes_it_off_a_list(
    lite: Shelf, held: Callable[[Shelf], None]
) -> None:
    lite.clip("one")
    lite.clip("other", device="cam-v")
    run = propose(lite, "one", "other", who="root")
    held(lite)
    assert refused("disposal.held", lambda: approve(lite, run, 2, "zhao"))["left"] == "1"
    assert item(lite, "one").state is ItemState.DROPPED
    assert item(lite, "one").why["code"] == "retention.held"  # type: ignore[index]
    refused("disposal.not_due", lambda: propose(lite, "one"))
    assert "one" not in due(lite)
    approve(lite, run, 1)
    lite.daemon.round()
    assert lite.lying("other") == []
    assert len(lite.lying("one")) == 5
    assert lite.differences() == []


def test_a_hold_on_a_party_reaches_no_other_s_footage(shelf: Shelf) -> None:
    shelf.clip("one")
    of_three(shelf)
    hold(shelf, party_code="91130500MA0000001X")
    hold(shelf, party_name="王五五")
    assert due(shelf) == ["one"]
    hold(shelf, party_name="王五")
    assert due(shelf) == []


def test_a_hold_after_the_second_person_agreed_still_wins(shelf: Shelf) -> None:
    shelf.clip("one")
    run = propose(shelf, "one")
    approve(shelf, run, 1)
    hold(shelf, clip="one")
    shelf.daemon.round()
    assert len(shelf.lying("one")) == 5
    assert item(shelf, "one").state is ItemState.DROPPED
    assert shelf.get(DisposalRun, run).ended_why == "0 of 1 destroyed"
    with shelf.database.write() as session:
        holds.lift(session, session.exec(select(LegalHold)).one(), "终结", "zhao")
    assert due(shelf) == ["one"], "it may be proposed again, by two persons again"
    assert shelf.differences() == []


def marked(shelf: Shelf) -> None:
    with shelf.database.write() as session:
        holds.mark(session, "one", Flag.MAJOR, "重大", "chen")


def linked(shelf: Shelf) -> None:
    shelf.case("k")
    shelf.link("one", "k")


def linked_to_what_is_over(shelf: Shelf) -> None:
    """Still due, but by another rule than was agreed to."""
    shelf.case("k", **{**ARCHIVED, "archived_on": datetime(2000, 1, 1, tzinfo=UTC)})
    shelf.link("one", "k")


def set_aside(shelf: Shelf) -> None:
    shelf.change(Clip, "one", described=Described.QUARANTINED, quarantine={"code": "x", "facts": {}})


def worked_on(shelf: Shelf) -> None:
    with shelf.database.write() as session:
        session.add(Work(item_id="one", pipeline="describe"))


def important_now(shelf: Shelf) -> None:
    shelf.change(Clip, "one", important=True)


def a_track_came(shelf: Shelf) -> None:
    shelf.attachment("track", "one")


def part_of_a_take(shelf: Shelf) -> None:
    """The other part of the take is linked: who keeps one part keeps all of them."""
    from gateway.models import Recording

    with shelf.database.write() as session:
        take = Recording(id="take", device_id="cam-u")
        session.add(take)
        told(session, take)
    shelf.clip("rest", recording_id="take")
    shelf.change(Clip, "one", recording_id="take")
    shelf.case("k")
    shelf.link("rest", "k")


CHANGES = {
    marked: "retention.flag_permanent", linked: "retention.case_open", set_aside: "retention.quarantined",
    worked_on: "retention.unfinished", linked_to_what_is_over: "disposal.changed",
    important_now: "disposal.changed", a_track_came: "disposal.changed", part_of_a_take: "retention.case_open",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("agreed", [False, True])
def test_whatever_changes_takes_it_off_the_list(
    lite: Shelf, change: Callable[[Shelf], None], agreed: bool
) -> None:
    old = datetime(2010, 1, 1, tzinfo=UTC)
    lite.clip("one", found=old)
    run = propose(lite, "one")
    if agreed:
        approve(lite, run, 1)
        change(lite)
        lite.daemon.round()
    else:
        change(lite)
        refused("disposal.list_changed", lambda: approve(lite, run, 1))
        refused("disposal.not_now", lambda: approve(lite, run, 1))
    assert item(lite, "one").state is ItemState.DROPPED
    assert item(lite, "one").why["code"] == CHANGES[change]  # type: ignore[index]
    assert len(lite.lying("one")) == 5
    assert "DISPOSAL_DROPPED" in lite.events("one")
    assert lite.differences() == []


def test_a_shorter_rule_deletes_nothing_and_another_pack_takes_the_list_back(
    lite: Shelf, tmp_path: Path
) -> None:
    recent = now() - timedelta(days=70)
    lite.clip("one", found=recent)
    lite.clip("old")
    run = propose(lite)
    assert item(lite, "one") is None
    own = tmp_path / "short.yaml"
    own.write_text(
        "extends: hebei-xingtai-2019\nid: short\nretention:\n"
        "  unlinked_months: {value: 1, source: 本局规定, verified: true}\n"
    )
    from gateway import rulepacks

    lite.packs = RulePacks(rulepacks.load(own))
    lite.daemon.round()
    assert len(lite.lying("one")) == 5
    assert due(lite) == ["one"]
    refused("disposal.list_changed", lambda: approve(lite, run, 1))
    assert "pack" in item(lite, "old").why["facts"]["what"]  # type: ignore[index]


def test_a_unit_has_its_own_pack_and_passes_it_on(lite: Shelf, tmp_path: Path) -> None:
    from gateway import rulepacks

    own = tmp_path / "own.yaml"
    own.write_text(
        "extends: hebei-xingtai-2019\nid: own\nretention:\n"
        "  unlinked_months: {value: 1200, source: 本局规定, verified: true}\n"
    )
    with lite.database.write() as session:
        session.get_one(Unit, "u").parent_id = "v"
    lite.clip("one")
    lite.packs = RulePacks(rulepacks.load("hebei-xingtai-2019"), {"v": rulepacks.load(own)})
    assert due(lite) == []


def test_footage_of_a_case_file_needs_the_paper_that_allows_it(lite: Shelf) -> None:
    lite.clip("one", found=datetime(2010, 1, 1, tzinfo=UTC))
    lite.clip("free")
    lite.case("k", **ARCHIVED)
    lite.link("one", "k")
    assert due(lite) == ["free", "one"]
    refused("disposal.authority", lambda: propose(lite, "one"))
    run = propose(lite)
    assert [one.clip_id for one in listed(lite, run)] == ["free"]
    paper = propose(lite, "one", authority="邢档销〔2026〕3号")
    approve(lite, paper, 1)
    lite.daemon.round()
    with lite.database.read() as session:
        record = session.exec(select(DestructionRecord)).one()
    assert (record.original_id, record.authority) == ("one", "邢档销〔2026〕3号")
    assert record.links[0]["case"] == "k"


def listed(shelf: Shelf, run: str) -> list[DisposalItem]:
    with shelf.database.read() as session:
        return disposal.items_of(session, session.get_one(DisposalRun, run))


def test_a_unit_lists_its_own_footage_only(lite: Shelf) -> None:
    lite.clip("mine")
    lite.clip("theirs", device="cam-v")
    refused("disposal.unknown", lambda: propose(lite, "mine", "theirs"))
    assert [one.clip_id for one in listed(lite, propose(lite))] == ["mine"]
    refused("disposal.nothing_due", lambda: propose(lite))
    refused("disposal.listed_already", lambda: propose(lite, "mine"))


def test_the_list_says_of_a_link_who_ended_it() -> None:
    ended = {"case": "k1", "status": "PROPOSED", "stands": False}
    assert link_told(ended) == "k1（已不成立）"
    assert link_told({**ended, "status": "WITHDRAWN"}) == "k1（人工撤销）"
    assert link_told({**ended, "stands": True}) == "k1"


def test_what_is_not_due_cannot_be_named(lite: Shelf) -> None:
    lite.clip("young", found=now() - timedelta(days=30))
    facts = refused("disposal.not_due", lambda: propose(lite, "young"))
    assert re.fullmatch(r"R-\d+", facts["rule"]), "what regulations.md knows it by, not a name of code"
    with lite.database.read() as session:
        assert session.exec(select(DisposalRun)).first() is None


def test_a_counter_s_footage_goes_earlier_and_only_if_it_surely_is_one(lite: Shelf) -> None:
    found = now() - timedelta(days=120)
    lite.clip("one", found=found)
    assert due(lite) == []

    def allocate(kind: AllocationKind, start: datetime, end: datetime | None) -> None:
        with lite.database.write() as session:
            row = Allocation(device_id="cam-u", kind=kind, unit_id="u", valid_from=start, valid_to=end)
            session.add(row)
            told(session, row)

    allocate(AllocationKind.WINDOW, found - timedelta(days=9), None)
    assert due(lite) == ["one"]
    lite.change(Clip, "one", uncertainty_s=9e6)
    allocate(AllocationKind.POOL, found - timedelta(days=90), found - timedelta(days=9))
    assert due(lite) == [], "the pool may have had it when this was recorded"
    lite.change(Clip, "one", uncertainty_s=1.0)
    assert due(lite) == ["one"]
    lite.change(Clip, "one", started_at=None, ended_at=None)
    assert due(lite) == []


def test_a_run_that_was_written_into_is_not_carried_out_and_is_named(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("victim", found=now())
    run = propose(lite, "one")
    approve(lite, run, 1)
    with lite.database.write() as session:
        other = session.exec(select(DisposalItem)).one()
        session.add(DisposalItem(run_id=run, clip_id="victim", shown=other.shown, facts=other.facts))
    lite.daemon.round()
    assert lite.lying("victim")
    assert lite.lying("one")
    said = lite.differences()
    assert any("its list is not the one that was proposed" in one for one in said)
    refused("disposal.altered", lambda: cancel(lite, run))


@pytest.mark.parametrize("second", ["zhao", "chen", None])
def test_a_row_that_says_approved_is_no_agreement(lite: Shelf, second: str | None) -> None:
    lite.clip("one")
    run = propose(lite, "one")
    with lite.database.write() as session:
        row = session.get_one(DisposalRun, run)
        row.state, row.approved_by = RunState.APPROVED, second
        row.approved_by_id = lite.viewer(second).user_id if second else None
        session.add(row)
        if second != "zhao":  # even where the chain tells of it
            custody.append(session, custody.SITE, "FORGED", "x", run, (row,))
    lite.daemon.round()
    assert len(lite.lying("one")) == 5
    assert lite.get(Original, "one").state is State.PRESERVED
    assert bool(lite.differences()) == (second == "zhao")


def cancel(shelf: Shelf, run: str) -> None:
    with shelf.database.write() as session:
        disposal.cancel(session, run, "再议", "zhao")


def test_a_cancelled_run_goes_nowhere(shelf: Shelf) -> None:
    shelf.clip("one")
    run = propose(shelf, "one")
    approve(shelf, run, 1)
    cancel(shelf, run)
    shelf.daemon.round()
    assert len(shelf.lying("one")) == 5
    assert due(shelf) == ["one"]
    assert shelf.differences() == []


class Killed(BaseException):
    pass


KILLS = ("before the record", "after the record", "in the first store", "before the second line")


@pytest.mark.parametrize("at", KILLS)
def test_a_kill_leaves_the_whole_original_or_a_record_and_then_nothing(
    shelf: Shelf, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.clip("one")
    shelf.attachment("track", "one")
    approve(shelf, propose(shelf, "one"), 1)
    daemon = shelf.daemon

    def dies(*_: object, **__: object) -> Any:
        raise Killed

    def dies_in_second(item_id: str) -> None:
        raise Killed

    where: dict[str, tuple[Any, str, Any]] = {
        "before the record": (daemon, "record", dies),
        "after the record": (shelf.store, "destroy", dies),
        "in the first store": (shelf.second, "destroy", dies_in_second),
        "before the second line": (daemon, "last_of", dies),
    }
    target, name, instead = where[at]
    with monkeypatch.context() as patch:
        patch.setattr(target, name, instead)
        with pytest.raises(Killed):
            daemon.round()
    said = shelf.differences()
    if at == "before the record":
        assert said == []
        assert len(shelf.lying("one")) == 5
        assert shelf.get(Original, "one").state is State.PRESERVED
    else:
        assert shelf.get(Original, "one").state is State.DESTROYED
        here = [str(path) for path in (*shelf.lying("one"), *shelf.lying("track"))]
        assert sorted(said) == sorted(f"file {path}: destroyed on record, and still here" for path in here)
        assert bool(here)
    shelf.daemon.round()
    assert shelf.differences() == []
    assert shelf.lying("one") == shelf.lying("track") == []
    assert item(shelf, "one").state is ItemState.DESTROYED
    assert shelf.events("one").count("DESTROYED") == 1


def destroyed(shelf: Shelf, *names: str) -> None:
    approve(shelf, propose(shelf, *names), len(names))
    shelf.daemon.round()


def test_verify_names_bytes_that_came_back_and_bytes_that_went_without_a_record(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    key = lite.get(Original, "one").stored_as
    content = lite.store.path(key).read_bytes()
    destroyed(lite, "one")
    assert lite.differences() == []
    lite.bytes_of(key, content)
    lite.store.path(lite.get(Original, "two").stored_as).unlink()
    said = lite.differences()
    assert f"file {lite.store.path(key)}: destroyed on record, and still here" in said
    assert any(one.endswith("two.mp4: missing") for one in said)


def test_verify_names_a_destroyed_row_without_record_and_a_record_of_what_is_here(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    lite.clip("three")
    destroyed(lite, "one", "two")
    with lite.database.write() as session:
        row = session.exec(select(DestructionRecord).where(DestructionRecord.original_id == "one")).one()
        session.delete(row)
        session.get_one(Original, "two").state = State.PRESERVED
    said = lite.differences()
    assert "row original/one: destroyed, and no record tells of it" in said
    assert "row original/two: a record says that it was destroyed" in said
    assert any(one.startswith("row destructionrecord/") and "deleted" in one for one in said)


def test_a_loss_is_not_covered_by_a_record(lite: Shelf) -> None:
    """What is gone already was not destroyed by two persons: nobody can count a loss that a list swallows."""
    lite.clip("gone")
    lite.clip("cut")
    approve(lite, propose(lite), 2)
    lite.store.path(lite.get(Original, "gone").stored_as).unlink()
    lite.store.path(lite.get(Original, "cut").stored_as).write_bytes(b"x")
    lite.daemon.round()
    assert item(lite, "gone").why["code"] == "disposal.bytes_missing"  # type: ignore[index]
    assert item(lite, "cut").why["code"] == "disposal.bytes_differ"  # type: ignore[index]
    assert len(lite.differences()) == 2
    with lite.database.read() as session:
        assert session.exec(select(DestructionRecord)).first() is None


def test_it_waits_for_a_disk_that_is_away_and_for_links_that_are_due(lite: Shelf) -> None:
    lite.clip("one")
    approve(lite, propose(lite, "one"), 1)
    assert lite.second is not None
    away = lite.second.root.rename(lite.second.root.with_name("away"))
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED
    away.rename(lite.second.root)
    with lite.database.write() as session:
        session.add(RelinkDue(why="x", clip_id="one"))
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED
    with lite.database.write() as session:
        session.delete(session.exec(select(RelinkDue)).one())
    lite.change(Original, "one", second_copy=None)
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED, "a copy is still to be made"
    lite.change(Original, "one", second_copy=True)
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.DESTROYED
    assert lite.differences() == []


def test_an_attachment_that_another_clip_needs_stays(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    lite.attachment("track", "one")
    lite.attachment(
        "twin", "two", state=State.DUPLICATE, duplicate_of="track", sha256=lite.get(Original, "track").sha256
    )
    lite.attachment("nobody", None)
    destroyed(lite, "one")
    assert lite.get(Original, "track").state is State.PRESERVED
    destroyed(lite, "two")
    assert lite.get(Original, "track").state is State.DESTROYED
    assert lite.get(Original, "nobody").state is State.PRESERVED
    assert lite.differences() == []


def test_a_file_that_waits_to_be_let_go_of_stays_on_its_device(lite: Shelf) -> None:
    lite.clip("one")
    with lite.database.read() as session:
        finding = session.exec(select(Finding)).one()
    lite.change(Finding, finding.id, release=ReleaseState.DUE)
    destroyed(lite, "one")
    found = lite.get(Finding, finding.id)
    assert (found.release, found.why["code"]) == (ReleaseState.KEPT, "release.destroyed")
    assert lite.differences() == []


def test_holds_and_marks_are_kept_with_who_lifted_them_why(lite: Shelf) -> None:
    lite.clip("one")
    placed = hold(lite, clip="one")
    with lite.database.write() as session:
        row = session.get_one(LegalHold, placed)
        holds.lift(session, row, "诉讼终结", "zhao")
        mark = holds.mark(session, "one", Flag.EVIDENCE, "证据", "chen")
        assert holds.mark(session, "one", Flag.EVIDENCE, "证据", "chen").id == mark.id
        holds.unmark(session, mark, "误标", "zhao")
    row = lite.get(LegalHold, placed)
    assert (row.placed_by, row.why, row.lifted_by, row.lifted_why) == ("zhao", "行政复议", "zhao", "诉讼终结")
    assert lite.events("one") == ["HOLD_PLACED", "HOLD_LIFTED", "FLAGGED", "UNFLAGGED"]

    def again() -> None:
        with lite.database.write() as session:
            holds.lift(session, session.get_one(LegalHold, placed), "again", "zhao")

    refused("hold.lifted", again)
    destroyed(lite, "one")
    refused("hold.destroyed", lambda: hold(lite, clip="one"))
    refused("hold.unknown", lambda: hold(lite, case="nowhere"))
    with lite.database.read() as session:
        assert len(session.exec(select(RetentionFlag)).all()) == 1
    assert lite.differences() == []


@pytest.mark.parametrize(
    "given",
    [{}, {"clip": "a", "case": "b"}, {"case": "b", "since": LONG_AGO},
     {"device": "d", "since": LONG_AGO, "until": LONG_AGO}],
)  # fmt: skip
def test_a_hold_names_one_thing(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|what a device recorded|after since"):
        holds.HoldIn(why="xx", **given)


def test_an_unlinked_clip_comes_up_for_review_and_stays(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("young", found=now() - timedelta(days=300))
    lite.clip("linked")
    lite.case("k")
    lite.link("linked", "k")
    hold(lite, clip="one")
    with lite.database.read() as session:
        found = disposal.for_review(session, lite.packs, None, now(), limit=10)
    assert [one.clip.id for one in found] == ["one"]


def test_what_the_rule_says_of_archive_and_log_is_told(lite: Shelf) -> None:
    lite.clip("one", found=datetime(2010, 1, 1, tzinfo=UTC))
    lite.case("k", **ARCHIVED)
    lite.link("one", "k")
    with lite.database.read() as session:
        [told_of] = retention.judge(session, lite.packs, ["one"], now())
    assert str(told_of.deadline.on) == "2015-01-02"
    assert {case: str(on) for case, on in told_of.transfers.items()} == {"k": "2000-01-01"}
    assert str(told_of.log_until) == "2015-07-02"


def test_a_disk_that_refuses_is_tried_again(lite: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.clip("one")
    approve(lite, propose(lite, "one"), 1)

    def refuses(_: str) -> None:
        raise OSError(30, "Read-only file system")

    daemon = lite.daemon
    with monkeypatch.context() as patch:
        patch.setattr(lite.second, "destroy", refuses)
        daemon.round()
    assert "Read-only" in daemon.said
    assert item(lite, "one").state is ItemState.BEGUN
    daemon.round()
    assert item(lite, "one").state is ItemState.DESTROYED
    assert lite.differences() == []


def test_a_case_that_is_opened_again_takes_its_footage_off_the_list(lite: Shelf) -> None:
    lite.clip("one", found=datetime(2010, 1, 1, tzinfo=UTC))
    lite.case("k", **ARCHIVED)
    lite.link("one", "k")
    run = propose(lite, "one", authority="文号")
    lite.change(CaseRecord, "k", archived_on=None, closed_on=None)
    refused("disposal.list_changed", lambda: approve(lite, run, 1))
    assert item(lite, "one").why["code"] == "retention.case_open"  # type: ignore[index]


def test_a_hold_and_a_destruction_at_once_agree_on_who_was_first(
    postgres_database: str, tmp_path: Path
) -> None:
    """Two transactions: the hold waits for the site's chain, and is then told that it came too late."""
    import threading

    database = Database(postgres_database)
    migrations.upgrade(database.engine)
    shelf = Shelf(database, tmp_path)
    shelf.clip("one")
    approve(shelf, propose(shelf, "one"), 1)
    daemon = shelf.daemon
    said: list[str] = []
    inside = threading.Event()

    def late() -> None:
        inside.wait(10)
        try:
            hold(shelf, clip="one")
            said.append("held")
        except Refused as no:
            said.append(no.reason["code"])

    record = daemon.record

    def slowly(session: Session, *rest: Any) -> str:
        inside.set()
        thread.join(0.5)
        assert thread.is_alive(), "the hold did not wait"
        return record(session, *rest)

    daemon.record = slowly  # type: ignore[method-assign]
    thread = threading.Thread(target=late)
    thread.start()
    daemon.round()
    thread.join(20)
    assert said == ["hold.destroyed"]
    assert shelf.get(Original, "one").state is State.DESTROYED
    database.close()
