"""Plays a scenario on a real database, fact by fact, in whatever order they are said to arrive."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, col, select

from gateway import ledger, linking
from gateway.database import Database
from gateway.device import Refused
from gateway.models import (
    Clip,
    Device,
    DeviceState,
    Link,
    Officer,
    Room,
    Unit,
)
from gateway.qualifications import CheckIn, check_certificate
from tests.scenarios.expectations import check
from tests.scenarios.telling import PACK, away, case, clip, clock, copy, decide, stated, status
from tests.scenarios.told import (
    CaseTold,
    CheckTold,
    DeviceTold,
    Expected,
    Facts,
    HeldTold,
    OfficerTold,
    Scenario,
)

PEOPLE = {
    name: OfficerTold(number=f"13050{place}") for place, name in enumerate(("zhang", "li", "wang", "zhao"))
}
Event = Callable[[Session], None]


class Stage:
    def __init__(self, database: Database, scenario: Scenario) -> None:
        self.database = database
        self.scenario = scenario
        self.lines: dict[str, str] = {}
        """Name in the scenario → id in the ledger."""
        with database.write() as session:
            self.people(session)

    def people(self, session: Session) -> None:
        officers = PEOPLE | self.scenario.officers
        devices = {"cam": DeviceTold()} | self.scenario.devices
        units = {one.unit for one in (*officers.values(), *devices.values(), *self.all_cases())}
        session.add_all([Unit(id=unit, name=unit) for unit in units])
        session.flush()
        rooms = {one.room: one.unit for one in devices.values() if one.room}
        rooms |= {line.room: "xt" for line in self.all_lines() if line.room}
        steps = (step for case in self.all_cases() for step in case.steps)
        rooms |= {step.room: "xt" for step in steps if step.room and step.room not in rooms}
        session.add_all([Room(id=room, name=room, unit_id=unit) for room, unit in rooms.items() if room])
        for name, told in officers.items():
            since, until = told.cert or (None, None)
            session.add(
                Officer(
                    id=name,
                    name=name,
                    unit_id=told.unit,
                    number=told.number,
                    cert_valid_from=since,
                    cert_valid_to=until,
                )
            )
        session.flush()
        for name, device in devices.items():
            session.add(
                Device(
                    id=name,
                    type=device.type,
                    unit_id=device.unit,
                    room_id=device.room,
                    status=DeviceState(device.status),
                    timezone=device.timezone,
                )
            )

    def all_cases(self) -> list[CaseTold]:
        return [case for phase in (self.scenario, *self.scenario.then) for case in phase.cases]

    def all_lines(self) -> list[HeldTold]:
        phases = (self.scenario, *self.scenario.then)
        return [line for phase in phases for line in (*phase.ledger, *phase.corrects.values())]

    def play(self, facts: Facts, order: Random | None = None) -> None:
        """Tell the facts and let the gateway work off what follows; with `order`, in a random order,
        worked off after some of them, or after none before the last."""
        events = self.events(facts)
        if order is None:
            for event in events:
                with self.database.write() as session:
                    event(session)
        else:
            order.shuffle(events)
            for event in events:
                with self.database.write() as session:
                    event(session)
                if order.random() < 0.5:
                    self.settle()
        self.settle()

    def settle(self) -> None:
        while linking.drain(self.database, PACK):
            pass

    def events(self, facts: Facts) -> list[Event]:
        found: list[Event] = []
        found += [lambda session, one=one: self.held(session, one) for one in facts.ledger]
        found += [lambda session, one=one: clock(session, one) for one in facts.clocks]
        found += [lambda session, one=one: case(session, one) for one in facts.cases]
        found += [lambda session, one=one: clip(session, one) for one in facts.clips]
        found += [lambda session, one=one: copy(session, one) for one in facts.copies]
        found += [
            lambda session, line=line, one=one: self.held(session, one, self.lines[line])
            for line, one in facts.corrects.items()
        ]
        found += [lambda session, one=one: decide(session, one, confirmed=True) for one in facts.confirms]
        found += [
            lambda session, one=one, matter=matter: decide(session, one, confirmed=True, matter=matter)
            for one, matter in facts.proves.items()
        ]
        found += [lambda session, one=one: decide(session, one, confirmed=False) for one in facts.withdraws]
        found += [
            lambda session, device=device, to=to: status(session, device, to)
            for device, to in facts.statuses.items()
        ]
        found += [lambda session, one=one: self.checked(session, one) for one in facts.checks]
        found += [lambda session, one=one: stated(session, one) for one in facts.states]
        found += [lambda session, one=one: away(session, one) for one in facts.away]
        return found

    def checked(self, session: Session, told: CheckTold) -> None:
        first, last = told.days
        given = CheckIn(officer=told.officer, passed=told.passed, valid_from=first, valid_to=last)
        replaces = told.replaces and self.lines[told.replaces]
        self.lines[told.id or told.officer] = check_certificate(session, given, "test", replaces).id

    def held(self, session: Session, told: HeldTold, replaces: str | None = None) -> None:
        if told.refused is not None:
            with pytest.raises(Refused) as refusal, session.begin_nested():
                self.enter(session, told, replaces)
            assert refusal.value.reason["code"] == told.refused
        else:
            self.lines[told.id or f"{told.device} {told.since}"] = self.enter(session, told, replaces)

    def enter(self, session: Session, told: HeldTold, replaces: str | None) -> str:
        if told.kind == "CHECKOUT":
            assert told.officer is not None
            taken = ledger.CheckoutIn(
                device=told.device, officer=told.officer, out_at=told.since, in_at=told.until
            )
            row: Any = ledger.check_out(session, taken, "test", replaces)
        else:
            given = ledger.AllocationIn(
                device=told.device,
                kind=told.kind,
                officer=told.officer,  # type: ignore[arg-type]
                room=told.room,
                unit=None if told.officer or told.room else "xt",
                valid_from=told.since,
                valid_to=told.until,
            )
            row = ledger.allocate(session, given, "test", replaces)
        return str(row.id)

    def meets(self, expected: dict[str, Expected]) -> None:
        with self.database.read() as session:
            for clip_id, one in expected.items():
                check(session, clip_id, one)

    def standing(self) -> dict[str, Any]:
        """Every link that stands, without what differs from one run to the next."""
        with self.database.read() as session:
            links = session.exec(select(Link).where(col(Link.ended_at).is_(None))).all()
            found = sorted(
                (
                    one.clip_id,
                    one.case_uid,
                    one.activity_id or "",
                    one.verdict,
                    one.fingerprint or "",
                    one.t0_s or 0,
                )
                for one in links
            )
            clips = session.exec(select(Clip).order_by(col(Clip.id))).all()
            labels = [(one.id, one.officer_id, one.case_no, one.started_at, one.unlinked) for one in clips]
        return {"links": found, "labels": labels}
