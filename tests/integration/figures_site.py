"""A random few days of the board's town, with everything else that indicators count."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from gateway import custody
from gateway.models import (
    Activity,
    Allocation,
    AllocationKind,
    CaseRecord,
    Checkout,
    Clip,
    CustodyEvent,
    Described,
    Device,
    DeviceState,
    Grade,
    Link,
    LinkStatus,
    LiveView,
    Officer,
    Original,
    Role,
    Standing,
    State,
    Statement,
    StatementKind,
    Unit,
    UnitClass,
    User,
    Viewing,
)
from tests.integration.test_board import BEGIN, DAYS, END, Town

GOOD = {
    "width": 1920, "height": 1080, "still_mp": 30, "battery_mah": 2500, "record_hours": 8, "storage_gb": 16, "ip": 67,
}  # fmt: skip
NO_TIME = {
    "rule": "LK-1",
    "passed": False,
    "code": "labels.missing",
    "facts": {"labels": "采集时间、采集地点"},
}


class Site(Town):
    """Clips in every state, checkouts that come back late, checks that fail, case files left lying."""

    def __init__(self, session: Session, seed: int, steps: int) -> None:
        super().__init__(session, seed, steps)
        session.flush()
        self.excused()
        self.equipment()
        self.describe()
        self.loose_clips()
        self.checkouts()
        self.checks()
        self.viewings()
        self.files()
        session.flush()

    def excused(self) -> None:
        """One step that surely was lawfully not recorded (R-19)."""
        start = BEGIN + timedelta(days=2)
        self.session.add(
            Activity(id="excused", case_uid="k1", kind="查封扣押", stage="调查取证", started_at=start,
                     ended_at=start + timedelta(hours=1), officers=[])
        )  # fmt: skip
        self.session.flush()
        self.session.add(
            Statement(activity_id="excused", kind=StatementKind.OMISSION, ground="emergency", why="抢险", made_by="x",
                      work_record="1号", reported_to="局长", approved_by="局长", approved_at=start + timedelta(days=1))
        )  # fmt: skip

    def moment(self) -> datetime:
        return BEGIN + self.seconds(DAYS * 86400)

    def equipment(self) -> None:
        self.session.add(Unit(id="east-1", name="一科", parent_id="east", is_section=True))
        self.session.flush()
        first = date(2026, 1, 1)
        self.session.add(
            UnitClass(unit_id="east", grade=Grade.A, doc_no="1", valid_from=first, entered_by="x")
        )
        self.session.add(
            UnitClass(unit_id="west", grade=Grade.B, doc_no="2", valid_from=first, entered_by="x")
        )
        for number in range(self.chance.randrange(3, 12)):
            unit = self.chance.choice(["east", "east-1", "west"])
            self.session.add(Officer(id=f"o{number}", name="员", unit_id=unit))
        self.session.flush()
        self.session.add(Device(id="weak", type="body_camera", unit_id="east", spec={**GOOD, "ip": 54}))
        for number in range(8):
            spec: Any = self.chance.choice([GOOD, GOOD, {**GOOD, "ip": 54}, {"width": 1920}, None])
            unit = self.chance.choice(["city", "east", "east-1", "west"])
            kind = self.chance.choice(["body_camera", "handheld_terminal", "camera"])
            self.session.add(Device(id=f"n{number}", type=kind, unit_id=unit, spec=spec))
            self.session.flush()
            if self.sometimes(0.5):
                status = self.chance.choice(list(DeviceState))
                self.session.add(
                    Standing(
                        device_id=f"n{number}", status=status, since=self.moment(), why="x", entered_by="x"
                    )
                )
        self.session.add(
            Standing(
                device_id="c",
                status=DeviceState.REPAIR,
                since=BEGIN + timedelta(days=3),
                why="x",
                entered_by="x",
            )
        )
        self.session.add(
            Allocation(
                device_id="b",
                kind=AllocationKind.VEHICLE,
                room_id="room",
                valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )

    def describe(self) -> None:
        """What became of the clips of steps: most are whole, some are not."""
        for clip in self.session.exec(select(Clip)).all():
            clip.described = self.chance.choices(list(Described), [1, 1, 2, 30, 1])[0]
            clip.place = "桥东区" if self.sometimes(0.7) else None
            clip.officer_id = "o0" if self.sometimes(0.7) else None
            clip.case_no = "1号" if self.sometimes(0.5) else None
            clip.quarantine = {"code": "x"} if self.sometimes(0.02) else None
            original = self.session.get_one(Original, clip.id)
            original.state = self.chance.choices(
                [State.PRESERVED, State.DESTROYED, State.QUARANTINED, State.ACQUIRED, State.DUPLICATE],
                [40, 2, 1, 1, 1],
            )[0]
        for link in self.session.exec(select(Link)).all():
            link.matter = "现场状况" if self.sometimes(0.7) else None
            link.reasons = [NO_TIME] if self.sometimes(0.05) else []

    def loose_clips(self) -> None:
        """Clips of no step, and second links to one of another case."""
        for number in range(40):
            name, device = f"loose{number}", self.chance.choice(["a", "b", "c", "fixed", "n1", "n2"])
            start = self.moment()
            found = start + timedelta(hours=self.chance.choice([1, 20, 30, 60]))
            self.session.add(
                Original(
                    id=name,
                    device_id=device,
                    name="x",
                    suffix=".jpg",
                    size=1,
                    state=State.PRESERVED,
                    sha256=name,
                    found_at=found,
                )
            )
            self.session.flush()
            lost = self.sometimes(0.2)
            self.session.add(
                Clip(
                    id=name, device_id=device, kind=self.chance.choice(["PHOTO", "AUDIO"]), described=Described.READY,
                    started_at=start, ended_at=start + timedelta(seconds=30), uncertainty_s=self.chance.choice([None, 60.0]),
                    unlinked={"code": "unlinked.no_time"} if lost else {"code": "unlinked.no_activity"},
                    matter="全景" if self.sometimes(0.5) else None, place="广场" if self.sometimes(0.5) else None,
                    officer_id="o1" if self.sometimes(0.5) else None, case_no="2号" if self.sometimes(0.5) else None,
                )
            )  # fmt: skip
        self.session.flush()
        steps = self.session.exec(select(Activity)).all()
        for clip in self.session.exec(select(Clip)).all():
            if self.sometimes(0.2):
                step = self.chance.choice(steps)
                verdict = self.chance.choice(["VALID", "REJECTED"])
                status = self.chance.choice(list(LinkStatus))
                self.session.add(
                    Link(clip_id=clip.id, case_uid=step.case_uid, activity_id=step.id, score=1, verdict=verdict, reasons=[],
                         rule_pack="p", status=status, matter="x" if self.sometimes(0.5) else None)
                )  # fmt: skip

    def checkouts(self) -> None:
        for device in ("a", "c", "n1"):
            for day in range(DAYS):
                out = BEGIN + timedelta(days=day, minutes=self.chance.randrange(300))
                back = out + timedelta(minutes=self.chance.choice([300, 600, 959, 960, 1000]))
                is_in = self.sometimes(0.9)
                self.session.add(
                    Checkout(
                        device_id=device, officer_id="o0", out_at=out, in_at=min(back, BEGIN + timedelta(days=day, hours=23)) if is_in else out + timedelta(hours=22),
                        superseded_at=self.moment() if self.sometimes(0.1) else None,
                    )
                )  # fmt: skip
        self.session.add(Checkout(device_id="n2", officer_id="o0", out_at=self.moment()))
        out = BEGIN + timedelta(days=2)
        self.session.add(Checkout(device_id="n2", officer_id="o0", out_at=out, in_at=out, superseded_at=END))

    def checks(self) -> None:
        told: list[tuple[str, dict[str, Any]]] = [
            ("VERIFIED", {"sha256": "x"}), ("VERIFIED", {"sha256": "x"}), ("DUPLICATE", {}), ("LINKED", {}),
            ("FIXITY_CHECKED", {"same": True, "sha256": "x"}), ("FIXITY_CHECKED", {"same": False, "sha256": "y"}),
            ("FIXITY_CHECKED", {"same": False}), ("QUARANTINED", {"why": {"code": "quarantine.digest_differs"}}),
            ("QUARANTINED", {"why": {"code": "quarantine.stored_missing"}}), ("QUARANTINED", {"why": {"code": "quarantine.unreadable"}}),
        ]  # fmt: skip
        for _ in range(60):
            event, detail = self.chance.choice(told)
            chain = custody.device_chain(self.chance.choice(["a", "b", "fixed", "n1", "n3"]))
            line = custody.append(self.session, chain, event, "x", "clip", (), detail)
            line.at = self.moment()
            self.session.add(line)
        self.session.add(
            CustodyEvent(chain="site", seq=10_000, at=self.moment(), event="VERIFIED", actor="x", subject="x",
                         rows=[], detail={}, previous="", digest="")
        )  # fmt: skip

    def viewings(self) -> None:
        self.session.add(User(id="u", name="u", role=Role.SUPERVISOR))
        self.session.flush()
        clips = self.session.exec(select(Clip.id).order_by(Clip.id)).all()
        for number in range(20):
            at = self.moment()
            self.session.add(
                Viewing(
                    request_id=None if number % 5 else "asked",
                    clip_id=self.chance.choice(clips),
                    user_id="u",
                    purpose="评查",
                    started_at=at,
                    expires_at=at,
                )
            )
        for _ in range(5):
            at = self.moment()
            self.session.add(
                LiveView(
                    device_id=self.chance.choice(["a", "fixed", "n3"]),
                    user_id="u",
                    purpose="x",
                    started_at=at,
                    expires_at=at,
                )
            )

    def files(self) -> None:
        closed = BEGIN - timedelta(days=28)
        for name, days in (("kept", 10), ("kept-late", 32)):
            done = closed + timedelta(days=days)
            self.session.add(
                CaseRecord(uid=name, title="卷", unit_id="east", closed_on=closed, archived_on=done)
            )
        for number in range(30):
            closed = BEGIN + timedelta(days=self.chance.randrange(-60, DAYS), hours=self.chance.randrange(24))
            kept = closed + timedelta(days=self.chance.randrange(1, 45))
            self.session.add(
                CaseRecord(
                    uid=f"f{number}", title="卷", unit_id=self.chance.choice(["east", "west", None]), closed_on=closed,
                    archived_on=kept if self.sometimes(0.6) else None,
                )
            )  # fmt: skip
