"""Many cases, and cases with much footage: asked in a few questions, none of which reads whole tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session

from gateway.casefile import footage, listing, view
from gateway.casefile.footage import Axis, Piece, lanes, pieces
from gateway.casefile.listing import Search
from gateway.casefile.view import CARDS, ENTRIES, FEW_LANES, LANES, case_page
from gateway.config import Settings
from gateway.database import Database
from gateway.law import Law
from gateway.models import Activity, CaseRecord, Clip, Device, Link, LinkStatus, Original, Role, Unit
from gateway.visibility import Viewer
from gateway.wording import CHINA
from tests.integration.api_site import T0

LAW = Law.of(Settings())
MINE = Viewer("x", "x", Role.SUPERVISOR, frozenset({"u"}))
STEPS, EACH = 24, 32


def seed(session: Session) -> None:
    """A case of many steps with clips, one step of ten days; every other device is another unit's."""
    session.add_all((Unit(id="u", name="u"), Unit(id="v", name="v")))
    session.flush()
    session.add_all(Device(id=f"cam-{n}", type="body_camera", unit_id="uv"[n % 2]) for n in range(8))
    session.add_all(CaseRecord(uid=f"c-{n}", title=f"案{n}", unit_id="u") for n in range(40))
    session.flush()
    for step in range(STEPS):
        start = T0 + timedelta(days=step)
        long = timedelta(days=10) if step == 0 else timedelta(hours=1)
        session.add(
            Activity(
                id=f"s-{step:02}", case_uid="c-0", kind="现场检查", stage="调查取证", started_at=start,
                ended_at=start + long,
            )
        )  # fmt: skip
        session.flush()
        rows = [rows_of(step, number, start + long * number / EACH) for number in range(EACH)]
        for same in zip(*rows, strict=True):
            session.add_all(same)
            session.flush()


def rows_of(step: int, number: int, at: datetime) -> tuple[Original, Clip, Link]:
    clip, device = f"{step:02}-{number:02}", f"cam-{number % 8}"
    return (
        Original(id=clip, device_id=device, name=clip, suffix=".mp4", size=1),
        Clip(
            id=clip, device_id=device, kind="VIDEO", started_at=at, duration_s=30.0,
            ended_at=at + timedelta(seconds=30),
        ),
        Link(
            clip_id=clip, case_uid="c-0", activity_id=f"s-{step:02}", verdict="VALID", score=1, reasons=[],
            rule_pack="p",
        ),
    )  # fmt: skip


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    found: list[str] = []

    def look(_connection: Any, _cursor: Any, said: str, *_rest: Any) -> None:
        found.append(said)

    event.listen(database.engine, "before_cursor_execute", look)
    yield found
    event.remove(database.engine, "before_cursor_execute", look)


def test_a_large_case_is_shown_page_by_page(either: Database) -> None:
    with either.write() as session:
        seed(session)
    with either.read() as session, asked(either) as questions:
        case = session.get_one(CaseRecord, "c-0")
        first = case_page(session, MINE, LAW, case)
        assert len(questions) < 40, "not one for each step or clip"
        last = case_page(session, MINE, LAW, case, page=99)
    assert (first.page, first.pages, last.page) == (1, 2, 2)
    views = [view for _, each in first.shown for view in each]
    assert len(views) == ENTRIES
    assert {view.entry.step.id for view in views if view.entry and view.entry.step} == {
        f"s-{n:02}" for n in range(ENTRIES)
    }
    ten_days, hour = views[0], views[1]
    assert (ten_days.by_days, hour.by_days) == (True, False)
    assert (len(ten_days.lanes), ten_days.more_lanes > 0) == (LANES, True)
    assert (len(hour.footage.seen), hour.footage.hidden) == (EACH // 2, EACH // 2), "of other units: counted"
    assert len(hour.cards) == CARDS


def test_a_crowded_page_draws_fewer_lanes_and_says_how_many_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "CROWD", 100)
    with database.write() as session:
        seed(session)
    with database.read() as session:
        page = case_page(session, MINE, LAW, session.get_one(CaseRecord, "c-0"))
    views = [one for _, each in page.shown for one in each]
    assert len(views[0].lanes) == FEW_LANES < LANES
    assert views[0].more_lanes > LANES - FEW_LANES
    assert len(views[0].footage.seen) == EACH // 2, "they are fewer to draw, not to count"


def test_a_list_asks_the_same_however_many_cases(either: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MUCH", 300)
    with either.write() as session:
        seed(session)
    counts = []
    for limit in (5, 40):
        with either.read() as session, asked(either) as questions:
            rows, _ = listing.found(session, MINE, Search(limit=limit))
            shown = listing.glances(session, MINE, LAW, rows)
        assert len(shown) == limit
        counts.append(len(questions))
    assert counts[0] == counts[1]
    much = next(one for one in shown if one.case.uid == "c-0")
    assert much.duties is None, "too much to judge in a list"
    assert much.links.all == STEPS * EACH


def test_the_list_goes_by_what_moved_last_and_sorts_nothing(database: Database) -> None:
    with database.read() as session, asked(database) as questions:
        listing.found(session, MINE, Search())
        [first, *_] = [one for one in questions if "ORDER BY caserecord.updated_at" in one]
        raw = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {first}", ("u", 51, 0))
        plan = [row[3] for row in raw]
    assert any("ix_caserecord_updated_at_uid_unit_id" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan


def test_what_a_viewer_sees_is_what_every_list_shows(either: Database) -> None:
    with either.write() as session:
        seed(session)
        session.add(
            Link(
                clip_id="01-01", case_uid="c-1", verdict="VALID", score=1, reasons=[], rule_pack="p",
                status=LinkStatus.CONFIRMED,
            )
        )  # fmt: skip
    with either.read() as session:
        found = pieces(session, MINE, "c-0", ["s-01"])["s-01"]
    assert len(found.seen) == EACH // 2 + 1, "a clip of another unit that a person linked to a case of ours"


SPANS = st.lists(
    st.tuples(st.integers(-2000, 6000), st.integers(0, 2000), st.booleans(), st.sampled_from("abc")),
    max_size=60,
)


def piece(number: int, start: int, length: int, device: str, *, sure: bool) -> Piece:
    at = T0 + timedelta(seconds=start)
    status = LinkStatus.CONFIRMED if sure else LinkStatus.PROPOSED
    end = at + timedelta(seconds=length)
    return Piece(
        f"{number:03}", f"{number:03}", "s", device, None, at, end, None, None, status, "VALID", False
    )


@given(SPANS)
def test_every_piece_is_drawn_or_counted_once(spans: list[tuple[int, int, bool, str]]) -> None:
    own = [
        piece(n, start, length, device, sure=sure) for n, (start, length, sure, device) in enumerate(spans)
    ]
    own.sort(key=lambda one: one.order)
    axis = Axis(T0, T0 + timedelta(hours=1))
    drawn, more = lanes(own, axis, by_days=False, zone=CHINA, most=2)
    assert len(drawn) + more == len({one.device for one in own})
    for lane in drawn:
        shown = [one for mark in lane.marks for one in mark.pieces]
        assert len(shown) + lane.beyond == lane.count == sum(one.device == lane.device for one in own)
        for mark in lane.marks:
            assert {one.status is LinkStatus.CONFIRMED for one in mark.pieces} == {mark.confirmed}
            assert 0 <= mark.x <= mark.x + mark.width <= footage.PIXELS + 0.11
