"""Who listens is told once when a duty to record came to stand otherwise, whatever made it so."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, func, select

from gateway import outbox
from gateway.case_sources.records import CaseIn, store_case
from gateway.database import Database
from gateway.delivery import endpoints
from gateway.delivery.sorting import number, sort_out
from gateway.law import Law
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Delivery,
    Device,
    DutyDue,
    DutyTold,
    DutyWatch,
    Endpoint,
    Link,
    LinkStatus,
    Original,
    OutboxEvent,
    StatementKind,
    Unit,
)
from gateway.rulepacks import packs
from gateway.scope.lists import store_list
from gateway.scope.news import DutyNews
from gateway.scope.reading import Line, ListRead
from gateway.scope.statements import StatementIn, state

LAW = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Site:
    def __init__(self, database: Database) -> None:
        self.database, self.at = database, T0
        self.told: list[str] = []
        self.news = DutyNews(database, LAW, "here", lambda: self.at)

    def listen(self, kinds: list[str] | None = None, unit: str | None = None) -> str:
        """Somebody begins to listen, and the daemon has seen it."""
        with self.database.write() as session:
            made = endpoints.add_webhook(
                session, "t", ["*"], name="h", url="https://x.example/h", kinds=kinds or [], unit=unit
            )
        self.settle()
        return made.id

    def case(self, *steps: dict[str, Any], uid: str = "k", unit: str = "u") -> None:
        written = {"uid": uid, "title": uid, "unit": unit, "activities": list(steps)}
        with self.database.write() as session:
            store_case(session, CaseIn.model_validate(written), "t", "t")

    def link(self, clip: str, activity: str, verdict: str = "VALID") -> None:
        """A clip of the whole step came, and was linked."""
        with self.database.write() as session:
            step = session.get_one(Activity, activity)
            session.add(
                Original(id=clip, device_id="cam", name=clip, suffix=".mp4", size=1, found_at=self.at)
            )
            session.flush()
            session.add(
                Clip(
                    id=clip, device_id="cam", kind="VIDEO", started_at=step.started_at, ended_at=step.ended_at,
                    uncertainty_s=0.0,
                )
            )  # fmt: skip
            session.flush()
            made = Link(
                id=f"link-{clip}", clip_id=clip, case_uid=step.case_uid, activity_id=activity, verdict=verdict, score=1,
                reasons=[], rule_pack="p",
            )  # fmt: skip
            session.add(made)
            outbox.link_changed(session, made)

    def settle(self) -> None:
        while self.news.round():
            pass

    def after(self, time: timedelta) -> list[str]:
        self.at += time
        return self.new()

    def new(self) -> list[str]:
        """What was told since the last time, as `kind subject`."""
        self.settle()
        with self.database.read() as session:
            every = session.exec(
                select(OutboxEvent)
                .where(col(OutboxEvent.kind).in_(outbox.OBLIGATIONS))
                .order_by(col(OutboxEvent.id))
            ).all()
        fresh, self.told = every[len(self.told) :], [one.id for one in every]
        self.bodies = [one.body for one in fresh]
        return [
            f"{one.kind.removeprefix('obligation.')} {one.subject.removeprefix('duty:')}" for one in fresh
        ]

    def rows(self, model: Any) -> int:
        with self.database.read() as session:
            return session.exec(select(func.count()).select_from(model)).one()


def step(
    name: str, begins: timedelta = HOUR, lasts: timedelta = HOUR, kind: str = "查封扣押"
) -> dict[str, Any]:
    start = T0 + begins
    told = {"id": name, "kind": kind, "officers": ["zhang", "li"]}
    return told | {"started_at": start.isoformat(), "ended_at": (start + lasts).isoformat()}


@pytest.fixture
def site(either: Database) -> Site:
    with either.write() as session:
        session.add_all((Unit(id="u", name="u"), Unit(id="v", name="v")))
        session.flush()
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
    return Site(either)


def test_a_duty_is_missing_when_its_step_ends_overdue_when_the_time_to_upload_is_over_and_met_when_footage_comes(
    site: Site,
) -> None:
    site.listen()
    site.case(step("a"))
    assert site.new() == []
    assert site.after(2 * HOUR) == ["missing a"]
    assert site.after(HOUR) == []
    assert site.after(24 * HOUR) == ["overdue a"]
    [body] = site.bodies
    assert (body["standing"], body["before"], body["case"], body["unit"]) == ("OVERDUE", "MISSING", "k", "u")
    assert [one["rule"] for one in body["failed"]] == ["LK-15"]
    assert site.after(48 * HOUR) == []
    site.link("c", "a")
    assert site.new() == ["met a"]
    assert site.bodies[0]["late"]
    assert site.after(HOUR) == []


def test_a_link_that_is_taken_back_leaves_the_duty_missing_again(site: Site) -> None:
    site.listen()
    site.case(step("a"))
    site.link("c", "a")
    assert site.after(3 * HOUR) == ["met a"]
    with site.database.write() as session:
        link = session.get_one(Link, "link-c")
        link.status, link.ended_at = LinkStatus.WITHDRAWN, site.at
        session.add(link)
        outbox.link_changed(session, link)
    assert site.new() == ["missing a"]
    assert site.after(30 * HOUR) == ["overdue a"]


def test_a_clip_that_turns_out_to_be_of_another_time_leaves_the_step_partly_recorded(site: Site) -> None:
    site.listen()
    site.case(step("a"))
    site.link("c", "a")
    assert site.after(3 * HOUR) == ["met a"]
    with site.database.write() as session:
        clip = session.get_one(Clip, "c")
        assert clip.ended_at is not None
        clip.ended_at -= HOUR / 2
        session.add(clip)
        outbox.clip_changed(session, "clip.labelled", "c")
    assert site.new() == ["partial a"]
    assert site.bodies[0]["measured"] == 0.5


def test_an_omission_that_is_complete_exempts_and_one_that_lacks_something_does_not(site: Site) -> None:
    site.listen()
    site.case(step("a"))
    assert site.after(3 * HOUR) == ["missing a"]
    given = StatementIn(kind=StatementKind.OMISSION, ground="emergency")
    with site.database.write() as session:
        first = state(session, "a", given, "t").id
    assert site.new() == []
    whole = given.model_copy(
        update={
            "why": "现场突发火情", "work_record": "工作记录1号", "reported_to": "王局", "approved_by": "王局",
            "approved_at": site.at, "replaces": first,
        }
    )  # fmt: skip
    with site.database.write() as session:
        state(session, "a", whole, "t")
    assert site.new() == ["exempted a"]
    assert site.after(30 * HOUR) == []


def test_a_step_that_is_told_late_is_told_as_it_stands_then(site: Site) -> None:
    site.listen()
    site.after(72 * HOUR)
    site.case(step("a"))
    assert site.new() == ["overdue a"]


def test_a_step_that_is_taken_out_or_put_off_owes_nothing_any_more(site: Site) -> None:
    site.listen()
    site.case(step("a"), step("b"))
    assert site.after(3 * HOUR) == ["missing a", "missing b"]
    site.case(step("b", begins=9 * HOUR))
    assert site.new() == ["lapsed a", "lapsed b"]
    assert site.after(10 * HOUR) == ["missing b"]


def test_what_need_not_be_recorded_is_no_news(site: Site) -> None:
    site.listen()
    site.case(step("a", kind="立案"))
    assert site.after(72 * HOUR) == [], "立案 is OPTIONAL"


def test_who_begins_to_listen_is_told_of_what_moves_from_then_on(site: Site) -> None:
    site.case(step("met"), step("open"), step("old", begins=-200 * HOUR), step("later", begins=5 * HOUR))
    site.link("c", "met")
    site.at += 3 * HOUR
    site.listen()
    assert site.new() == []
    assert site.after(4 * HOUR) == ["missing later"]
    assert site.after(24 * HOUR) == ["overdue later", "overdue open"]
    site.link("d", "old")
    assert site.new() == ["met old"]


def test_what_moves_before_the_daemon_saw_who_listens_is_not_lost(site: Site) -> None:
    """The gateway was down when the webhook was entered, and somebody linked a clip meanwhile."""
    site.case(step("a"))
    site.at += 3 * HOUR
    with site.database.write() as session:
        endpoints.add_webhook(session, "t", ["*"], name="h", url="https://x.example/h", kinds=[], unit=None)
    site.link("c", "a")
    assert site.new() == ["met a"]


def test_nothing_is_noted_where_nobody_listens_to_it(site: Site) -> None:
    site.case(step("a"))
    site.link("c", "a")
    assert site.after(72 * HOUR) == []
    hook = site.listen(kinds=["link.changed"])
    site.link("d", "a")
    assert site.after(72 * HOUR) == []
    assert [site.rows(one) for one in (DutyDue, DutyTold, DutyWatch)] == [0, 0, 0]
    with site.database.write() as session:
        endpoints.change(session, session.get_one(Endpoint, hook), "t", {"kinds": ["obligation.overdue"]})
    site.settle()
    site.case(step("b", begins=-72 * HOUR), uid="m")
    assert site.new() == ["overdue b"]
    with site.database.write() as session:
        endpoints.change(session, session.get_one(Endpoint, hook), "t", {"kinds": ["link.changed"]})
    site.settle()
    assert [site.rows(one) for one in (DutyDue, DutyTold, DutyWatch)] == [0, 0, 0]


def test_a_list_that_asks_for_more_moves_what_was_met(site: Site) -> None:
    site.listen()
    site.case(step("a", kind="星际检查"))
    site.link("c", "a")
    with site.database.write() as session:
        clip = session.get_one(Clip, "c")
        assert clip.ended_at is not None
        clip.ended_at -= HOUR / 2
        session.add(clip)
    assert site.after(3 * HOUR) == ["met a"], "the key parts are asked for, and something is there"
    read = ListRead(title="清单", lines=[Line(3, {"step": "星际检查", "demand": "全程记录"})], faults=[])
    with site.database.write() as session:
        store_list(session, read, "l.csv", b"x", "u", T0 - 24 * HOUR, "t")
    assert site.new() == ["partial a"]


def test_of_two_gateways_one_looks_after_it_at_a_time(site: Site) -> None:
    site.listen()
    site.case(step("a"))
    other = DutyNews(site.database, LAW, "there", lambda: site.at)
    assert not other.take(), "the first had it within the last minute"
    assert site.after(3 * HOUR) == ["missing a"]
    site.at += HOUR
    assert other.take()
    assert not site.news.take()


def test_many_steps_over_many_days_are_told_each_once(site: Site) -> None:
    site.listen()
    names = [f"s{number:04}" for number in range(600)]
    site.case(*(step(name, begins=HOUR * number) for number, name in enumerate(names)))
    told = site.after(700 * HOUR)
    assert sorted(told) == [f"overdue {name}" for name in names]
    assert site.after(HOUR) == []


def test_who_may_see_the_case_is_told_and_no_other(site: Site) -> None:
    mine, theirs = site.listen(unit="u"), site.listen(unit="v")
    site.case(step("a"))
    assert site.after(3 * HOUR) == ["missing a"]
    while number(site.database):
        pass
    with site.database.read() as session:
        hooks = {one.id: one for one in session.exec(select(Endpoint))}
    for hook in hooks.values():
        sort_out(site.database, hook)
    assert delivered(site.database, mine) == ["duty:a"]
    assert delivered(site.database, theirs) == []


def delivered(database: Database, hook: str) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(Delivery.subject).where(Delivery.endpoint_id == hook)))


def test_with_the_case_of_no_unit_only_who_sees_all_is_told(site: Site) -> None:
    with site.database.write() as session:
        session.add(CaseRecord(uid="n", title="n"))
        session.flush()
        noted: Session = session
        assert outbox.put(noted, "obligation.missing", "duty:x", {}, cases=["n"]) is None, "nobody listens"
    one, every = site.listen(unit="u"), site.listen()
    with site.database.write() as session:
        assert outbox.put(session, "obligation.missing", "duty:x", {}, cases=["n"]) is not None
    number(site.database)
    with site.database.read() as session:
        hooks = session.exec(select(Endpoint)).all()
    for hook in hooks:
        sort_out(site.database, hook)
    assert (delivered(site.database, one), delivered(site.database, every)) == ([], ["duty:x"])
