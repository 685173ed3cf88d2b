"""Disposal on both databases: what is listed, who may agree, what drops out, what a crash leaves."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from gateway import custody, disposal, retention
from gateway.disposal_command import link_told
from gateway.models import (
    Allocation,
    AllocationKind,
    Clip,
    DestructionRecord,
    DisposalItem,
    DisposalRun,
    Link,
    Original,
    Rendition,
    RunState,
    State,
    Unit,
    Viewing,
    now,
)
from gateway.rulepacks import RulePacks
from tests.integration.disposing import ARCHIVED, approve, due, hold, listed, lite, propose, refused, shelf
from tests.shelf import Shelf, told

__all__ = ["lite", "shelf"]


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
    refused("hold.destroyed", lambda: propose(shelf, "one"))


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
    assert link_told({**ended, "status": "WITHDRAWN"}) == "k1（人工撤回）"
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
