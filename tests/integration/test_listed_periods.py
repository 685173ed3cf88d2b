"""What a unit's own list says of keeping (储存期限) reaches the footage that was linked to its items."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway import custody, retention
from gateway.database import Database
from gateway.models import Activity, Clip, Link, LinkStatus, Recording, now
from gateway.scope.lists import store_list
from gateway.scope.reading import Line, ListRead
from tests.shelf import LONG_AGO, Shelf

ARCHIVED = {
    "procedure": "简易程序", "retention_class": "10y", "real_estate": False,
    "opened_on": datetime(1990, 1, 1, tzinfo=UTC), "closed_on": datetime(1990, 1, 1, tzinfo=UTC),
    "archived_on": datetime(1990, 2, 1, tzinfo=UTC),
}  # fmt: skip


@pytest.fixture
def shelf(either: Database, tmp_path: Path) -> Shelf:
    made = Shelf(either, tmp_path)
    made.clip("one")
    made.case("k", **ARCHIVED)
    with either.write() as session:
        step = Activity(
            id="a", case_uid="k", kind="现场检查", stage="调查取证", started_at=LONG_AGO, ended_at=LONG_AGO
        )
        session.add(step)
        custody.append(session, custody.SITE, "CASE_STORED", "t", "k", (step,))
    return made


def put_list(
    shelf: Shelf, keep: str, since: datetime = datetime(2019, 1, 1, tzinfo=UTC), unit: str = "u"
) -> None:
    lines = [Line(3, {"step": "现场检查", "keep": keep}), Line(4, {"step": "听证", "keep": "永久"})]
    with shelf.database.write() as session:
        store_list(session, ListRead(title="清单", lines=lines), "l.csv", b"x", unit, since, "t")


def link(shelf: Shelf, step: str | None = "a") -> str:
    with shelf.database.write() as session:
        made = Link(
            clip_id="one",
            case_uid="k",
            activity_id=step,
            verdict="VALID",
            score=1.0,
            reasons=[],
            rule_pack="p",
        )
        session.add(made)
        return made.id


def judged(shelf: Shelf) -> retention.Judged:
    with shelf.database.read() as session:
        [one] = retention.judge(session, shelf.packs, ["one"], now())
        return one


def listed(shelf: Shelf) -> list[tuple[str, date | None]]:
    return [
        (one.facts["item"], one.until)
        for one in judged(shelf).deadline.floors
        if one.code.startswith("retention.item")
    ]


def test_the_period_of_the_step_s_item_is_a_floor_and_the_longest_wins(shelf: Shelf) -> None:
    link(shelf)
    before = judged(shelf).deadline
    assert listed(shelf) == []
    put_list(shelf, "3个月")
    assert judged(shelf).deadline.on == before.on, "a shorter one takes nothing away"
    [(item, until)] = listed(shelf)
    assert (item, until) == ("现场检查：3个月", date(2020, 8, 6))
    put_list(shelf, "不少于90年")
    assert judged(shelf).deadline.decides.code == "retention.item"
    assert judged(shelf).deadline.on == date(2110, 5, 7)
    put_list(shelf, "永久")
    assert judged(shelf).deadline.on is None


def test_it_is_the_list_that_held_when_the_step_began(shelf: Shelf) -> None:
    link(shelf)
    put_list(shelf, "90年", since=datetime(2021, 1, 1, tzinfo=UTC))
    assert listed(shelf) == []
    put_list(shelf, "90年", unit="v")
    assert listed(shelf) == [], "another unit's list"


def test_footage_that_is_linked_to_no_step_has_no_item(shelf: Shelf) -> None:
    put_list(shelf, "90年")
    assert listed(shelf) == []
    link(shelf, step=None)
    assert listed(shelf) == []


def test_a_link_that_was_taken_back_counts_no_more(shelf: Shelf) -> None:
    put_list(shelf, "90年")
    made = link(shelf)
    assert len(listed(shelf)) == 1
    with shelf.database.write() as session:
        row = session.get_one(Link, made)
        row.status, row.ended_at = LinkStatus.WITHDRAWN, now()
        session.add(row)
    assert listed(shelf) == []


def test_who_is_kept_by_a_part_of_the_take_is_kept_by_its_item_as_well(shelf: Shelf) -> None:
    put_list(shelf, "90年")
    shelf.clip("two")
    with shelf.database.write() as session:
        take = Recording(device_id="cam-u")
        session.add(take)
        session.flush()
        for name in ("one", "two"):
            row = session.get_one(Clip, name)
            row.recording_id = take.id
            session.add(row)
        session.add(
            Link(
                clip_id="two",
                case_uid="k",
                activity_id="a",
                verdict="VALID",
                score=1,
                reasons=[],
                rule_pack="p",
            )
        )
    assert [item for item, _ in listed(shelf)] == ["现场检查：90年"]


def test_what_says_nothing_of_its_own_leaves_it_to_the_case_file(shelf: Shelf) -> None:
    link(shelf)
    put_list(shelf, "同案卷")
    assert listed(shelf) == []
