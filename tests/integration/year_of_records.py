"""A year of a city with three bureaus, small enough to count by hand; names that a spreadsheet would run."""

from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from gateway import custody
from gateway.models import (
    Activity,
    Allocation,
    CaseRecord,
    Checkout,
    Clip,
    Described,
    Device,
    Link,
    Officer,
    Original,
    State,
    Statement,
    StatementKind,
    Unit,
    UnitClass,
)

HOSTILE = {
    "east": '=HYPERLINK("http://evil.example","点击")',
    "west": "+86 西分局@SUM(A1:A9)",
    "north": "-1+1" + "某某市行政审批和综合行政执法局及其直属事业单位" * 4,
}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KINDS = ("查封扣押", "现场检查", "询问", "留置送达")
STAGES = ("启动", "调查取证", "审核决定", "送达执行")


def build(session: Session, steps: int = 60) -> None:
    session.add(Unit(id="city", name="邢台市市场监督管理局"))
    session.flush()
    session.add_all(Unit(id=unit, name=name, parent_id="city") for unit, name in HOSTILE.items())
    session.flush()
    for unit in HOSTILE:
        session.add(
            UnitClass(unit_id=unit, grade="A", doc_no="x", entered_by="x", valid_from=date(2025, 1, 1))  # type: ignore[arg-type]
        )
        session.add_all(Officer(id=f"{unit}-{n}", name=f"@员{n}", unit_id=unit) for n in range(3))
        session.add(
            Device(
                id=f"cam-{unit}",
                name="=1+1",
                type="body_camera",
                unit_id=unit,
                in_service_from=date(2025, 1, 1),
            )
        )
        session.add(
            CaseRecord(
                uid=f"case-{unit}", title="=案", unit_id=unit, closed_on=datetime(2026, 5, 1, tzinfo=UTC)
            )
        )
    session.flush()
    for unit in HOSTILE:
        session.add(
            Allocation(device_id=f"cam-{unit}", kind="PERSONAL", officer_id=f"{unit}-0",  # type: ignore[arg-type]
                       valid_from=datetime(2025, 1, 1, tzinfo=UTC))
        )  # fmt: skip
    for number in range(steps):
        one_step(session, number)


def one_step(session: Session, number: int) -> None:
    """Every fifth day one step; some without footage, some with half of it, some clips without a case."""
    unit = tuple(HOSTILE)[number % 3]
    start = datetime(2026, 1, 5, 1, tzinfo=UTC) + number * 5 * DAY
    step = f"s{number:03}"
    session.add(
        Activity(id=step, case_uid=f"case-{unit}", kind=KINDS[number % 4], stage=STAGES[number % 4], started_at=start,
                 ended_at=start + HOUR, officers=[f"{unit}-0", f"{unit}-1"])
    )  # fmt: skip
    session.add(
        Checkout(
            device_id=f"cam-{unit}",
            officer_id=f"{unit}-0",
            out_at=start,
            in_at=start + (4 + number % 7 * 3) * HOUR,
        )
    )
    session.flush()
    if number % 9 == 4:
        session.add(Statement(activity_id=step, kind=StatementKind.OMISSION, ground="emergency", why="情况紧急",
                              work_record="1", reported_to="局长", approved_by="局长", approved_at=start, made_by="x"))  # fmt: skip
    if number % 6 == 5:
        return
    session.add(
        Original(id=f"c{number:03}", device_id=f"cam-{unit}", state=State.PRESERVED, name="a.mp4", suffix=".mp4", size=1,
                 sha256=f"{number:064}", found_at=start + 2 * HOUR, acquired_at=start + (2 + number % 5 * 12) * HOUR,
                 verified_at=start + 3 * HOUR)
    )  # fmt: skip
    session.flush()
    long = HOUR if number % 4 else HOUR / 2
    unlinked = {"code": "unlinked.no_activity", "facts": {}} if number % 10 == 7 else None
    session.add(
        Clip(id=f"c{number:03}", device_id=f"cam-{unit}", kind="VIDEO", described=Described.READY, started_at=start,
             ended_at=start + long, uncertainty_s=1, place="桥东区" if number % 3 else None, officer_id=f"{unit}-0",
             matter="现场" if number % 2 else None, unlinked=unlinked)
    )  # fmt: skip
    session.flush()
    chain = custody.device_chain(f"cam-{unit}")
    custody.append(session, chain, "VERIFIED", "gateway", f"c{number:03}", detail={"sha256": f"{number:064}"})
    if unlinked is None:
        reasons = [
            {"rule": "LK-1", "passed": False, "code": "labels.missing", "facts": {"labels": "证明对象"}}
        ]
        session.add(
            Link(clip_id=f"c{number:03}", case_uid=f"case-{unit}", activity_id=step, score=1, rule_pack="p",
                 verdict="VALID_WITH_NOTE", reasons=reasons)
        )  # fmt: skip
    if number % 8 == 0:
        session.add(
            Statement(activity_id=step, kind=StatementKind.GAP, ground="battery", why="没电", made_by="x")
        )
