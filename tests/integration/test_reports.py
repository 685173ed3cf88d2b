"""Every figure is the length of a list, and the number that an independent slow count finds (Must show 8)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from gateway.database import Database
from gateway.models import Activity, Clip, Link, Role
from gateway.reports import Code, Figure, Period, Report, Side, one_figure, one_moment, report
from gateway.reports.figures import ABOVE, BELOW, ordered
from gateway.visibility import Viewer
from gateway.wording import SENTENCES
from gateway.wording.reports import BREAKDOWNS, FIGURES, KINDS, SIDES
from tests.integration.figures_site import Site
from tests.integration.slow_figures import CHINA, SlowReport
from tests.integration.test_board import AT, LAW

ALL = Viewer("x", "x", Role.ADMIN, None)
PERIOD = Period.days(date(2026, 9, 29), date(2026, 10, 3), CHINA)
EVERY = {"city", "east", "east-1", "west"}
ENDED = PERIOD.until + timedelta(days=3)


def counted(
    database: Database, unit: str | None = "city", at: datetime = ENDED, viewer: Viewer = ALL
) -> Report:
    with one_moment(database) as session:
        return report(session, LAW, viewer, unit, PERIOD, at)


def ids(figure: Figure, sides: Any) -> list[str]:
    return sorted(one.id for one in figure.of(sides))


SITES = [("sqlite", 0), ("sqlite", 1), ("sqlite", 2), ("postgresql", 0)]


@pytest.mark.parametrize(("either", "seed"), SITES, indirect=["either"])
def test_every_figure_is_what_the_slow_count_says(either: Database, seed: int) -> None:
    """While the quarter runs and once it has ended."""
    with either.write() as session:
        Site(session, seed, 100)
    for at in (AT, ENDED):
        is_what_the_slow_count_says(either, at)


def is_what_the_slow_count_says(either: Database, at: datetime) -> None:
    found = counted(either, at=at)
    with either.read() as session:
        slow = SlowReport(session, EVERY, PERIOD.since, PERIOD.until, at).all()
    assert set(slow) == set(Code)
    for code, told in slow.items():
        figure = found.figure(Code(code))
        assert ids(figure, ABOVE) == sorted(told.above), code
        assert ids(figure, BELOW) == sorted(told.below), code
        left_out = {one.id: one.why for one in figure.of([Side.EXCLUDED])}
        assert left_out == told.out, code
        assert figure.numerator == len(told.above) == len(ids(figure, ABOVE))
        assert figure.denominator == len(told.below) == len(ids(figure, BELOW))
        assert sum(figure.excluded.values()) == len(told.out)
        assert len({(one.kind, one.id) for one in figure.members}) == len(figure.members), "once each"


def test_the_site_has_every_case_that_figures_tell_apart(database: Database) -> None:
    """Else the comparison above would prove less than it seems to."""
    seen: set[tuple[str, str]] = set()
    with database.write() as session:
        Site(session, 1, 200)
    for at in (AT, ENDED):
        seen |= {
            (one.code.value, member.why) for one in counted(database, at=at).figures for member in one.members
        }
    reasons = {why for _, why in seen if why}
    assert {
        "figure.no_quota", "figure.not_in_service", "figure.below_spec", "figure.spec_unknown", "figure.upcoming",
        "figure.exempt", "figure.not_due", "figure.partial", "figure.missing", "figure.optional", "figure.duplicate",
        "figure.quarantined", "figure.unfinished", "figure.trial", "figure.time_unknown", "figure.unlinked",
        "figure.rejected", "figure.late", "figure.altered", "figure.lost", "figure.out_overnight",
        "figure.archive_not_due", "figure.archived", "figure.archived_late",
        "figure.own_right",
    } <= reasons  # fmt: skip
    assert reasons <= SENTENCES.keys(), "every reason has its words"


def test_whoever_asks_again_gets_the_same(either: Database) -> None:
    with either.write() as session:
        Site(session, 5, 80)
    first, second = counted(either), counted(either)
    assert first.digest == second.digest
    for code in Code:
        with one_moment(either) as session:
            alone = one_figure(session, LAW, ALL, "city", PERIOD, code, ENDED)
        assert alone == first.figure(code), code


def test_nothing_counted_is_no_rate(database: Database) -> None:
    found = counted(database, unit=None)
    for one in found.figures:
        assert one.rate is None, one.code
        assert one.numerator in (0, None)


def test_approvals_are_of_viewings_that_needed_one(database: Database) -> None:
    with database.write() as session:
        Site(session, 2, 40)
    found = counted(database)
    approved, viewings = found.figure(Code.VIEWINGS_APPROVED), found.figure(Code.VIEWINGS)
    assert viewings.numerator
    assert approved.rate == 1.0
    assert approved.numerator, "some of the site's viewings of clips were by a grant"
    assert approved.excluded == {"figure.own_right": viewings.numerator - approved.numerator}


def test_units_below_and_viewers(either: Database) -> None:
    """A unit counts with those below it; a viewer's figures are of its own units, whatever it asks."""
    with either.write() as session:
        Site(session, 6, 80)
    whole = counted(either)
    parts = [counted(either, unit=unit) for unit in ("east", "west")]
    for code in (
        Code.LINKED,
        Code.FULLY_RECORDED,
        Code.KEY_PARTS_RECORDED,
        Code.HANDED_BACK,
        Code.INTACT,
        Code.EXCEPTED,
    ):
        of_city = [one for one in whole.figure(code).members if ("unit", "city") in one.keys]
        below = [one for part in parts for one in part.figure(code).members]
        assert ordered([*below, *of_city]) == whole.figure(code).members, code
    west = Viewer("w", "w", Role.SUPERVISOR, frozenset({"west"}))
    seen = counted(either, unit=None, viewer=west)
    assert [one.members for one in seen.figures] == [one.members for one in parts[1].figures]
    assert counted(either, unit="east", viewer=west).figure(Code.LINKED).members == ()


def test_breakdowns_add_up(database: Database) -> None:
    with database.write() as session:
        Site(session, 3, 100)
    for figure in counted(database).figures:
        by_unit = [part for part in figure.parts if part.by == "unit"]
        assert sum(part.numerator for part in by_unit) == sum(one.side in ABOVE for one in figure.members)
        assert sum(part.denominator for part in by_unit) == sum(one.side in BELOW for one in figure.members)
        assert sum(part.excluded for part in by_unit) == sum(figure.excluded.values())
        assert {part.by for part in figure.parts} <= BREAKDOWNS.keys()
        assert {one.kind for one in figure.members} <= KINDS.keys()
    assert {"stage", "item", "ground"} <= {part.by for part in counted(database).figure(Code.EXCEPTED).parts}
    grounds = [part for part in counted(database).figure(Code.EXCEPTED).parts if part.by == "ground"]
    assert sum(part.numerator for part in grounds) == counted(database).figure(Code.EXCEPTED).numerator


def test_what_is_called_otherwise_is_one_item(database: Database) -> None:
    """日常检查 is 现场检查 in the rule pack: one line of the breakdown."""
    with database.write() as session:
        Site(session, 4, 60)
        step = session.exec(select(Activity).where(Activity.kind == "现场检查")).first()
        assert step is not None
        step.kind = "日常检查"
    items = {part.key for figure in counted(database).figures for part in figure.parts if part.by == "item"}
    assert "现场检查" in items
    assert "日常检查" not in items


def test_a_period_is_of_the_units_days(database: Database) -> None:
    """A clip a second before midnight in Xingtai is of the day before, although UTC has another day."""
    with database.write() as session:
        Site(session, 8, 30)
        clips = [session.get_one(Clip, f"loose{number}") for number in range(2)]
        for clip, at in zip(clips, (PERIOD.since - timedelta(seconds=1), PERIOD.since), strict=True):
            clip.started_at, clip.ended_at, clip.unlinked = at, at + timedelta(seconds=30), None
            clip.device_id = "a"
        for link in session.exec(select(Link)):
            link.reasons = []
    inside = {one.id for one in counted(database).figure(Code.LINKED).members}
    assert "loose0" not in inside
    assert "loose1" in inside
    assert PERIOD.since.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("year", "number", "first", "after"),
    [(2026, 1, "2026-01-01", "2026-04-01"), (2026, 3, "2026-07-01", "2026-10-01"), (2026, 4, "2026-10-01", "2027-01-01")],
)  # fmt: skip
def test_quarters(year: int, number: int, first: str, after: str) -> None:
    period = Period.quarter(year, number, CHINA)
    assert (period.since.isoformat(), period.until.isoformat()) == (
        f"{first}T00:00:00+08:00",
        f"{after}T00:00:00+08:00",
    )
    assert period.name == f"{year}-Q{number}"


def test_everything_has_words_in_both_languages() -> None:
    assert set(FIGURES) == set(Code)
    assert set(SIDES) == set(Side)
    for told in FIGURES.values():
        assert all(all(pair) for pair in (told.name, told.numerator, told.denominator, told.basis))


def test_no_query_for_each_clip(database: Database) -> None:
    """As many queries for a site three times as large."""

    def queries(session: Session) -> int:
        ran: list[str] = []

        def note(*given: Any) -> None:
            ran.append(given[2])

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            report(session, LAW, ALL, "city", PERIOD, ENDED)
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len(ran)

    with database.write() as session:
        site = Site(session, 9, 20)
    with one_moment(database) as session:
        few = queries(session)
    with database.write() as session:
        site.session = session
        for number in range(60):
            site.step(f"more{number:03}")
    with one_moment(database) as session:
        assert queries(session) == few
