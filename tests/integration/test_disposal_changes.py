"""What is held, or stands otherwise than when it was listed, goes off the list of a disposal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from gateway import holds, migrations
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import store_case
from gateway.database import Database
from gateway.device import Refused
from gateway.models import (
    CaseRecord,
    Clip,
    Described,
    DisposalRun,
    ItemState,
    LegalHold,
    Link,
    Original,
    RetentionFlag,
    State,
    Work,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.rules.retention import Flag
from gateway.wording import sentence
from tests.integration.disposing import (
    ARCHIVED,
    approve,
    destroyed,
    due,
    hold,
    item,
    lite,
    propose,
    refused,
    shelf,
)
from tests.shelf import LONG_AGO, Shelf, told

__all__ = ["lite", "shelf"]


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
    facts = refused("disposal.under_hold", lambda: propose(lite, "one"))
    assert facts["why"] in sentence({"code": "disposal.under_hold", "facts": facts})
    assert "one" not in due(lite)
    approve(lite, run, 1)
    lite.daemon.round()
    assert lite.lying("other") == []
    assert len(lite.lying("one")) == 5
    assert lite.differences() == []


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


def test_a_hold_on_a_party_reaches_no_other_s_footage(shelf: Shelf) -> None:
    shelf.clip("one")
    of_three(shelf)
    hold(shelf, party_code="91130500MA0000001X")
    hold(shelf, party_name="王五五")
    assert due(shelf) == ["one"]
    hold(shelf, party_name="王五")
    assert due(shelf) == []
