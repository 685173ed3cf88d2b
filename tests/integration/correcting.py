"""Corrections of every kind in a small world: each draws what it changes, as a person or a device would tell it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session, col, select

from gateway import device_facts, ledger, linking, standing
from gateway.device_facts import DeviceFacts
from gateway.linking import decisions
from gateway.models import (
    Activity,
    AnnualCheck,
    Checkout,
    Clip,
    Device,
    DeviceState,
    Link,
    LinkStatus,
    Original,
    StatementKind,
    now,
)
from gateway.qualifications import CheckIn, check_certificate
from gateway.scope import statements
from gateway.scope.statements import StatementIn
from gateway.standing import StandingIn
from tests.scenarios import telling
from tests.scenarios.telling import PACK
from tests.scenarios.told import CaseTold, ClipTold, ClockTold, Scenario, StepTold, moment

HERE, THERE = (37.07, 114.50), (37.10, 114.55)
NUMBER = "冀邢市监罚〔2026〕12号"
WORLD = Scenario.model_validate(
    {
        "name": "two teams, three cameras, a room, a car",
        "source": "issue 4, corrections",
        "officers": {"far": {"unit": "yz"}},
        "devices": {
            "cam2": {}, "cam3": {"unit": "yz"}, "rec": {"room": "r1", "type": "cctv"},
            "car": {"type": "vehicle_recorder"},
        },
        "ledger": [
            {"officer": "zhang", "since": "08:00", "until": "18:00"},
            {"device": "cam2", "officer": "wang", "since": "08:00"},
            {"device": "cam3", "officer": "far", "since": "08:00", "until": "18:00"},
            {"device": "car", "room": "v1", "kind": "VEHICLE", "since": "-9 08:00"},
        ],
        "clocks": [
            {"device": one, "at": "18:20", "shown": "18:20"} for one in ("cam", "cam2", "cam3", "rec", "car")
        ],
        "cases": [
            {"uid": "k", "numbers": [NUMBER], "steps": [
                {"id": "a", "since": "09:00", "until": "09:40", "at": HERE},
                {"id": "c", "since": "14:00", "until": "14:40"},
                {"id": "i", "kind": "询问", "since": "16:00", "until": "17:00", "room": "r1"},
            ]},
            {"uid": "m", "handlers": ["wang", "zhao"], "steps": [
                {"id": "b", "since": "10:30", "until": "11:10", "officers": ["wang", "zhao"], "at": THERE},
                {"id": "d", "since": "15:30", "until": "16:20", "officers": ["wang", "zhao"]},
            ]},
            {"uid": "n", "unit": "yz", "handlers": ["far"], "steps": [
                {"id": "f", "since": "09:00", "until": "09:40", "officers": ["far", "zhao"]},
            ]},
        ],
        "clips": [
            {"id": "x", "shown": "10:30", "length": 2400},
            {"id": "y", "device": "cam2", "shown": "09:00", "length": 2400},
            {"id": "z", "shown": "15:30", "length": 3000},
            {"id": "w", "shown": "15:45", "length": 600},
            {"id": "q", "device": "cam2", "shown": "14:00", "length": 600, "number": NUMBER},
            {"id": "p", "device": "cam3", "shown": "09:00", "length": 2400},
            {"id": "r", "device": "rec", "shown": "16:00", "length": 3600},
            {"id": "v", "device": "car", "shown": "10:35", "length": 600, "at": THERE},
        ],
    }
)  # fmt: skip
OFFICERS = ("zhang", "li", "wang", "zhao", "far")
PLACES = (None, HERE, THERE)


class World:
    """What a correction of a case starts from is what was told last."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self.cases: dict[str, CaseTold] = {one.uid: one for one in WORLD.cases}
        self.brought = 0

    def correct(self, session: Session, kind: str) -> None:
        CORRECTIONS[kind](self, session)

    def pick(self, session: Session, wanted: Any) -> Any:
        found = session.exec(wanted).all()
        return self.draw.choice(found) if found else None

    def clip(self, session: Session) -> Clip:
        clip: Clip = self.pick(session, select(Clip).order_by(col(Clip.id)))
        return clip

    def span(self) -> tuple[datetime, datetime]:
        begin = moment("08:00") + timedelta(minutes=30 * self.draw.randrange(-8, 20))
        return begin, begin + timedelta(minutes=self.draw.choice((40, 40, 120, 600)))

    def checkout(self, session: Session) -> None:
        begin, end = self.draw.choice(((moment("08:00"), moment("18:00")), self.span()))
        old = self.pick(
            session, select(Checkout).where(col(Checkout.superseded_at).is_(None)).order_by(col(Checkout.id))
        )
        told = ledger.CheckoutIn(
            device=old.device_id, officer=self.draw.choice(OFFICERS), out_at=begin, in_at=end
        )
        ledger.check_out(session, told, "t", old.id)

    def allocation(self, session: Session) -> None:
        begin, end = self.span()
        to = self.draw.choice(
            ({"officer": self.draw.choice(OFFICERS), "kind": "PERSONAL"}, {"room": "r1", "kind": "FIXED_ROOM"},
             {"unit": "xt", "kind": "POOL"})
        )  # fmt: skip
        device = self.draw.choice(("cam", "cam2", "cam3", "rec"))
        told = {"device": device, "valid_from": begin, "valid_to": self.draw.choice((None, end)), **to}
        ledger.allocate(session, ledger.AllocationIn.model_validate(told), "t")

    def returned(self, session: Session) -> None:
        still = select(Checkout).where(col(Checkout.in_at).is_(None), col(Checkout.superseded_at).is_(None))
        line = self.pick(session, still)
        if line is not None:
            at = line.out_at + timedelta(hours=self.draw.choice((1, 5, 10)))
            ledger.give_back(session, line.id, ledger.ReturnIn(in_at=at), "t")

    def certificate(self, session: Session) -> None:
        officer, year = self.draw.choice(OFFICERS), self.draw.choice((2025, 2026, 2026))
        standing = select(AnnualCheck.id).where(
            AnnualCheck.officer_id == officer, col(AnnualCheck.superseded_at).is_(None)
        )
        told = CheckIn(
            officer=officer, passed=self.draw.random() < 0.4, valid_from=date(year, 1, 1),
            valid_to=date(year, 12, 31),
        )  # fmt: skip
        check_certificate(session, told, "t", self.draw.choice((None, self.pick(session, standing))))

    def store(self, session: Session, case: CaseTold, **changed: Any) -> None:
        self.cases[case.uid] = case.model_copy(update=changed)
        telling.case(session, self.cases[case.uid])

    def step(self, session: Session) -> None:
        case = self.draw.choice([one for one in self.cases.values() if one.steps])
        step = self.draw.choice(case.steps)
        begin, end = self.span()
        other: dict[str, Any] = self.draw.choice(
            (
                {"since": begin, "until": end},
                {"officers": self.draw.sample(OFFICERS, 2)},
                {"at": self.draw.choice(PLACES)},
                {"room": self.draw.choice((None, "r1", "v1"))},
                {"kind": self.draw.choice(("现场检查", "询问", "扣押"))},
            )
        )
        steps = [StepTold(**step.model_dump() | other) if one is step else one for one in case.steps]
        self.store(session, case, steps=steps)

    def withdrawn(self, session: Session) -> None:
        case = self.draw.choice([one for one in self.cases.values() if one.steps])
        gone = self.draw.choice(case.steps)
        self.store(session, case, steps=[one for one in case.steps if one is not gone])

    def alias(self, session: Session) -> None:
        case = self.draw.choice(list(self.cases.values()))
        self.store(session, case, numbers=self.draw.choice(([], [NUMBER], ["冀邢市监罚〔2026〕13号"])))

    def closing(self, session: Session) -> None:
        case = self.draw.choice(list(self.cases.values()))
        at = self.draw.choice((None, moment("+1 10:00"), now()))
        self.store(session, case, closed=at, archived=self.draw.choice((None, at)))

    def procedure(self, session: Session) -> None:
        case = self.draw.choice(list(self.cases.values()))
        self.store(
            session, case, procedure="summary" if case.procedure != "summary" else "ordinary", handlers=["li"]
        )

    def number(self, session: Session) -> None:
        clip = self.clip(session)
        told = {"case_no": self.draw.choice((NUMBER, "冀邢市监罚〔2026〕13号"))}
        linking.enter_labels(session, clip, session.get_one(Original, clip.id), told, "li")

    def secret(self, session: Session) -> None:
        clip = self.clip(session)
        told = {"secrecy": self.draw.choice(("state_secret", "none")), "why": "w"}
        linking.enter_labels(session, clip, session.get_one(Original, clip.id), told, "li", may_lift=True)

    def clock(self, session: Session) -> None:
        off = timedelta(minutes=self.draw.choice((-180, -5, 0, 90)))
        at = moment(self.draw.choice(("07:50", "12:00", "18:25")))
        device = self.draw.choice(("cam", "cam2", "rec"))
        told = ClockTold(device=device, at=at, shown=at + off, set=self.draw.random() < 0.3)
        telling.clock(session, told)

    def described(self, session: Session, **changed: Any) -> None:
        """Characterised once more."""
        clip = self.clip(session)
        was = clip.latitude, clip.longitude
        for name, value in changed.items():
            setattr(clip, name, value)
        session.add(clip)
        if (clip.latitude, clip.longitude) != was:
            linking.outing_due(session, clip)
        linking.relink(session, [clip], PACK, "t")
        linking.take_due(session, clip)

    def time(self, session: Session) -> None:
        begin, end = self.span()
        told = ClipTold(id="-", shown=begin)
        length = self.draw.choice((600, 2400, (end - begin).total_seconds()))
        self.described(session, times=telling.times(told), duration_s=length)

    def position(self, session: Session) -> None:
        at = self.draw.choice(PLACES)
        self.described(session, latitude=at and at[0], longitude=at and at[1])

    def brings(self, session: Session) -> None:
        self.brought += 1
        begin, end = self.draw.choice((self.span(), (moment("14:00"), moment("14:40"))))
        told = ClipTold(
            id=f"new{self.brought}", device=self.draw.choice(("cam", "cam2", "cam3")), shown=begin,
            length=(end - begin).total_seconds(), at=self.draw.choice(PLACES),
        )  # fmt: skip
        telling.clip(session, told)

    def unit(self, session: Session) -> None:
        device = self.pick(session, select(Device.id).order_by(col(Device.id)))
        told: dict[str, Any] = {"unit": self.draw.choice(("xt", "yz"))}
        if self.draw.random() < 0.2:
            told = {"room": "r1"}
        device_facts.store(session, DeviceFacts(id=device, **told), "t")

    def status(self, session: Session) -> None:
        device = self.draw.choice(("cam", "cam2", "rec"))
        status = self.draw.choice((DeviceState.IN_SERVICE, DeviceState.REPAIR, DeviceState.LOST))
        since = moment(self.draw.choice(("-1 00:00", "12:00")))
        standing.enter(session, StandingIn(device=device, status=status, since=since, why="w"), "t")

    def statement(self, session: Session) -> None:
        step = self.pick(session, select(Activity.id).where(col(Activity.withdrawn_at).is_(None)))
        kind = self.draw.choice((StatementKind.AWAY, StatementKind.URGENCY))
        to = {"to_at": moment("+2 10:00")} if kind is StatementKind.AWAY else {}
        statements.state(session, step, StatementIn(kind=kind, why="w", **to), "li")

    def standing(self, session: Session) -> Link | None:
        link: Link | None = self.pick(
            session,
            select(Link).where(col(Link.ended_at).is_(None)).order_by(col(Link.clip_id), col(Link.id)),
        )
        return link

    def decision(self, session: Session) -> None:
        link, given = self.standing(session), decisions.LinkIn(**self.target(session))
        match self.draw.choice(("confirm", "withdraw", "correct", "add")):
            case "confirm" if link is not None:
                decisions.confirm(session, link, PACK, "li", "w")
            case "withdraw" if link is not None:
                decisions.withdraw(session, link, "li", "w")
            case "correct" if link is not None:
                decisions.correct(session, link, given, PACK, "li", "w")
            case _:
                decisions.add(session, self.clip(session), given, PACK, "li", "w")

    def target(self, session: Session) -> dict[str, str]:
        step = self.pick(session, select(Activity).where(col(Activity.withdrawn_at).is_(None)))
        return {"case": step.case_uid, "activity": step.id} if step is not None else {"case": "k"}

    def undone(self, session: Session) -> None:
        decided = select(Link).where(Link.status != LinkStatus.PROPOSED).order_by(col(Link.id))
        link = self.pick(session, decided)
        if link is not None:
            decisions.undo(session, link, "li", "w")


CORRECTIONS: dict[str, Callable[[World, Session], None]] = {
    "checkout": World.checkout,
    "allocation": World.allocation,
    "return": World.returned,
    "certificate": World.certificate,
    "step": World.step,
    "withdrawn": World.withdrawn,
    "alias": World.alias,
    "closing": World.closing,
    "procedure": World.procedure,
    "number": World.number,
    "secrecy": World.secret,
    "clock": World.clock,
    "time": World.time,
    "position": World.position,
    "new clip": World.brings,
    "unit": World.unit,
    "status": World.status,
    "statement": World.statement,
    "decision": World.decision,
    "undo": World.undone,
}
