"""The demo's last five weeks: cases with their steps and papers, and what was recorded of them, whole, in part or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from gateway.rules.identity import credit_code_check

ZHANG, LI, WANG, LIU, CHEN = (f"1305{place:02}" for place in range(1, 6))
CAMERAS = {ZHANG: "cam-01", LI: "cam-02", WANG: "cam-03", CHEN: "cam-05"}
"""Whose card it lies on; 李娜 takes cam-02 from the pool each time."""
POOLED = LI
SLACK = timedelta(seconds=40)
"""So much earlier a camera is switched on, and later off."""


class Shown(Enum):
    WHOLE = "whole"
    BOTH = "both"  # each of the two recorded
    BROKEN = "broken"  # broken off in its middle
    LATE = "late"  # begun when half was over
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Step:
    days_ago: int
    at: str
    kind: str
    minutes: int
    shown: Shown = Shown.WHOLE
    paper: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    title: str
    party: str
    place: str
    officers: tuple[str, str]
    steps: tuple[Step, ...]


INSPECTED, ASKED = "检查(勘验)笔录", "询问笔录"
STAGES = {"行政处罚事先告知": "审核决定", "送达": "送达执行"}
PAST = (
    Past("信都区某生鲜超市销售超过保质期食品案", "邢台佳惠生鲜商贸有限公司", "信都区中兴西大街 188 号", (ZHANG, WANG), (
        Step(34, "09:20", "现场检查", 12, Shown.BOTH, INSPECTED), Step(32, "15:05", "询问当事人", 9, Shown.NONE, ASKED),
        Step(20, "10:10", "送达", 4, Shown.WHOLE, "送达回证"))),
    Past("襄都区某药房未凭处方销售处方药案", "邢台市襄都区康民大药房", "襄都区开元南路 51 号", (WANG, CHEN), (
        Step(31, "10:40", "现场检查", 11, Shown.WHOLE, INSPECTED), Step(29, "09:00", "询问当事人", 8, Shown.BROKEN, ASKED))),
    Past("任泽区某建材经营部销售无强制性认证标志电线电缆及假冒注册商标水泥并拒不提供进货台账案", "任泽区宏达建材经营部",
         "任泽区人民路与昌荣街交叉口东北角 3 号门市", (CHEN, ZHANG), (
        Step(29, "14:30", "现场检查", 14, Shown.BROKEN, INSPECTED), Step(29, "14:50", "查封扣押", 10, Shown.WHOLE),
        Step(26, "10:00", "询问当事人", 7, Shown.NONE, ASKED))),
    Past("南和区某幼儿园食堂未按规定留样案", "邢台市南和区小太阳幼儿园", "南和区和阳大街 9 号", (LI, WANG), (
        Step(27, "11:10", "现场检查", 9, Shown.WHOLE, INSPECTED),)),
    Past("沙河市某加油站使用未经检定加油机案", "沙河市顺通加油站", "沙河市京广路 12 号", (ZHANG, CHEN), (
        Step(25, "08:50", "现场检查", 13, Shown.LATE, INSPECTED), Step(24, "16:00", "抽样取证", 6, Shown.WHOLE, "抽样取证通知书"))),
    Past("信都区某美容院使用过期化妆品案", "信都区芳华美容院", "信都区守敬北路 77 号", (WANG, ZHANG), (
        Step(21, "10:00", "现场检查", 10, Shown.WHOLE, INSPECTED), Step(19, "15:30", "询问当事人", 8, Shown.NONE, ASKED))),
    Past("襄都区某火锅店经营添加药品的食品案", "襄都区老灶火锅店", "襄都区红星街 30 号", (CHEN, LI), (
        Step(18, "18:20", "现场检查", 12, Shown.BOTH, INSPECTED), Step(18, "18:40", "先行登记保存证据", 6, Shown.WHOLE,
        "先行登记保存证据通知书"), Step(16, "09:30", "询问当事人", 9, Shown.LATE, ASKED))),
    Past("宁晋县某电动车门店销售非标电动自行车案", "宁晋县驰骋电动车行", "宁晋县天宝街 118 号", (ZHANG, LI), (
        Step(15, "09:40", "现场检查", 11, Shown.WHOLE, INSPECTED),)),
    Past("信都区某眼镜店未经许可经营角膜接触镜案", "信都区明视眼镜店", "信都区冶金北路 5 号", (WANG, CHEN), (
        Step(12, "14:15", "现场检查", 8, Shown.NONE, INSPECTED), Step(11, "10:20", "询问当事人", 7, Shown.WHOLE, ASKED))),
    Past("任泽区某蛋糕房标签虚假标注生产日期案", "任泽区麦香园蛋糕房", "任泽区光明街 41 号", (CHEN, ZHANG), (
        Step(9, "10:05", "现场检查", 10, Shown.BROKEN, INSPECTED), Step(7, "15:40", "询问当事人", 6, Shown.WHOLE, ASKED))),
    Past("襄都区某物流公司承运假冒化肥案", "邢台通达物流有限公司", "襄都区东环路物流园 B 区", (ZHANG, WANG), (
        Step(6, "21:10", "现场检查", 13, Shown.BOTH, INSPECTED), Step(6, "21:30", "查封扣押", 9, Shown.LATE))),
    Past("南和区某宠物医院使用人用药品案", "南和区爱诺宠物医院", "南和区友谊路 22 号", (LI, CHEN), (
        Step(4, "09:15", "现场检查", 9, Shown.WHOLE, INSPECTED), Step(3, "14:00", "询问当事人", 8, Shown.NONE, ASKED))),
    Past("信都区某生鲜超市未执行进货查验记录制度案", "邢台佳惠生鲜商贸有限公司", "信都区中兴西大街 188 号", (ZHANG, WANG), (
        Step(2, "09:40", "现场检查", 9, Shown.WHOLE, INSPECTED),)),
)  # fmt: skip
HELD = "past-07"
"""Its party asks for a review: nothing of it may go meanwhile."""
LOOSE = ((ZHANG, 28, "17:10", 3), (WANG, 17, "12:40", 2), (CHEN, 10, "08:20", 4), (ZHANG, 5, "16:30", 2))
"""Recorded without any step on record: (officer, days ago, when, minutes)."""


@dataclass(frozen=True, slots=True)
class Recording:
    camera: str
    officer: str
    began: datetime
    """On the camera's own clock."""
    seconds: int
    important: bool = False


def moment(now: datetime, days_ago: int, at: str) -> datetime:
    hour, minute = map(int, at.split(":"))
    return (now - timedelta(days=days_ago)).replace(hour=hour, minute=minute, second=0, microsecond=0)


def cases(now: datetime, unit: str) -> list[dict[str, Any]]:
    return [case(place, past, now, unit) for place, past in enumerate(PAST, 1)]


def case(place: int, past: Past, now: datetime, unit: str) -> dict[str, Any]:
    uid = f"past-{place:02}"
    steps, papers = [], []
    for number, step in enumerate(past.steps, 1):
        begun = moment(now, step.days_ago, step.at)
        ended = begun + timedelta(minutes=step.minutes)
        told = {
            "id": f"{uid}-{number}", "kind": step.kind, "stage": STAGES.get(step.kind, "调查取证"), "place": past.place,
            "started_at": begun.isoformat(), "ended_at": ended.isoformat(), "officers": [*past.officers],
            "notice_given": True,
        }  # fmt: skip
        if step.paper:
            told["document"] = f"{uid}-paper-{number}"
            papers.append({"id": told["document"], "type": step.paper, "issued_at": ended.isoformat()})
        steps.append(told)
    opened = moment(now, past.steps[0].days_ago, "08:00")
    return {
        "uid": uid, "title": past.title, "unit": unit, "handlers": [*past.officers],
        "party_name": past.party, "party_code": code_of(past.party),
        "numbers": [f"冀邢市监罚〔{opened.year}〕{100 + place}号"], "opened_on": opened.isoformat(),
        "activities": steps, "documents": papers,
    }  # fmt: skip


def code_of(party: str) -> str:
    """A 统一社会信用代码 with its check character that nobody was given: the organisation's part says DEM."""
    kind = "91" if party.endswith("公司") else "92"
    number = list(dict.fromkeys(one.party for one in PAST)).index(party)
    first = f"{kind}130500MADEM{number:04}"
    return first + credit_code_check(first)


def hold(now: datetime) -> dict[str, str]:
    return {"case": HELD, "why": "当事人申请行政复议", "doc_no": f"邢政复〔{now.year}〕12号"}


def checkouts(now: datetime) -> list[dict[str, Any]]:
    """The pool camera goes out for the day of each step at which its holder was."""
    days = sorted(
        {step.days_ago for past in PAST if POOLED in past.officers for step in past.steps}, reverse=True
    )
    return [
        {
            "device": CAMERAS[POOLED], "officer": POOLED, "out_at": moment(now, day, "08:10").isoformat(),
            "in_at": moment(now, day, "20:30").isoformat(),
        }
        for day in days
    ]  # fmt: skip


def recordings(now: datetime) -> list[Recording]:
    found = [one for past in PAST for step in past.steps for one in of_step(past, step, now)]
    for officer, days_ago, at, minutes in LOOSE:
        began = moment(now, days_ago, at)
        found.append(Recording(CAMERAS[officer], officer, began.replace(tzinfo=None), 60 * minutes))
    return found


def of_step(past: Past, step: Step, now: datetime) -> list[Recording]:
    """Spans that overlap on one camera cannot be: steps of one day lie apart."""
    begin = moment(now, step.days_ago, step.at).replace(tzinfo=None)
    length, third = timedelta(minutes=step.minutes), timedelta(minutes=step.minutes / 3)
    end = begin + length
    spans = {
        Shown.WHOLE: [(begin - SLACK, end + SLACK)],
        Shown.BOTH: [(begin - SLACK, end + SLACK)],
        Shown.BROKEN: [(begin - SLACK, begin + third), (end - third, end + SLACK)],
        Shown.LATE: [(begin + length / 2, end + SLACK)],
        Shown.NONE: [],
    }[step.shown]
    people = past.officers if step.shown is Shown.BOTH else past.officers[:1]
    return [
        Recording(
            CAMERAS[officer], officer, start, int((stop - start).total_seconds()), step.kind == "查封扣押"
        )
        for officer in people
        for start, stop in spans
    ]
