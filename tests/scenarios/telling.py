"""Each fact of a scenario as the gateway is told it: by a device, a case system, a person."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from gateway import linking, rulepacks, standing
from gateway.case_sources.records import CaseIn, store_case
from gateway.device import ClockRead, ClockSet, Refused
from gateway.intake.events import store_one
from gateway.linking import decisions, series
from gateway.models import (
    Clip,
    DeviceState,
    Disposition,
    Finding,
    Link,
    Offload,
    Original,
    State,
    StatementKind,
)
from gateway.scope import statements
from gateway.scope.statements import StatementIn
from gateway.standing import StandingIn
from tests.scenarios.expectations import point
from tests.scenarios.told import AwayTold, CaseTold, ClipTold, ClockTold, CopyTold, StateTold, moment

PACK = rulepacks.packs("hebei-xingtai-2019")


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
        "archived_on": told.archived,
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
                "notice_given": step.notice,
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


def decide(session: Session, told: str, *, confirmed: bool, matter: str | None = None) -> None:
    """`clip`: all its links; `clip case/step`: this one."""
    clip_id, _, only = told.partition(" ")
    for link in session.exec(select(Link).where(Link.clip_id == clip_id, col(Link.ended_at).is_(None))):
        if only not in {"", point(link.case_uid, link.activity_id)}:
            continue
        if confirmed:
            decisions.confirm(session, link, PACK, "li", "seen", matter)
        else:
            decisions.withdraw(session, link, "li", "not this case")


def stated(session: Session, told: StateTold) -> None:
    row, original = session.get_one(Clip, told.clip), session.get_one(Original, told.clip)
    given = told.model_dump(include={"secrecy", "transcript", "why"}, exclude_none=True)
    if told.refused is None:
        linking.enter_labels(session, row, original, given, "li", may_lift=True)
        return
    with pytest.raises(Refused) as refusal, session.begin_nested():
        linking.enter_labels(session, row, original, given, "li", may_lift=True)
    assert refusal.value.reason["code"] == told.refused


def away(session: Session, told: AwayTold) -> None:
    given = StatementIn(kind=StatementKind.AWAY, to_at=told.back, why="外地办案")
    statements.state(session, told.step, given, "li")


def status(session: Session, device: str, to: str) -> None:
    word, _, since = to.partition(" from ")
    told = StandingIn(
        device=device, status=DeviceState(word), since=moment(since or "-1 00:00"), why="按台账更正"
    )
    standing.enter(session, told, "test")
