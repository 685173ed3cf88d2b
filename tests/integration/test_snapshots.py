"""A frozen quarter stays as it was; what is frozen again is a new revision; who changes one is found."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, col, select

from gateway import custody
from gateway.audit import audit
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Clip, CustodyEvent, Link, Role, Snapshot, SnapshotFigure, Unit
from gateway.reports import Code, Period, Report, Side, one_moment, report, snapshots
from gateway.reports.comparing import compare
from gateway.reports.due import freeze_next, last_quarter
from gateway.reports.figures import grouped, ungrouped, written
from gateway.store import LocalStore
from gateway.visibility import Viewer
from tests.conftest import created, dropped
from tests.empty import empty_database
from tests.integration.figures_site import Site
from tests.integration.slow_figures import CHINA
from tests.integration.test_board import LAW

ALL = Viewer("x", "x", Role.ADMIN, None)
Q3 = Period.quarter(2026, 3, CHINA)
"""Holds the first days of the generated site."""
AFTER = Q3.until + timedelta(days=20)


@pytest.fixture(scope="module")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The generated site as an SQLite file: made once, for making it takes longer than most tests here."""
    path = tmp_path_factory.mktemp("site") / "site.sqlite"
    path.write_bytes(empty_database())
    fill(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture(scope="module")
def site_template(postgres: str, migrated_postgres: str) -> Iterator[str]:
    """The name of the same in PostgreSQL, to be copied."""
    url = created(postgres, f"site{time.monotonic_ns()}", migrated_postgres)
    fill(url)
    yield url.rpartition("/")[2]
    dropped(url)


def fill(url: str) -> None:
    database = Database(url)
    with database.write() as session:
        Site(session, 1, 60)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        path = tmp_path / "gateway.sqlite"
        path.write_bytes(request.getfixturevalue("site_file"))
        url = f"sqlite:///{path}"
    else:
        server, template = request.getfixturevalue("postgres"), request.getfixturevalue("site_template")
        url = created(server, f"t{time.monotonic_ns()}", template)
    opened = Database(url)
    yield opened
    opened.close()
    if request.param == "postgresql":
        dropped(url)


def freeze(
    database: Database, unit: str | None = "city", why: str | None = None, at: datetime = AFTER
) -> Snapshot:
    return snapshots.freeze(database, LAW, ALL, unit, Q3, "chen", why, at)


def opened(database: Database, snapshot: Snapshot) -> Report:
    with database.read() as session:
        return snapshots.opened(session, session.get_one(Snapshot, snapshot.id))


def unlink(session: Session, snapshot: Snapshot) -> str:
    """Withdraw the links of one clip that counts in 关联率."""
    figure = snapshots.one_opened(session, snapshot, Code.LINKED)
    [clip, *_] = [one.id for one in figure.of([Side.BOTH])]
    for link in session.exec(select(Link).where(Link.clip_id == clip)):
        link.ended_at = AFTER
    return clip


def test_what_is_frozen_is_the_report_whole(site: Database) -> None:
    with one_moment(site) as session:
        now = report(session, LAW, ALL, "city", Q3, AFTER)
    made = freeze(site)
    kept = opened(site, made)
    assert made.digest == now.digest == kept.digest
    assert [one.members for one in kept.figures] == [one.members for one in now.figures]
    assert custody.canonical(written(kept)) == custody.canonical(written(now))
    assert (made.unit_id, made.quarter, made.revision, made.frozen_by) == ("city", "2026-Q3", 1, "chen")
    assert sum(len(one.members) for one in kept.figures) > 100
    with site.read() as session:
        rows = session.exec(select(SnapshotFigure).where(SnapshotFigure.snapshot_id == made.id)).all()
        for row in rows:
            figure = kept.figure(Code(row.code))
            assert (row.numerator, row.denominator) == (figure.numerator, figure.denominator)
        [line] = session.exec(select(CustodyEvent).where(CustodyEvent.event == "QUARTER_FROZEN"))
    assert len(rows) == len(Code)
    assert (line.actor, line.subject, line.detail["digest"]) == ("chen", made.id, made.digest)
    assert len(line.rows) == 1 + len(Code), "the line vouches for every row"


def test_not_before_the_quarter_has_ended(site: Database) -> None:
    """In Xingtai: at 15:59:59 UTC of the last day an hour of it is still to come."""
    with pytest.raises(Refused) as no:
        freeze(site, at=Q3.until - timedelta(seconds=1))
    assert no.value.reason["code"] == "report.runs"
    assert Q3.until.isoformat() == "2026-10-01T00:00:00+08:00"
    assert freeze(site, at=Q3.until).revision == 1


def test_a_correction_changes_the_live_figure_never_the_frozen_one(site: Database) -> None:
    made = freeze(site)
    before = opened(site, made)
    with site.write() as session:
        clip = unlink(session, made)
    with one_moment(site) as session:
        live = report(session, LAW, ALL, "city", Q3, AFTER)
    assert opened(site, made).digest == before.digest == made.digest
    assert before.figure(Code.LINKED).numerator == (live.figure(Code.LINKED).numerator or 0) + 1
    changed = {change.code: change for change in compare(before, live) if not change.is_same}
    assert Code.LINKED in changed
    assert not {Code.EQUIPPED, Code.INTACT, Code.HANDED_BACK, Code.VIEWINGS} & changed.keys()
    [move] = changed[Code.LINKED].moves
    assert move.before is not None
    assert move.after is not None
    assert (move.before.id, move.before.side) == (clip, Side.BOTH)
    assert (move.after.id, move.after.side, move.after.why) == (clip, Side.DENOMINATOR, "figure.unlinked")


def test_frozen_twice_is_a_new_revision_with_its_reason(site: Database) -> None:
    first = freeze(site)
    with site.write() as session:
        unlink(session, first)
    for nothing in (None, "", "  "):
        with pytest.raises(Refused) as no:
            freeze(site, why=nothing)
        assert no.value.reason["code"] == "report.again"
    second = freeze(site, why="补录一条关联")
    assert (second.revision, second.why) == (2, "补录一条关联")
    with site.read() as session:
        both = session.exec(select(Snapshot).order_by(col(Snapshot.revision))).all()
        assert [one.id for one in both] == [first.id, second.id]
        assert snapshots.before(session, both[1]) == both[0]
        assert snapshots.before(session, both[0]) is None
        assert snapshots.revision_of(session, "city", "2026-Q3", None).id == second.id
        assert snapshots.revision_of(session, "city", "2026-Q3", 1).id == first.id
    changes = compare(opened(site, first), opened(site, second))
    assert [len(change.moves) for change in changes if change.code is Code.LINKED] == [1]
    assert opened(site, first).digest == first.digest
    assert freeze(site, unit="west").revision == 1, "another unit's are its own"
    assert freeze(site, unit=None).unit_id == ""


def test_whoever_freezes_at_once_takes_turns(site: Database) -> None:
    """Both counted before either wrote: one is first, the other is told so, and no revision is lost."""
    counted = []
    for _ in range(2):
        with one_moment(site) as session:
            counted.append(report(session, LAW, ALL, "city", Q3, AFTER))
    ended: list[str] = []
    begin = threading.Barrier(2)

    def write(one: Report) -> None:
        begin.wait()
        try:
            with site.write() as session:
                snapshots.seal(session, one, "x", None)
            ended.append("frozen")
        except Refused as no:
            ended.append(no.reason["code"])

    threads = [threading.Thread(target=write, args=(one,)) for one in counted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ended) == ["frozen", "report.again"]
    with site.read() as session:
        assert len(session.exec(select(Snapshot)).all()) == 1


def test_rows_and_custody_come_together_or_not_at_all(site: Database) -> None:
    """One transaction: what ends the process between them leaves neither."""

    with one_moment(site) as session:
        counted = report(session, LAW, ALL, "city", Q3, AFTER)
    lines_before = custody_lines(site)
    for place in (rows_alone, everything):
        with pytest.raises(Killed):
            killed_after(site, counted, place)
        with site.read() as session:
            assert session.exec(select(Snapshot)).all() == []
            assert session.exec(select(SnapshotFigure)).all() == []
        assert custody_lines(site) == lines_before


class Killed(BaseException):
    """No Exception: nothing may catch it and go on."""


def killed_after(database: Database, counted: Report, place: Callable[[Session, Report], None]) -> None:
    with database.write() as session:
        place(session, counted)
        raise Killed


def rows_alone(session: Session, counted: Report) -> None:
    """After the rows have been written, before their line of custody is."""

    def die(*_: object) -> None:
        raise Killed

    event.listen(session, "before_flush", lambda *_: die() if any_line(session) else None)
    snapshots.seal(session, counted, "x", None)


def any_line(session: Session) -> bool:
    return any(isinstance(row, CustodyEvent) for row in session.new)


def everything(session: Session, counted: Report) -> None:
    snapshots.seal(session, counted, "x", None)
    assert len(session.exec(select(SnapshotFigure)).all()) == len(Code)


def custody_lines(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(CustodyEvent.seq)).all())


TAMPERED: list[tuple[str, str, str]] = [
    ("UPDATE snapshotfigure SET numerator = numerator + 1 WHERE code = 'linked'", "snapshotfigure", "edited"),
    (
        "UPDATE snapshotfigure SET members = '[]' WHERE code = 'equipped'",
        "snapshot/",
        "not those that were sealed",
    ),
    (
        "UPDATE snapshotfigure SET notes = '[]' WHERE code = 'equipped'",
        "snapshot/",
        "not those that were sealed",
    ),
    ("UPDATE snapshot SET frozen_by = 'nobody'", "snapshot/", "edited"),
    ("UPDATE snapshot SET revision = 7", "snapshot/", "edited"),
    ("UPDATE snapshot SET digest = 'x'", "snapshot/", "not those that were sealed"),
    ("DELETE FROM snapshotfigure WHERE code = 'viewings'", "snapshotfigure", "deleted"),
    ("DELETE FROM snapshotfigure", "snapshotfigure", "deleted"),
    ("UPDATE snapshotfigure SET members = 'no json' WHERE code = 'linked'", "snapshot", "edited"),
]


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_verify_finds_a_snapshot_that_was_changed(database: Database, store: LocalStore, number: int) -> None:
    statement, where, what = TAMPERED[number]
    with database.write() as session:
        session.add(Unit(id="city", name="市局"))
        session.flush()
        session.add_all([Unit(id="east", name="东", parent_id="city")])
    freeze(database)
    freeze(database, unit="east")
    assert told(database, store) == []
    with database.write() as session:
        session.execute(text(f"{statement} {'AND' if 'WHERE' in statement else 'WHERE'} {first(statement)}"))
    found = told(database, store)
    assert any(where in line and what in line for line in found), found


def first(statement: str) -> str:
    """Of the first snapshot alone: the other must not be accused."""
    key = "snapshot_id" if "snapshotfigure" in statement else "id"
    return f"{key} = (SELECT id FROM snapshot WHERE unit_id = 'city')"


def test_a_snapshot_written_past_the_chain_is_found(database: Database, store: LocalStore) -> None:
    with database.write() as session:
        session.add(Unit(id="city", name="市局"))
    made = freeze(database)
    with database.write() as session:
        row = session.exec(select(SnapshotFigure).limit(1)).one()
        session.add(Snapshot(**{**made.model_dump(), "id": "forged", "revision": 2}))
        session.flush()
        session.add(SnapshotFigure(**{**row.model_dump(), "id": "forged", "snapshot_id": "forged"}))
    found = told(database, store)
    assert "row snapshot/forged: no line of custody tells of it" in found
    assert "row snapshotfigure/forged: no line of custody tells of it" in found


def told(database: Database, store: LocalStore) -> list[str]:
    return [
        line
        for one in audit(database, store, read_bytes=False)
        if "snapshot" in (line := str(one)) or "cannot" in line
    ]


def test_the_daemon_freezes_what_nobody_has_one_unit_at_a_time(site: Database) -> None:
    days = LAW.packs.default.reports.freeze_after_days.value
    due = Q3.until + timedelta(days=days)
    with site.write() as session:
        custody.append(session, "device:first", "X", "x", "x").at = Q3.since
    assert freeze_next(site, LAW, due - timedelta(seconds=1)) is None
    freeze(site, unit="east")
    made = []
    while (one := freeze_next(site, LAW, due)) is not None:
        made.append(one)
    assert [(one.unit_id, one.quarter, one.frozen_by) for one in made] == [
        ("city", "2026-Q3", "gateway"), ("west", "2026-Q3", "gateway"),
    ], "not the section, not what a person froze"  # fmt: skip
    assert freeze_next(site, LAW, due + timedelta(days=60)) is None
    assert freeze_next(site, LAW, due + timedelta(days=92)) is not None, "the next quarter"


def test_a_quarter_before_the_gateway_was_there_is_not_frozen(database: Database) -> None:
    with database.write() as session:
        session.add(Unit(id="city", name="市局"))
        session.flush()
        custody.append(session, custody.SITE, "X", "x", "x").at = Q3.until + timedelta(days=1)
    assert freeze_next(database, LAW, AFTER) is None


@pytest.mark.parametrize(
    ("at", "name"),
    [("2026-10-01T00:00:00+08:00", "2026-Q3"), ("2026-09-30T23:59:59+08:00", "2026-Q2"), ("2026-09-30T16:00:00+00:00", "2026-Q3"),
     ("2027-01-01T00:00:00+08:00", "2026-Q4"), ("2027-02-28T00:00:00+08:00", "2026-Q4")],
)  # fmt: skip
def test_the_last_quarter_that_has_ended(at: str, name: str) -> None:
    assert last_quarter(datetime.fromisoformat(at), CHINA).name == name


@pytest.mark.parametrize("written", ["2026-Q5", "2026", "Q3", "0001-Q1", "2026-Q0", " 2026-Q3", "二〇二六"])
def test_what_is_no_quarter(written: str) -> None:
    with pytest.raises(Refused):
        snapshots.quarter(written, CHINA)


def test_unknown_units_and_revisions(site: Database) -> None:
    with pytest.raises(Refused) as no:
        freeze(site, unit="nowhere")
    assert no.value.reason["code"] == "report.unknown_unit"
    with site.read() as session, pytest.raises(Refused):
        snapshots.revision_of(session, "city", "2026-Q3", 4)


def test_members_come_back_from_their_groups(site: Database) -> None:
    with one_moment(site) as session:
        counted = report(session, LAW, ALL, None, Q3, AFTER)
    for figure in counted.figures:
        assert ungrouped(grouped(figure.members)) == figure.members
        assert ungrouped(reversed(grouped(figure.members))) == figure.members


def test_a_clip_that_came_later_is_shown_as_new(site: Database) -> None:
    made = freeze(site)
    with one_moment(site) as session:
        [judged] = [
            figure
            for figure in report(session, LAW, ALL, "city", Q3, AFTER).figures
            if figure.code is Code.UPLOADED_IN_TIME
        ]
    dated = next(member.id for member in judged.members if member.side is not Side.EXCLUDED)
    with site.write() as session:
        one = session.get_one(Clip, dated)
        one.started_at = one.ended_at = Q3.until + timedelta(days=1)
    with one_moment(site) as session:
        now: Any = report(session, LAW, ALL, "city", Q3, AFTER)
    moves = [
        move
        for change in compare(opened(site, made), now)
        for move in change.moves
        if move.order[1] == one.id
    ]
    assert moves
    assert all(move.after is None for move in moves)
    back = [
        move
        for change in compare(now, opened(site, made))
        for move in change.moves
        if move.order[1] == one.id
    ]
    assert all(move.before is None for move in back)


def test_law_of_another_zone_has_other_quarters() -> None:
    from zoneinfo import ZoneInfo

    law = Law(LAW.packs, ZoneInfo("UTC"))
    assert snapshots.quarter("2026-q3", law.zone).until - Q3.until == timedelta(hours=8)
