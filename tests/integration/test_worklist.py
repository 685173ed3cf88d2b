"""Queues of the work list on both databases: counts and walks are those of somebody who reads every clip."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from gateway import disposal
from gateway.config import Settings
from gateway.database import Database
from gateway.law import Law
from gateway.linking.untimed import doubts_time
from gateway.models import (
    Activity,
    CaseRecord,
    Checkout,
    Clip,
    Device,
    Link,
    LinkStatus,
    Officer,
    Original,
    Postponed,
    Role,
    State,
    Unit,
    User,
    now,
)
from gateway.visibility import Viewer
from gateway.wording import reason
from gateway.worklist import owed, queues
from gateway.worklist.marks import MARKS, Queue

LAW = Law.of(Settings())
UNITS = ("u", "v", "w")
SITE = Viewer("me", "me", Role.EVIDENCE, None)
OURS = Viewer("me", "me", Role.EVIDENCE, frozenset({"u"}))
LATE = datetime(2026, 6, 1, tzinfo=UTC)


def id_at(at: datetime, number: int) -> str:
    """As the gateway makes them: they begin with when they were made."""
    return f"{int(at.timestamp() * 1000):012x}7{number:019x}"


def lacking(labels: str) -> dict[str, Any]:
    return {"rule": "LK-1", "passed": False, "code": "labels.missing", "facts": {"labels": labels}}


CARDS: list[list[dict[str, Any]]] = [
    [{"rule": "LK-7", "passed": True, "code": "time.overlaps", "facts": {}}],
    [lacking("采集地点、证明对象")],
    [lacking("采集时间、证明对象")],
    [{"rule": "AL-12", "passed": False, "code": "time.either", "facts": {"first": "a", "last": "b"}}],
]
WHYS = [None, None, reason("unlinked.no_activity"), reason("unlinked.no_time"), reason("unlinked.either")]


def seed(session: Session, count: int = 160, start: datetime = LATE) -> None:
    draw = Random(27)
    session.add(User(id="me", name="me", role=Role.EVIDENCE))
    for unit in UNITS:
        session.add(Unit(id=unit, name=unit))
        session.flush()
        session.add(Device(id=f"cam-{unit}", type="body_camera", unit_id=unit))
        session.add(CaseRecord(uid=f"case-{unit}", title=f"案 {unit}", unit_id=unit))
    session.flush()
    for number in range(count):
        at = start + timedelta(hours=number)
        one, camera = id_at(at, number), f"cam-{draw.choice(UNITS)}"
        state = draw.choice([State.PRESERVED] * 6 + [State.QUARANTINED, State.DESTROYED])
        why = draw.choice(WHYS)
        session.add(
            Original(
                id=one, device_id=camera, state=state, name=f"{number}.mp4", suffix=".mp4", size=1, found_at=at,
                sha256=f"{number:064x}",
            )
        )  # fmt: skip
        session.flush()
        aside = reason("quarantine.unknown_officer") if draw.random() < 0.1 else None
        session.add(
            Clip(id=one, device_id=camera, kind="VIDEO", unlinked=why, quarantine=aside, started_at=at)
        )
        session.flush()
        for _ in range(0 if why else draw.randrange(3)):
            session.add(drawn_link(draw, one))


def drawn_link(draw: Random, clip: str) -> Link:
    confirmed, ended = draw.random() < 0.3, draw.random() < 0.2
    return Link(
        clip_id=clip,
        case_uid=f"case-{draw.choice(UNITS)}",
        verdict=draw.choice(["VALID", "VALID_WITH_NOTE", "NEEDS_REVIEW", "REJECTED"]),
        status=LinkStatus.CONFIRMED if confirmed else LinkStatus.PROPOSED,
        reasons=draw.choice(CARDS),
        score=1,
        rule_pack="p",
        ended_at=now() if ended else None,
        doubt=reason("link.facts_gone") if confirmed and draw.random() < 0.4 else None,
    )


def naive(session: Session, viewer: Viewer) -> dict[Queue, list[str]]:
    """Every clip read, newest first."""
    found: dict[Queue, list[str]] = {queue: [] for queue in MARKS}
    pairs = select(Clip, Original, Device.unit_id).join(Original, col(Original.id) == Clip.id)
    rows = session.exec(pairs.join(Device, col(Device.id) == Clip.device_id).order_by(col(Clip.id).desc()))
    for clip, original, unit in rows.all():
        if original.state is State.DESTROYED or (viewer.units is not None and unit not in viewer.units):
            continue
        stands = select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None))
        for queue in queues_of(clip, original, list(session.exec(stands))):
            found[queue].append(clip.id)
    return found


def queues_of(clip: Clip, original: Original, links: list[Link]) -> Iterator[Queue]:
    proposed = [one for one in links if one.status is LinkStatus.PROPOSED]
    verdicts = {one.verdict for one in proposed}
    code = (clip.unlinked or {}).get("code")
    either = any(said["code"] == "time.either" for one in proposed for said in one.reasons)
    lacks = [one for one in links if one.verdict != "REJECTED"]
    if "NEEDS_REVIEW" in verdicts or any(one.doubt for one in links):
        yield Queue.REVIEW
    if code:
        yield Queue.UNLINKED
    if (
        code in {"unlinked.no_time", "unlinked.either"}
        or either
        or any(doubts_time(one.reasons) for one in links)
    ):
        yield Queue.CLOCK
    if clip.quarantine or original.state is State.QUARANTINED:
        yield Queue.ASIDE
    if "REJECTED" in verdicts:
        yield Queue.REJECTED
    if any(said["code"] == "labels.missing" for one in lacks for said in one.reasons):
        yield Queue.LABELS
    if verdicts & {"VALID", "VALID_WITH_NOTE"}:
        yield Queue.PROPOSED


@pytest.mark.parametrize("viewer", [SITE, OURS], ids=["all", "own"])
def test_counts_and_walks_are_those_of_reading_everything(either: Database, viewer: Viewer) -> None:
    with either.write() as session:
        seed(session)
    with either.read() as session:
        wanted = naive(session, viewer)
        assert all(wanted.values()), "each queue has something, or nothing is tested"
        for queue, clips in wanted.items():
            assert queues.counted(session, viewer, queue) == queues.Count(len(clips), more=False), queue
            assert list(walked(session, viewer, queue, "older")) == clips, queue
            assert list(walked(session, viewer, queue, "newer")) == clips[::-1], queue
            assert all(queues.has(session, queue, one) for one in clips)


def walked(session: Session, viewer: Viewer, queue: Queue, direction: queues.Direction) -> Iterator[str]:
    here = queues.nearest(session, viewer, queue, None, direction)
    while here is not None:
        yield here
        here = queues.nearest(session, viewer, queue, here, direction)


def test_a_count_that_is_cut_says_so(either: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with either.write() as session:
        seed(session)
    with either.read() as session:
        all_of_it = len(naive(session, SITE)[Queue.LABELS])
        monkeypatch.setattr(queues, "MOST", all_of_it)
        assert queues.counted(session, SITE, Queue.LABELS) == queues.Count(all_of_it, more=False)
        monkeypatch.setattr(queues, "MOST", all_of_it - 1)
        assert queues.counted(session, SITE, Queue.LABELS) == queues.Count(all_of_it - 1, more=True)
        monkeypatch.setattr(queues, "MOST", 1000)
        monkeypatch.setattr(queues, "LOOKED_AT", 5)
        cut = queues.counted(session, OURS, Queue.LABELS)
        assert cut.more
        assert cut.number < 5, "others' clips among the first were no reason to stop counting one's own"


def test_what_somebody_put_off_is_passed_over_by_him_alone(either: Database) -> None:
    other = Viewer("other", "other", Role.EVIDENCE, None)
    with either.write() as session:
        seed(session)
    with either.write() as session:
        first, *rest = naive(session, SITE)[Queue.UNLINKED]
        key = {"user_id": "me", "queue": Queue.UNLINKED.value, "item_id": first}
        session.add(Postponed(**key, until=now() + timedelta(hours=1)))
    with either.read() as session:
        assert list(walked(session, SITE, Queue.UNLINKED, "older")) == rest
        assert list(walked(session, other, Queue.UNLINKED, "older")) == [first, *rest]
        assert queues.put_off_count(session, SITE, Queue.UNLINKED) == 1
    with either.write() as session:
        session.get_one(Postponed, tuple(key.values())).until = now() - timedelta(seconds=1)
    with either.read() as session:
        assert next(walked(session, SITE, Queue.UNLINKED, "older")) == first, "it is tomorrow"


def test_what_is_due_for_review_is_what_the_rule_says(either: Database) -> None:
    at = now()
    with either.write() as session:
        seed(session, 60, start=at - timedelta(days=420))
        for clip in session.exec(select(Clip)):  # twelve days lie between two of them: some are not due yet
            original = session.get_one(Original, clip.id)
            original.found_at += timedelta(days=6 * int(original.name.removesuffix(".mp4")))
    with either.read() as session:
        rule = {one.clip.id for one in disposal.for_review(session, LAW.packs, None, at, limit=100)}
        wanted = {clip.id for clip in session.exec(select(Clip)) if clip.unlinked and clip.id in rule}
        found = [one.clip.id for one in owed.for_review(session, SITE, LAW, at, None)]
        assert found == sorted(wanted, reverse=True)
        assert 0 < len(found) < 40
        assert owed.review_count(session, SITE, LAW, at) == queues.Count(len(found), more=False)


def test_steps_without_footage_and_recorders_not_handed_back_are_overdue(either: Database) -> None:
    at = now()
    with either.write() as session:
        seed(session, 3)
        session.add(Officer(id="zhang", name="张", unit_id="u"))
        session.flush()
        for name, unit, days in (("bare", "u", 4), ("filmed", "u", 4), ("theirs", "v", 4), ("fresh", "u", 0)):
            began = at - timedelta(days=days, hours=1)
            session.add(
                Activity(
                    id=name, case_uid=f"case-{unit}", kind="现场检查", stage="调查取证", started_at=began,
                    ended_at=began + timedelta(minutes=30), officers=["zhang"],
                )
            )  # fmt: skip
            hours = timedelta(hours=1 if name == "fresh" else 100)
            back = at if name == "filmed" else None
            session.add(
                Checkout(id=name, device_id=f"cam-{unit}", officer_id="zhang", out_at=at - hours, in_at=back)
            )
        session.flush()
        clip = session.exec(select(Clip.id)).first()
        link = {"verdict": "VALID", "score": 1, "reasons": [], "rule_pack": "p"}
        session.add(Link(clip_id=clip, case_uid="case-u", activity_id="filmed", **link))
    with either.read() as session:
        ours = owed.owed(session, OURS, LAW, at)
        assert [row.step.id for row in ours.duties] == ["bare"]
        assert [one.id for one in ours.taken] == ["bare"]
        assert ours.count == queues.Count(2, more=False)
        assert {row.step.id for row in owed.owed(session, SITE, LAW, at).duties} == {"bare", "theirs"}


PLANS = {
    Queue.REVIEW: {"ix_link_proposed", "ix_link_doubted"},
    Queue.UNLINKED: {"ix_clip_unlinked"},
    Queue.CLOCK: {"ix_clip_untimed", "ix_link_clock"},
    Queue.ASIDE: {"ix_clip_aside", "ix_original_state"},
    Queue.REJECTED: {"ix_link_proposed"},
    Queue.LABELS: {"ix_link_lacking"},
    Queue.PROPOSED: {"ix_link_proposed"},
}


@pytest.mark.parametrize("queue", PLANS)
@pytest.mark.parametrize("viewer", [SITE, OURS], ids=["all", "own"])
def test_each_mark_is_found_by_its_index(database: Database, queue: Queue, viewer: Viewer) -> None:
    """SQLite chooses on tables of a few rows as on those of millions."""
    with database.read() as session:
        for asked in (
            [queues.own_of(viewer, mark) for mark in MARKS[queue]],
            [queues.ahead(viewer, queue, mark, "0", "older") for mark in MARKS[queue]],
        ):
            plan = " ".join(step for one in asked for step in planned(session, one))
            for index in PLANS[queue]:
                assert f"INDEX {index}" in plan, plan


def planned(session: Session, asked: Any) -> list[str]:
    said = asked.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    return [row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {said}".replace(":", r"\:")))]
