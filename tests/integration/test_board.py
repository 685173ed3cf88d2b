"""The obligation board equals the slow one, duty by duty and gap by gap (issue 4, Must show 4)."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from gateway.database import Database
from gateway.law import Law
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Device,
    DeviceSignal,
    Link,
    LinkStatus,
    Original,
    Role,
    Room,
    ScopeItem,
    ScopeList,
    State,
    Statement,
    StatementKind,
    Unit,
)
from gateway.reports.duties import recorded
from gateway.reports.figures import Side
from gateway.rulepacks import packs
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode
from gateway.scope.board import GROUPS, Tally, board, tallies, tally, unknown_kinds, unknown_stages
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer
from tests.integration.board_differences import differences
from tests.integration.slow_board import slow_board

ALL = Viewer("x", "x", Role.ADMIN, None)
LAW = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
BEGIN = datetime(2026, 9, 28, tzinfo=UTC)
DAYS = 6
END = BEGIN + timedelta(days=DAYS)
AT = BEGIN + timedelta(days=DAYS - 2, hours=5)
KINDS = [
    "查封扣押",
    "强制拆除",
    "现场检查",
    "询问",
    "听证",
    "立案",
    "留置送达",
    "罚没财物处置",
    "星际检查",
    "月面执法",
]


STAGES = ["调查取证", "审核决定", "送达执行", "审核", " 送 达", "service", "归档", "启动", "胡写", "审查决定"]
"""As units write them: by the seed, by the seven, by id, and what nobody knows."""


class Town:
    """A random few days of two units: steps, clips in every state, statements, signals, lists."""

    def __init__(self, session: Session, seed: int, steps: int) -> None:
        self.chance, self.session = random.Random(seed), session
        session.add(Unit(id="city", name="市局"))
        session.flush()
        session.add_all(
            [
                Unit(id="east", name="东分局", parent_id="city"),
                Unit(id="west", name="西分局", parent_id="city"),
            ]
        )
        session.flush()
        session.add_all(
            [Room(id="room", name="询问室", unit_id="east"), Room(id="quiet", name="听证室", unit_id="west")]
        )
        session.flush()
        for name in ("a", "b", "c"):
            session.add(Device(id=name, type="body_camera", unit_id="east"))
        session.add(Device(id="fixed", type="cctv", unit_id="east", room_id="room"))
        for case, unit in (("k1", "east"), ("k2", "west"), ("k3", "city"), ("k4", None)):
            session.add(CaseRecord(uid=case, title=f"{case}案", unit_id=unit))
        session.flush()
        self.lists()
        for number in range(steps):
            self.step(f"s{number:04}")
        self.signals()
        self.by_hand(steps // 4)

    def lists(self) -> None:
        """The city's list changes on the third day; the east has its own; a corrected one counts no more."""
        editions = [
            ("city", 0, False, [("现场检查", "", "主要过程", ""), ("立案", "进入", "签批", "离开")]),
            (
                "city",
                3,
                False,
                [("现场检查", "进入", "检查的全过程", "离开"), ("月面执法", "到达", "", "离开")],
            ),
            ("east", 1, False, [("留置送达", "到达", "送达", "结束"), ("听证", "", "主要过程", "")]),
            ("east", 1, True, [("立案", "进入", "全过程", "离开")]),
        ]
        for number, (unit, day, superseded, lines) in enumerate(editions):
            edition = ScopeList(
                id=f"l{number}", unit_id=unit, valid_from=BEGIN + timedelta(days=day), title="", file_name="f", sha256="",
                made_by="x", superseded_at=BEGIN if superseded else None,
            )  # fmt: skip
            self.session.add(edition)
            self.session.flush()
            for row, (step, starts, content, ends) in enumerate(lines):
                self.session.add(
                    ScopeItem(
                        list_id=edition.id, row=row, step=step, starts=starts, content=content, ends=ends
                    )
                )

    def sometimes(self, share: float) -> bool:
        return self.chance.random() < share

    def seconds(self, most: int) -> timedelta:
        return timedelta(milliseconds=self.chance.randrange(most * 1000))

    def step(self, name: str) -> None:
        start = BEGIN + timedelta(minutes=self.chance.randrange(DAYS * 24 * 60))
        end = start + timedelta(seconds=self.chance.choice([0, 240, 600, 900, 1200]))
        self.session.add(
            Activity(
                id=name, case_uid=self.chance.choice(["k1", "k2", "k3", "k4"]), kind=self.chance.choice(KINDS),
                stage=self.chance.choice(STAGES), started_at=start, ended_at=end,
                room_id=self.chance.choice([None, None, None, "room", "quiet"]),
                officers=self.chance.sample(["zhang", "li", "wang"], self.chance.randrange(4)),
                withdrawn_at=AT if self.sometimes(0.05) else None,
            )
        )  # fmt: skip
        self.session.flush()
        if self.sometimes(0.75):
            self.footage(name, start, end)
        if self.sometimes(0.4):
            self.statement(name, start, end)

    def footage(self, step: str, start: datetime, end: datetime) -> None:
        """Takes of one to three recorders, cut into segments that meet or nearly do, some with a hole."""
        for recorder in self.chance.sample(["a", "b", "c", "fixed"], self.chance.choice([1, 1, 2, 3])):
            at = start - timedelta(seconds=100) + self.seconds(200)
            doubt = self.chance.choice([0, 0, 0, 7, 60.5, 61])
            while at < end + self.seconds(120) - timedelta(seconds=60):
                length = timedelta(seconds=self.chance.choice([30, 120, 300, 1500]))
                self.clip(step, recorder, at, at + length, doubt)
                at += length + timedelta(seconds=self.chance.choice([0, 0, 0, 1, 2, 3, 5, 40, 240]))

    def clip(self, step: str, recorder: str, start: datetime, end: datetime, doubt: float) -> None:
        name = f"{step}-{recorder}-{start:%d%H%M%S}"
        found = end + timedelta(hours=self.chance.choice([1, 5, 23, 30]))
        self.session.add(
            Original(
                id=name, device_id=recorder, name="x", suffix=".mp4", size=1, state=State.PRESERVED, found_at=found,
                sha256=name, acquired_at=found + timedelta(hours=1) if self.sometimes(0.5) else None,
            )
        )  # fmt: skip
        self.session.flush()
        timed = self.sometimes(0.95)
        self.session.add(
            Clip(
                id=name, device_id=recorder, kind="VIDEO", started_at=start if timed else None,
                ended_at=end if timed else None, uncertainty_s=doubt or None, condition=self.condition(),
            )
        )  # fmt: skip
        self.session.flush()
        cut = self.sometimes(0.15)
        status = self.chance.choices(list(LinkStatus), [6, 3, 1])[0]
        self.session.add(
            Link(
                clip_id=name, case_uid=self.session.get_one(Activity, step).case_uid, activity_id=step, score=1,
                verdict=self.chance.choices(["VALID", "NEEDS_REVIEW", "REJECTED"], [8, 2, 1])[0], reasons=[],
                rule_pack="p", status=status, ended_at=AT if status is LinkStatus.WITHDRAWN or self.sometimes(0.05) else None,
                t0_s=float(self.chance.randrange(60)) if cut else None,
                t1_s=float(self.chance.randrange(400)) if cut else None,
            )
        )  # fmt: skip

    def by_hand(self, count: int) -> None:
        """Clips and photos that people linked: of another day, of a few minutes apart, of a lost clock, a part."""
        steps = self.session.exec(select(Activity).order_by(Activity.id)).all()
        for number in range(count):
            step, name = self.chance.choice(steps), f"hand{number:03}"
            off = self.chance.choice([-90 * 86400, -1500, -960, -300, 0, 300, 900, 961, 86400])
            start = self.chance.choice([step.started_at, step.ended_at]) + timedelta(seconds=off)
            end = start + timedelta(seconds=self.chance.choice([0, 0, 60, 900]))
            found = max(end, step.ended_at) + timedelta(hours=self.chance.choice([1, 30]))
            lost = {"rule": "LK-1", "passed": False, "code": "labels.missing"}
            labels = self.chance.choice(["采集时间、证明对象", "证明对象", "采集地点"])
            self.session.add(Original(id=name, device_id="c", name="x", suffix=".mp4", size=1, state=State.PRESERVED,
                                      found_at=found, sha256=name))  # fmt: skip
            self.session.flush()
            self.session.add(Clip(id=name, device_id="c", kind="VIDEO", started_at=start, ended_at=end,
                                  uncertainty_s=self.chance.choice([None, 0.5, 61.0])))  # fmt: skip
            self.session.flush()
            cut = self.sometimes(0.3)
            self.session.add(
                Link(
                    clip_id=name, case_uid=step.case_uid, activity_id=step.id, score=1, verdict="NEEDS_REVIEW", rule_pack="p",
                    status=LinkStatus.CONFIRMED, made_by="li", t0_s=30.0 if cut else None, t1_s=50.0 if cut else None,
                    reasons=[{**lost, "facts": {"labels": labels}}],
                )
            )  # fmt: skip

    def condition(self) -> dict[str, object] | None:
        code = self.chance.choices(["", "not_media", "unplayable", "broken", "encrypted"], [16, 1, 1, 1, 1])[
            0
        ]
        return {"code": f"condition.{code}", "facts": {}} if code else None

    def statement(self, step: str, start: datetime, end: datetime) -> None:
        kind = self.chance.choices(list(StatementKind), [3, 6, 1, 1, 1])[0]
        gap = kind is StatementKind.GAP
        since = start + self.seconds(900) if self.sometimes(0.7) else None
        grounds = ["fault", "battery", "other"] if gap else ["secret", "emergency", "impossible"]
        full = self.sometimes(0.7)
        self.session.add(
            Statement(
                activity_id=step, kind=kind, made_by="x", ground=self.chance.choice(grounds), why="因故",
                from_at=since if gap else None,
                to_at=(since + timedelta(seconds=1 + self.chance.randrange(600)) if since else None) if gap else end + self.seconds(200000),
                work_record="1号" if full else None, reported_to="局长", approved_by="局长" if full or self.sometimes(0.5) else None,
                approved_at=end, superseded_at=AT if self.sometimes(0.15) else None,
            )
        )  # fmt: skip

    def signals(self) -> None:
        for number in range(200):
            at = BEGIN + self.seconds(DAYS * 86400)
            kind = self.chance.choice(["rec_stop", "low_battery", "storage_low", "tamper", "gap", "sos"])
            until = at + timedelta(seconds=self.chance.choice([30, 600, 40000]))
            detail = (
                {"from": at.isoformat(), "to": until.isoformat(), "cause": "source_lost"}
                if kind == "gap"
                else {}
            )
            told = at if self.sometimes(0.8) else None
            self.session.add(
                DeviceSignal(
                    device_id=self.chance.choice(["a", "b", "c", "fixed"]), event_id=f"e{number}", kind=kind,
                    received_at=(until if kind == "gap" else at) + (self.seconds(5000) if told else timedelta()), device_time=told,
                    detail=detail,
                )
            )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_the_board_is_what_the_slow_one_says(either: Database, seed: int) -> None:
    with either.write() as session:
        Town(session, seed, 160)
    since, until = BEGIN + timedelta(days=1), END
    with either.read() as session:
        rows = board(session, ALL, LAW, Wanted(since=since, until=until), AT)
        slow = slow_board(session, since, until, AT)
    assert differences(rows, slow) == []
    assert [row.order for row in rows] == sorted((row.order for row in rows), reverse=True)
    counted = {one.standing for one in slow.values() if one.mode != "OPTIONAL"}
    assert len(counted) == 6, "every standing comes up"
    assert unknown_kinds(rows)["星际检查"] == sum(row.step.kind == "星际检查" for row in rows)


@pytest.mark.parametrize("read", [True, False])
def test_a_clip_of_august_does_not_keep_the_duty_of_november(either: Database, read: bool) -> None:
    """Unless nobody knows when it was recorded: then a person's word is all there is."""
    start = datetime(2026, 11, 3, 1, tzinfo=UTC)
    august = start - timedelta(days=90)
    card = {
        "code": "labels.missing",
        "passed": False,
        "facts": {"labels": "采集地点" if read else "采集时间"},
    }
    with either.write() as session:
        session.add_all([Device(id="cam", type="body_camera"), CaseRecord(uid="k", title="案")])
        session.flush()
        session.add(Activity(id="s", case_uid="k", kind="现场检查", stage="调查取证", started_at=start,
                             ended_at=start + timedelta(hours=1)))  # fmt: skip
        for name, seconds in (("film", 600), ("photo", 0)):
            session.add(
                Original(
                    id=name,
                    device_id="cam",
                    name="x",
                    suffix=".x",
                    size=1,
                    state=State.PRESERVED,
                    sha256=name,
                )
            )
            session.flush()
            session.add(Clip(id=name, device_id="cam", kind="VIDEO", started_at=august,
                             ended_at=august + timedelta(seconds=seconds), uncertainty_s=60.0))  # fmt: skip
            session.flush()
            session.add(Link(clip_id=name, case_uid="k", activity_id="s", score=1, verdict="NEEDS_REVIEW", reasons=[card],
                             rule_pack="p", status=LinkStatus.CONFIRMED, made_by="li"))  # fmt: skip
    since, at = start - timedelta(days=1), start + timedelta(days=3)
    with either.read() as session:
        rows = board(session, ALL, LAW, Wanted(since=since, until=at), at)
        assert differences(rows, slow_board(session, since, at, at)) == []
    [row] = rows
    told = {one.code: dict(one.facts) for one in row.duty.findings if not one.passed}
    counted = [(one.side, one.why) for one in recorded(rows, Mode.PARTIAL, at, lambda _: "")]
    if read:
        assert row.duty.standing is Standing.OVERDUE
        assert (told["duty.elsewhere"], "duty.overdue" in told) == ({"clips": "2"}, True)
        assert counted == [(Side.DENOMINATOR, "figure.missing")], "nor is it one of the key parts recorded"
    else:
        assert row.duty.standing is Standing.ARRIVED
        assert counted == [(Side.BOTH, "")]
        assert "duty.elsewhere" not in told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("送达执行", {"送达执行", " 送 达", "service", "归档"}),
        ("送达", {" 送 达", "service"}),
        ("审核决定", {"审核决定", "审核"}),
        ("unknown_stage", {"胡写", "审查决定"}),
        ("胡写", set()),
    ],
)
def test_a_stage_is_asked_for_in_any_word_for_it(database: Database, asked: str, told: set[str]) -> None:
    with database.write() as session:
        Town(session, 3, 80)
    with database.read() as session:
        every = board(session, ALL, LAW, Wanted(since=BEGIN, until=END), AT)
        rows = board(session, ALL, LAW, Wanted(since=BEGIN, until=END, stage=asked), AT)
    assert {row.step.stage for row in rows} == told
    assert [row.step.id for row in rows] == [row.step.id for row in every if row.step.stage in told]
    assert unknown_stages(every).keys() == {"胡写", "审查决定"}
    assert tallies(every, "stage").keys() == {"启动", "调查取证", "审核决定", "送达执行", "unknown_stage"}


def test_groups_add_up_to_the_whole(either: Database) -> None:
    with either.write() as session:
        Town(session, 7, 60)
    with either.read() as session:
        rows = board(session, ALL, LAW, Wanted(since=BEGIN, until=END), AT)
    for by in GROUPS:
        groups = tallies(rows, by)
        if by == "officer":
            assert groups["zhang"] == tally(row for row in rows if "zhang" in row.step.officers)
            continue
        total = Tally()
        for one in groups.values():
            for name in Tally.__slots__:
                setattr(total, name, getattr(total, name) + getattr(one, name))
        assert total == tally(rows), by


def test_a_viewer_sees_the_duties_of_its_own_units(either: Database) -> None:
    with either.write() as session:
        Town(session, 8, 60)
    with either.read() as session:
        west = Viewer("w", "w", Role.SUPERVISOR, frozenset({"west"}))
        rows = board(session, west, LAW, Wanted(since=BEGIN, until=END), AT)
        assert rows
        assert {row.step.unit_id for row in rows} == {"west"}
        narrowed = board(session, ALL, LAW, Wanted(since=BEGIN, until=END, units=frozenset({"west"})), AT)
        assert [row.step.id for row in narrowed] == [row.step.id for row in rows]
        assert board(session, west, LAW, Wanted(since=BEGIN, until=END, units=frozenset({"east"})), AT) == []
