"""Samples of cases on both databases: drawn once and for all, sheets that tell what is there, remarks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from gateway import custody
from gateway.audit import EVIDENCE, rows
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import (
    Activity,
    Allocation,
    Basis,
    CaseAlias,
    CaseParty,
    CaseRecord,
    CaseSample,
    Clip,
    CustodyEvent,
    Device,
    Link,
    Officer,
    Original,
    Party,
    PartyKind,
    ReportMade,
    Result,
    Role,
    SampleCase,
    SampleRemark,
    State,
    Statement,
    StatementKind,
    Unit,
    now,
)
from gateway.reports import making, remarks
from gateway.reports.making import Format, Subject
from gateway.reports.paper import as_percent
from gateway.reports.recording import recording_sheet
from gateway.reports.remarks import Checked, RemarkIn, checked, remark, remarks_of
from gateway.reports.sample import DrawIn, cases_of, faults, sample, span_of
from gateway.reports.sheets import measured, sheets_paper
from gateway.rulepacks import packs
from gateway.rules.duty import percent
from gateway.rules.sampling import draw
from gateway.visibility import Viewer
from gateway.wording import sentence

SOON = now().date() + timedelta(days=100)
ZONE = ZoneInfo("Asia/Shanghai")
LAW = Law(packs("hebei-xingtai-2019"), ZONE)
ALL = Viewer("x", "x", Role.ADMIN, None)
T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AT = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seed(session: Session) -> None:
    """A city with two bureaus and twenty cases, one of them with everything that a sheet tells of."""
    session.add(Unit(id="city", name="邢台市"))
    session.flush()
    session.add_all(
        [Unit(id="east", name="东分局", parent_id="city"), Unit(id="west", name="西分局", parent_id="city")]
    )
    session.add(Unit(id="other", name="别处"))
    session.flush()
    for number in range(20):
        unit = ("east", "west", "other")[number % 3]
        session.add(
            CaseRecord(
                uid=f"k{number:02}", title=f"第 {number} 案", unit_id=unit, opened_on=T0,
                closed_on=T0 + timedelta(days=30) if number < 15 else None,
            )
        )  # fmt: skip
    session.add(Officer(id="zhang", name="张三", unit_id="east"))
    session.add(Device(id="cam", name="记录仪一号", type="body_camera", unit_id="east", serial_no="SN1"))
    session.add(Device(id="foreign", type="body_camera", unit_id="other"))
    session.add(Party(id="p", kind=PartyKind.ORGANISATION))
    session.flush()
    session.add(Allocation(device_id="cam", kind="PERSONAL", officer_id="zhang", valid_from=T0 - HOUR))  # type: ignore[arg-type]
    session.add(CaseAlias(case_uid="k00", raw="邢市监处罚〔2026〕1号", norm="n", key="k"))
    session.add(CaseParty(case_uid="k00", party_id="p", place=0, name="=甲公司"))
    session.add(
        Activity(id="step", case_uid="k00", kind="查封扣押", stage="调查取证", started_at=T0, ended_at=T0 + HOUR,
                 place="仓库", officers=["zhang"])
    )  # fmt: skip
    session.flush()
    session.add(
        Statement(
            activity_id="step",
            kind=StatementKind.GAP,
            ground="battery",
            why="电池耗尽，更换后继续",
            made_by="张三",
        )
    )
    for name, device in (("clip", "cam"), ("hidden", "foreign")):
        session.add(
            Original(id=name, device_id=device, state=State.PRESERVED, name=f"{name}.mp4", suffix=".mp4", size=1,
                     sha256=name[0] * 64, acquired_at=T0 + 2 * HOUR, verified_at=T0 + 2 * HOUR)
        )  # fmt: skip
        session.flush()
        session.add(
            Clip(id=name, device_id=device, kind="VIDEO", started_at=T0, ended_at=T0 + HOUR / 2, uncertainty_s=1,
                 officer_id="zhang" if name == "clip" else None, place="仓库")
        )  # fmt: skip
        session.flush()
        reasons = [
            {"rule": "LK-4", "passed": True, "code": "custody.allocated", "facts": {"since": T0.isoformat(), "officer": "张三"}},
            {"rule": "LK-1", "passed": False, "code": "labels.missing", "facts": {"labels": "证明对象"}},
        ]  # fmt: skip
        session.add(
            Link(clip_id=name, case_uid="k00", activity_id="step", verdict="VALID_WITH_NOTE", score=1,
                 reasons=reasons, rule_pack="p")
        )  # fmt: skip


@pytest.fixture
def town(either: Database) -> Database:
    with either.write() as session:
        seed(session)
    return either


def drawn_of(database: Database, **asked: object) -> CaseSample:
    given = DrawIn.model_validate({"unit": "city", "period": "2026-H1", "count": 4, **asked})
    with database.write() as session:
        return sample(session, LAW, given, "李四")


def test_the_frame_is_what_was_closed_below_the_unit(town: Database) -> None:
    drawn = drawn_of(town)
    closed = {f"k{number:02}" for number in range(15) if number % 3 != 2}
    assert (set(drawn.frame), set(drawn.frame.values()), drawn.basis) == (closed, {""}, Basis.CLOSED)
    with town.read() as session:
        cases = cases_of(session, drawn.id)
        assert [one.case_uid for one in cases] == [one.case for one in draw(drawn.seed, drawn.frame, 4)]
        assert faults(session, drawn) == []


def test_each_unit_has_its_own(town: Database) -> None:
    drawn = drawn_of(town, per_unit=True, count=3)
    with town.read() as session:
        strata = [one.stratum for one in cases_of(session, drawn.id)]
    assert strata == ["east"] * 3 + ["west"] * 3


def test_a_patrol_looks_at_what_is_going_on(town: Database) -> None:
    with pytest.raises(Refused) as no:
        drawn_of(town, period="2026-Q3")
    assert no.value.reason["code"] == "sample.no_case"
    with town.write() as session:
        session.add(
            Activity(
                id="late",
                case_uid="k18",
                kind="现场检查",
                stage="调查取证",
                started_at=AT,
                ended_at=AT + HOUR,
            )
        )
    assert set(drawn_of(town, period="2026-Q3").frame) == {"k18"}


def test_the_seed_is_the_seal_and_who_draws_again_is_seen(town: Database) -> None:
    """Nobody shops for a seed: it comes from the chain, and every draw stays."""
    one = drawn_of(town)
    with pytest.raises(Refused) as no:
        drawn_of(town)
    assert no.value.reason["facts"]["drawn"] == "1"
    two = drawn_of(town, why="第一次抽取的案卷已外借")
    assert (one.number, two.number) == (1, 2)
    assert one.seed != two.seed
    with town.read() as session:
        assert len(session.exec(select(CaseSample)).all()) == 2
        lines = session.exec(
            select(CustodyEvent).where(CustodyEvent.event == "FRAME_SEALED").order_by(CustodyEvent.seq)
        ).all()  # type: ignore[arg-type]
        assert [line.digest for line in lines] == [one.seed, two.seed]
        assert [line.detail["frame"] for line in lines] == [one.frame_digest, two.frame_digest]
        assert lines[1].detail["why"] == "第一次抽取的案卷已外借"
        assert list(custody.breaks(session, custody.SITE)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"frame": {"k00": ""}}, "sample.frame_differs"),
        ({"seed": "chosen"}, "sample.seal_differs"),
        ({"wanted": 5}, "sample.cases_differ"),
    ],
)
def test_what_was_tampered_with_shows(town: Database, change: dict[str, object], code: str) -> None:
    drawn = drawn_of(town)
    with town.write() as session:
        session.get_one(CaseSample, drawn.id).sqlmodel_update(change)
    with town.read() as session:
        assert code in {one["code"] for one in faults(session, session.get_one(CaseSample, drawn.id))}


def test_every_row_is_vouched_for(town: Database) -> None:
    drawn = drawn_of(town)
    with town.read() as session:
        case = cases_of(session, drawn.id)[0].case_uid
        paper = sheets_paper(session, ALL, LAW, drawn, AT)
    with town.write() as session:
        remark(session, drawn, case, RemarkIn(result=Result.SOUND), "王五", ZONE)
        making.put_on_record(
            session, paper, Subject("sheets", "city", "2026-H1", drawn.id), Format.PDF, b"x", "王五"
        )
    ours = {CaseSample, SampleCase, SampleRemark, ReportMade}
    assert ours <= set(EVIDENCE)
    names = tuple(f"row {model.__tablename__}/" for model in ours)
    with town.read() as session:
        assert [one for one in rows(session) if one.where.startswith(names)] == []
    with town.write() as session:
        session.exec(select(SampleRemark)).one().result = Result.FAULTY
    with town.read() as session:
        assert [one.what for one in rows(session) if one.where.startswith(names)] == [
            "edited: differs from its last line of custody"
        ]


def test_the_sheet_tells_what_was_owed_what_is_there_and_who_held_it(town: Database) -> None:
    with town.read() as session:
        sheet = recording_sheet(session, ALL, LAW, session.get_one(CaseRecord, "k00"), AT)
        theirs = Viewer("y", "y", Role.SUPERVISOR, frozenset({"east"}))
        less = recording_sheet(session, theirs, LAW, session.get_one(CaseRecord, "k00"), AT)
    [step] = sheet.steps
    assert (sheet.numbers, sheet.parties, step.standing, step.mode) == (
        ["邢市监处罚〔2026〕1号"],
        ["=甲公司"],
        "PARTIAL",
        "FULL",
    )
    [gap] = step.gaps
    assert (round(gap.seconds), gap.cause, gap.explained) == (1800, "battery", True)
    assert [(one.kind, one.why) for one in step.said] == [("GAP", "电池耗尽，更换后继续")]
    assert [one.clip for one in sheet.clips] == ["clip", "hidden"]
    assert [one.clip for one in less.clips] == ["clip"], "a clip of another unit's device is not shown"
    assert [one["code"] for one in less.notes] == ["sample.failing_steps", "sample.hidden_clips"]
    [clip] = less.clips
    assert (clip.lacking, clip.verified_at, clip.sha256) == (["证明对象"], T0 + 2 * HOUR, "c" * 64)
    [device] = less.devices
    assert (device.held_by, device.held_as, device.serial_no, device.clips) == ("张三", "PERSONAL", "SN1", 1)


@pytest.mark.parametrize("share", [1 / 15, 0.97999, 0.98, 1.0, 0.0, 0.123456])
def test_a_row_of_a_sheet_gives_one_share(share: float) -> None:
    assert float(as_percent(measured(share)).rstrip("%")) == float(percent(share))


def said(
    session: Session, drawn: CaseSample, case: str, actor: str = "王五", **given: object
) -> SampleRemark:
    return remark(session, drawn, case, RemarkIn.model_validate(given), actor, ZONE)


def test_a_fault_is_followed_up_until_it_is_settled(town: Database) -> None:
    drawn = drawn_of(town)
    with town.write() as session:
        first, second = (one.case_uid for one in cases_of(session, drawn.id)[:2])
        fault = said(session, drawn, first, result="FAULTY", remark="无视频", due_on=SOON.isoformat())
        said(session, drawn, first, result="FOLLOWED", remark="已补工作记录", answers=fault.id)
        assert checked(remarks_of(session, drawn.id, first)) is Checked.OPEN
        with pytest.raises(Refused) as no:
            said(session, drawn, first, result="SOUND")
        assert no.value.reason["code"] == "sample.fault_stands"
        settled = said(session, drawn, first, result="SETTLED", remark="核实", answers=fault.id)
        assert checked(remarks_of(session, drawn.id, first)) is Checked.SETTLED
        with pytest.raises(Refused) as no:
            said(session, drawn, first, result="SETTLED", remark="再次", answers=fault.id)
        assert no.value.reason["code"] == "sample.no_open_fault"
        said(
            session,
            drawn,
            first,
            result="FOLLOWED",
            remark="尚未完全整改",
            answers=fault.id,
            replaces=settled.id,
        )
        assert checked(remarks_of(session, drawn.id, first)) is Checked.OPEN, "a correction opens it again"
        with pytest.raises(Refused) as no:
            said(
                session, drawn, first, result="FAULTY", remark="x", due_on=SOON.isoformat(), replaces=fault.id
            )
        assert no.value.reason["code"] == "sample.answered"
        assert checked(remarks_of(session, drawn.id, second)) is Checked.UNCHECKED
        assert fault.due_on == SOON


def test_one_fault_is_written_down_once_and_corrected_with_its_day(town: Database) -> None:
    drawn = drawn_of(town)
    told = {"result": "FAULTY", "remark": "无视频", "due_on": SOON.isoformat()}
    with town.write() as session:
        case = cases_of(session, drawn.id)[0].case_uid
        fault = said(session, drawn, case, **told)
        with pytest.raises(Refused) as no:
            said(session, drawn, case, **told)
        assert no.value.reason["code"] == "sample.fault_twice"
        fault.due_on = date(2026, 10, 1)  # time has passed
        session.add(fault)
        session.flush()
        again = said(
            session, drawn, case, result="FAULTY", remark="缺视频", due_on="2026-10-01", replaces=fault.id
        )
        assert [one.id for one in remarks_of(session, drawn.id, case)] == [again.id]
        said(session, drawn, case, **told)


def test_what_was_said_just_now_is_not_written_again(town: Database) -> None:
    drawn = drawn_of(town)
    with town.write() as session:
        first, second = (one.case_uid for one in cases_of(session, drawn.id)[:2])
        said(session, drawn, first, result="SOUND")
        with pytest.raises(Refused) as no:
            said(session, drawn, first, result="SOUND")
        assert "无需重复" in sentence(no.value.reason)
        said(session, drawn, first, "赵六", result="SOUND")
        said(session, drawn, first, result="SOUND", remark="复查")
        told = {"result": "FAULTY", "remark": "无视频", "due_on": SOON.isoformat()}
        fault = said(session, drawn, second, **told)
        with pytest.raises(Refused) as no:
            said(session, drawn, second, **told)
        assert fault.id not in sentence(no.value.reason)
        assert SOON.isoformat() in sentence(no.value.reason)
        said(session, drawn, second, result="FOLLOWED", remark="已通知", answers=fault.id)
        with pytest.raises(Refused) as no:
            said(session, drawn, second, result="FOLLOWED", remark="已通知", answers=fault.id)
        assert no.value.reason["code"] == "sample.said_already"


def test_a_day_ends_at_midnight_here(town: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """At seven in the morning in China it is yesterday in Greenwich."""
    monkeypatch.setattr(remarks, "now", lambda: datetime(2026, 11, 9, 23, tzinfo=UTC))
    drawn = drawn_of(town)
    with town.write() as session:
        case = cases_of(session, drawn.id)[0].case_uid
        with pytest.raises(Refused) as no:
            said(session, drawn, case, result="FAULTY", remark="x", due_on="2026-11-09")
        assert no.value.reason["code"] == "sample.due_is_past"
        said(session, drawn, case, result="FAULTY", remark="x", due_on="2026-11-10")


def test_files_of_a_half_year_that_runs_are_not_drawn_yet(town: Database) -> None:
    """What is closed until its end would have had no chance; a patrol looks at what is going on."""
    this = f"{now().year}-{'H1' if now().month < 7 else 'H2'}"
    with pytest.raises(Refused) as no:
        drawn_of(town, period=this)
    assert no.value.reason["code"] == "sample.runs"
    quarter = f"{now().year}-Q{(now().month + 2) // 3}"
    with pytest.raises(Refused) as no:
        drawn_of(town, period=quarter, basis="CLOSED")
    assert no.value.reason["code"] == "sample.runs"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"result": "FAULTY"}, "sample.says_nothing"),
        ({"result": "FAULTY", "remark": "x"}, "sample.no_due"),
        ({"result": "FAULTY", "remark": "x", "due_on": "2026-10-01"}, "sample.due_is_past"),
        ({"result": "FAULTY", "remark": "x", "due_on": "9999-12-31"}, "sample.due_too_far"),
        ({"result": "SETTLED", "remark": "x"}, "sample.answers_what"),
        ({"result": "SOUND", "answers": "x"}, "sample.answers_what"),
        ({"result": "SOUND", "due_on": "2026-10-01"}, "sample.due_without_fault"),
        ({"result": "FOLLOWED", "remark": "x", "answers": "nobody"}, "sample.no_open_fault"),
        ({"result": "SOUND", "replaces": "nobody"}, "sample.unknown_remark"),
    ],
)
def test_a_remark_that_says_nothing_is_refused(database: Database, given: dict[str, str], code: str) -> None:
    with database.write() as session:
        seed(session)
    drawn = drawn_of(database)
    with database.write() as session, pytest.raises(Refused) as no:
        said(session, drawn, cases_of(session, drawn.id)[0].case_uid, **given)
    assert no.value.reason["code"] == code
    with database.write() as session, pytest.raises(Refused) as no:
        said(session, drawn, "k19", result="SOUND")
    assert no.value.reason["code"] == "sample.not_drawn"


def test_periods_begin_at_midnight_here() -> None:
    def days(period: str) -> list[str]:
        return [moment.isoformat() for moment in span_of(period, ZONE)]

    assert days("2026-H2") == ["2026-07-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"]
    assert days("2026-Q1") == ["2026-01-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00"]
    assert days("2026-Q4")[1] == days("2026-H2")[1]
    for wrong in ("2026", "2026-H3", "2026-Q5", "0000-H1", "2026-h1"):
        with pytest.raises(Refused):
            span_of(wrong, ZONE)
