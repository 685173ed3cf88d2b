"""Plays a scenario on a real database, fact by fact, in whatever order they are said to arrive."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from gateway import ledger, linking, rulepacks
from gateway.case_sources.records import CaseIn, store_case
from gateway.database import Database
from gateway.device import ClockRead, ClockSet, Refused
from gateway.intake.events import store_one
from gateway.linking import decisions, series
from gateway.models import (
    Clip,
    Device,
    DeviceState,
    Disposition,
    Finding,
    Link,
    Officer,
    Offload,
    Original,
    Room,
    State,
    Unit,
)
from tests.scenarios.told import (
    CaseTold,
    ClipTold,
    ClockTold,
    CopyTold,
    DeviceTold,
    Expected,
    Facts,
    HeldTold,
    OfficerTold,
    Scenario,
    moment,
)

PACK = rulepacks.packs("hebei-xingtai-2019")
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
        found += [lambda session, one=one: decide(session, one, confirmed=False) for one in facts.withdraws]
        found += [
            lambda session, device=device, to=to: status(session, device, to)
            for device, to in facts.statuses.items()
        ]
        return found

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


def clock(session: Session, told: ClockTold) -> None:
    said: dict[str, Any] = {
        "device_id": told.device,
        "at": told.at,
        "device_time": told.shown,
        "uncertainty_s": 1.0,
        "host_synchronised": told.synchronised,
    }
    event = ClockSet(**said, certain=True) if told.set else ClockRead(**said)
    store_one(session, event, "here", "here")


def case(session: Session, told: CaseTold) -> None:
    written = {
        "uid": told.uid,
        "title": told.title or told.uid,
        "numbers": told.numbers,
        "unit": told.unit,
        "party_code": told.party,
        "handlers": told.handlers,
        "opened_on": told.opened,
        "closed_on": told.closed,
        "procedure": told.procedure,
        "documents": [
            {"id": f"{told.uid}-{kind}", "type": kind, "number": number}
            for kind, number in told.papers.items()
        ],
        "activities": [
            {
                "id": step.id,
                "kind": step.kind,
                "stage": step.stage,
                "started_at": step.since,
                "ended_at": step.until,
                "officers": step.officers,
                "place": step.place,
                "room": step.room,
                "latitude": step.at and step.at[0],
                "longitude": step.at and step.at[1],
            }
            for step in told.steps
        ],
    }
    store_case(session, CaseIn.model_validate(written), "test", "test")


def clip(session: Session, told: ClipTold) -> None:
    """As it lies in the database when it comes to be labelled; then what the label stage does."""
    found = told.found or moment("18:30")
    offload = f"{told.device}-{found:%d%H%M%S}"
    if session.get(Offload, offload) is None:
        session.add(Offload(id=offload, device_id=told.device, opened_at=found, volume="", listing=[]))
    session.add(
        Original(
            id=told.id,
            device_id=told.device,
            state=State(told.state),
            name=f"{told.id}.MP4",
            suffix=".mp4",
            size=1,
            found_at=found,
            sha256=told.id,
        )
    )
    session.flush()
    session.add(
        Finding(
            device_id=told.device,
            offload_id=offload,
            path=told.id.encode(),
            name=told.id,
            size=1,
            mtime_ns=1,
            identity=told.id,
            disposition=Disposition.CLIP,
            original_id=told.id,
        )
    )
    declared = {"case_no": told.number, "officer": told.officer}
    row = Clip(
        id=told.id,
        device_id=told.device,
        kind=told.kind,
        duration_s=told.length,
        times=times(told),
        declared={name: value for name, value in declared.items() if value},
        place=told.place,
        matter=told.matter,
        latitude=told.at and told.at[0],
        longitude=told.at and told.at[1],
        secrecy=told.secrecy,
        transcript=told.transcript,
    )
    session.add(row)
    session.flush()
    linking.relink(session, [row], PACK, "test")
    series.join(session, row, PACK)
    linking.take_due(session, row)


def times(told: ClipTold) -> list[dict[str, Any]]:
    read = []
    if told.gps is not None:
        read.append({"source": "gps", "written": digits(told.gps, "UTC"), "zone": "UTC"})
    if told.shown is not None:
        written = digits(told.shown, told.zone)
        read.append({"source": told.source, "written": written, "zone": told.zone, "raw": written + "Z"})
    return read


def digits(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()


def copy(session: Session, told: CopyTold) -> None:
    offload = f"{told.device}-{told.found:%d%H%M%S}"
    session.add(Offload(id=offload, device_id=told.device, opened_at=told.found, volume="", listing=[]))
    session.flush()
    session.add(
        Finding(
            device_id=told.device,
            offload_id=offload,
            path=told.clip.encode(),
            name=told.clip,
            size=1,
            mtime_ns=1,
            identity=f"{told.device}-{told.clip}",
            disposition=Disposition.DUPLICATE,
            original_id=told.clip,
        )
    )


def decide(session: Session, told: str, *, confirmed: bool) -> None:
    """`clip`: all its links; `clip case/step`: this one."""
    clip_id, _, only = told.partition(" ")
    for link in session.exec(select(Link).where(Link.clip_id == clip_id, col(Link.ended_at).is_(None))):
        if only not in {"", point(link.case_uid, link.activity_id)}:
            continue
        if confirmed:
            decisions.confirm(session, link, PACK, "li", "seen")
        else:
            decisions.withdraw(session, link, "li", "not this case")


def status(session: Session, device: str, to: str) -> None:
    row = session.get_one(Device, device)
    row.status = DeviceState(to)
    session.add(row)
    linking.due(session, "status", device_id=device, span=(None, None))


def check(session: Session, clip_id: str, expected: Expected) -> None:
    row = session.get_one(Clip, clip_id)
    every = session.exec(select(Link).where(Link.clip_id == clip_id).order_by(col(Link.id))).all()
    links = [link for link in every if link.ended_at is None]
    links.sort(key=lambda link: (link.t0_s or 0, link.case_uid))
    shown = {point(link.case_uid, link.activity_id): link for link in links}
    first = links[0] if links else None
    told = f"{clip_id}: {[(name, link.verdict, failed(link)) for name, link in shown.items()]} {row.unlinked}"
    if expected.links is not None:
        assert sorted(shown) == sorted(expected.links), told
    if expected.verdict is not None:
        assert {link.verdict for link in links} == {expected.verdict}, told
    if expected.review:
        assert {link.verdict for link in links} <= {"NEEDS_REVIEW", "REJECTED"}, told
        assert links or row.unlinked, told
    if expected.fails is not None:
        assert first is not None, told
        assert failed(first) == set(expected.fails), told
    if expected.passes:
        assert first is not None, told
        assert set(expected.passes) <= {one["code"] for one in first.reasons if one["passed"]}, told
    if expected.unlinked is not None:
        assert not links, told
        assert row.unlinked is not None, told
        assert row.unlinked["code"] == expected.unlinked, told
    if expected.officer is not None:
        assert (row.officer_id or "-") == expected.officer, told
    if expected.losers is not None:
        assert first is not None, told
        lost = {point(one["case_uid"], one["activity_id"]): one["why"]["code"] for one in first.losers}
        assert lost == expected.losers, told
    if expected.segments is not None:
        assert {name: (link.t0_s, link.t1_s) for name, link in shown.items()} == expected.segments, told
    if expected.history is not None:
        assert len(every) == expected.history, told
    if expected.doubt is not None:
        assert first is not None, told
        assert (first.doubt or {}).get("code", "-") == expected.doubt, told


def point(case_uid: str, step: str | None) -> str:
    return f"{case_uid}/{step or '-'}"


def failed(link: Link) -> set[str]:
    return {one["code"] for one in link.reasons if not one["passed"]} - {"labels.missing"}
