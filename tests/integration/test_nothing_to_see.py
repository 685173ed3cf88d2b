"""What shows nothing records no step, and a copy's own time dates nothing (R-59, LK-7)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from gateway import linking
from gateway.database import Database
from gateway.law import Law
from gateway.models import (
    Activity,
    CaseRecord,
    Checkout,
    Clip,
    Device,
    Disposition,
    Finding,
    Link,
    Officer,
    Offload,
    Original,
    RelinkDue,
    Role,
    State,
    Unit,
)
from gateway.rulepacks import packs
from gateway.rules.duty import Standing
from gateway.scope.board import Row, board
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer
from gateway.wording import reason

PACKS = packs("hebei-xingtai-2019")
LAW = Law(PACKS, ZoneInfo("Asia/Shanghai"))
ALL = Viewer("x", "x", Role.ADMIN, None)
T0 = datetime(2026, 11, 20, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def filled(either: Database) -> Database:
    """A step of zhang and li, who had the camera then."""
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        for officer in ("zhang", "li"):
            session.add(Officer(id=officer, name=officer, unit_id="u"))
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
        session.add(CaseRecord(uid="k", title="k", unit_id="u", handlers=["zhang", "li"]))
        session.flush()
        session.add(Checkout(device_id="cam", officer_id="zhang", out_at=T0 - HOUR))
        session.add(
            Activity(
                id="a", case_uid="k", kind="现场检查", stage="调查取证", started_at=T0, ended_at=T0 + HOUR / 2,
                officers=["zhang", "li"],
            )
        )  # fmt: skip
    return either


def clip(
    session: Session, source: str = "container", offload: str | None = None, code: str | None = None
) -> Clip:
    """A file of ten minutes, of the middle of the step by what it says."""
    session.add(
        Original(id="c", device_id="cam", name="c", suffix=".mp4", size=9, sha256="c", state=State.PRESERVED,
                 found_at=T0 + HOUR, acquired_at=T0 + HOUR)
    )  # fmt: skip
    if offload is not None:
        session.add(Offload(id=offload, device_id="cam", opened_at=T0 + HOUR))
    session.flush()
    session.add(
        Finding(device_id="cam", offload_id=offload, path=b"c.mp4", name="c.mp4", size=9, mtime_ns=1, identity="c",
                disposition=Disposition.CLIP, original_id="c")
    )  # fmt: skip
    written = (T0 + timedelta(hours=8, minutes=15)).replace(tzinfo=None).isoformat()
    made = Clip(
        id="c", device_id="cam", kind="VIDEO", duration_s=600, condition=code and reason(code, suffix=".mp4", error="x"),
        times=[{"source": source, "written": written, "zone": "Asia/Shanghai", "at_end": source == "file"}],
    )  # fmt: skip
    session.add(made)
    session.flush()
    linking.relink(session, [made], PACKS, "t")
    return made


def row(database: Database) -> Row:
    with database.read() as session:
        [found] = board(session, ALL, LAW, Wanted(since=T0 - HOUR, until=T0 + HOUR), T0 + 90 * HOUR)
        return found


def failed(session: Session) -> list[str]:
    return [one["code"] for link in session.exec(select(Link)) for one in link.reasons if not one["passed"]]


@pytest.mark.parametrize("code", ["condition.not_media", "condition.unplayable"])
def test_a_file_that_shows_nothing_is_asked_about_and_fulfils_no_duty(filled: Database, code: str) -> None:
    with filled.write() as session:
        clip(session, code=code)
        assert session.exec(select(Link.verdict)).all() == ["NEEDS_REVIEW"]
        assert "original.shows_nothing" in failed(session)
    found = row(filled).duty
    assert found.standing is Standing.OVERDUE
    assert [dict(one.facts) for one in found.findings if one.code == "duty.unreadable"] == [{"clips": "1"}]


@pytest.mark.parametrize("code", [None, "condition.encrypted", "condition.broken"])
def test_what_can_still_be_opened_counts(filled: Database, code: str | None) -> None:
    with filled.write() as session:
        clip(session, code=code)
        assert "original.shows_nothing" not in failed(session)
    assert row(filled).duty.standing is not Standing.OVERDUE


def test_that_nothing_could_be_recovered_is_learnt_late_and_reaches_the_link(filled: Database) -> None:
    with filled.write() as session:
        clip(session, code="condition.broken").condition = dict(reason("condition.unplayable", error="x"))
        linking.due(session, "content", clip_id="c")
    linking.drain(filled, PACKS)
    with filled.read() as session:
        standing = session.exec(select(Link.verdict).where(Link.ended_at == None))  # noqa: E711
        assert standing.all() == ["NEEDS_REVIEW"]
        assert not session.exec(select(RelinkDue)).all()


def test_the_time_of_a_file_counts_where_the_recorder_wrote_it(filled: Database) -> None:
    with filled.write() as session:
        made = clip(session, source="file", offload="o")
        assert made.unlinked is None
        assert session.exec(select(Link.activity_id)).all() == ["a"]


def test_the_time_of_a_file_that_was_put_here_is_that_of_the_copy(filled: Database) -> None:
    with filled.write() as session:
        made = clip(session, source="file")
        assert made.unlinked is not None
        assert made.unlinked["code"] == "unlinked.no_time"
        assert session.exec(select(Link)).all() == []
