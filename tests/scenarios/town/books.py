"""Writes a town into a gateway's database: the papers as written, the clips as their cameras tell them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from gateway.case_sources.records import alias_of
from gateway.database import Database
from gateway.models import (
    Activity,
    Allocation,
    CaseAlias,
    CaseRecord,
    Checkout,
    Clip,
    ClockReading,
    Device,
    DeviceSignal,
    Finding,
    Officer,
    Offload,
    Original,
    Recording,
    Room,
    ScopeItem,
    ScopeList,
    Statement,
    Unit,
    new_id,
)
from tests.scenarios.town.plan import LOCAL, Camera, Shot, Step, Town

LEAST = timedelta(minutes=5)
LONG_AGO = datetime(2025, 1, 1, tzinfo=LOCAL)


def write(town: Town, database: Database) -> None:
    with database.write() as session:
        people(session, town)
        papers(session, town)
        statements(session, town)
        footage(session, town)


def put(session: Session, model: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        session.execute(insert(model), listed)


def people(session: Session, town: Town) -> None:
    put(session, Unit, [{"id": "city", "name": "邢台市"}])
    put(session, Unit, ({"id": one.id, "name": one.name, "parent_id": "city"} for one in town.units))
    put(
        session,
        Room,
        ({"id": f"r{one.id}", "name": f"{one.name}询问室", "unit_id": one.id} for one in town.units),
    )
    put(
        session,
        Officer,
        (
            {
                "id": one.id, "name": one.name, "unit_id": one.unit, "number": one.number,
                "cert_valid_from": LONG_AGO.date(), "cert_valid_to": LONG_AGO.date() + timedelta(days=1800),
            }
            for one in town.officers
        ),
    )  # fmt: skip
    put(
        session,
        Device,
        (
            {
                "id": one.id, "type": "cctv" if one.kind == "ROOM" else "body_camera", "unit_id": one.unit,
                "room_id": f"r{one.unit}" if one.kind == "ROOM" else None,
            }
            for one in town.cameras
        ),
    )  # fmt: skip


def papers(session: Session, town: Town) -> None:
    put(
        session,
        CaseRecord,
        (
            {"uid": one.uid, "title": one.title, "unit_id": one.unit, "handlers": list(one.handlers)}
            for one in town.cases
        ),
    )
    put(session, CaseAlias, (alias_of(one.uid, one.number).model_dump() for one in town.cases))
    put(
        session,
        Activity,
        (
            {
                "id": step.id, "case_uid": one.uid, "kind": step.kind, "stage": step.stage,
                "started_at": step.start, "ended_at": ended(step),
                "officers": list(step.officers), "latitude": step.latitude, "longitude": step.longitude,
                "room_id": step.room, "withdrawn_at": town.night if step.withdrawn else None,
            }
            for one in town.cases
            for step in one.steps
        ),
    )  # fmt: skip
    put(
        session,
        Allocation,
        (
            {"device_id": one.id, "kind": "PERSONAL", "officer_id": one.owner, "valid_from": LONG_AGO}
            for one in town.cameras
            if one.owner
        ),
    )
    put(
        session,
        Allocation,
        (
            {"device_id": one.id, "kind": "POOL", "unit_id": one.unit, "valid_from": LONG_AGO}
            for one in town.cameras
            if one.kind == "POOL"
        ),
    )
    put(
        session,
        Checkout,
        (
            {"device_id": one.camera, "officer_id": one.officer, "out_at": one.out, "in_at": one.back}
            for one in town.loans
        ),
    )


def ended(step: Step) -> datetime:
    """A paper is of a moment; of what happened outside, the five minutes it took at least."""
    return step.end if step.true_start == step.true_end else max(step.end, step.start + LEAST)


def statements(session: Session, town: Town) -> None:
    """The item lists, what people stated, what recorders told."""
    columns = dict.fromkeys(("matter", "step", "starts", "content", "ends", "note"), "")
    for place, one in enumerate(town.editions):
        edition = {
            "id": f"l{place:03}", "unit_id": one.unit, "valid_from": one.since, "title": "音像记录事项清单",
            "file_name": "清单.csv", "sha256": "", "made_by": "town",
            "superseded_at": town.night if one.corrected else None,
        }  # fmt: skip
        put(session, ScopeList, [edition])
        items = enumerate(one.lines, 2)
        put(
            session,
            ScopeItem,
            ({"list_id": edition["id"], "row": row, **columns, **line} for row, line in items),
        )
    blank = dict.fromkeys(
        ("ground", "why", "from_at", "to_at", "work_record", "reported_to", "approved_by", "approved_at")
    )
    put(
        session,
        Statement,
        (
            {
                "id": f"s{place:05}", "activity_id": one.step, "kind": one.kind, "made_by": "town", **blank,
                **one.given, "superseded_at": town.night if one.corrected else None,
            }
            for place, one in enumerate(town.said)
        ),
    )  # fmt: skip
    put(
        session,
        DeviceSignal,
        (
            {
                "device_id": one.camera, "event_id": f"e{place:05}", "kind": one.kind,
                "received_at": one.received, "device_time": one.shown, "detail": one.detail,
            }
            for place, one in enumerate(town.told)
        ),
    )  # fmt: skip


def footage(session: Session, town: Town) -> None:
    cameras = {one.id: one for one in town.cameras}
    dockings: defaultdict[tuple[str, datetime], list[Shot]] = defaultdict(list)
    for shot in town.shots:
        dockings[shot.camera, shot.docked].append(shot)
    takes = {shot.take: shot.camera for shot in town.shots}
    put(session, Recording, ({"id": take, "device_id": camera} for take, camera in takes.items()))
    rows: defaultdict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)
    for (camera_id, at), shots in sorted(dockings.items(), key=lambda one: (one[0][1], one[0][0])):
        camera = cameras[camera_id]
        offload = None if camera.kind == "ROOM" else f"{camera_id}-{at:%m%d%H%M%S}"
        if offload:
            rows[Offload].append(
                {
                    "id": offload, "device_id": camera_id, "opened_at": at, "volume": camera_id,
                    "listing": [entry(shot) for shot in shots],
                }
            )  # fmt: skip
            tell_clock(rows, camera, at)
        for shot in shots:
            tell_clip(rows, camera, shot, at, offload)
    for model in (Original, Offload, Finding, Clip, ClockReading):
        put(session, model, rows[model])


def entry(shot: Shot) -> dict[str, Any]:
    return {"path": shot.id.encode().hex(), "name": shot.id, "size": 1000, "mtime_ns": 1, "sequence": 0}


def tell_clock(rows: defaultdict[type[SQLModel], list[dict[str, Any]]], camera: Camera, at: datetime) -> None:
    """As read at the docking (R-21); nobody set it, and so it stays as wrong as it is."""
    if not camera.is_read:
        return
    read = at - timedelta(seconds=20)
    shown = read + timedelta(seconds=camera.error_s)
    rows[ClockReading].append(
        {
            "id": new_id(), "device_id": camera.id, "read_at": read, "device_time": shown,
            "offset_s": camera.error_s, "uncertainty_s": 1.0, "host_synchronised": True,
        }
    )  # fmt: skip


def tell_clip(
    rows: defaultdict[type[SQLModel], list[dict[str, Any]]], camera: Camera, shot: Shot, at: datetime,
    offload: str | None,
) -> None:  # fmt: skip
    declared = {"case_no": shot.number, "officer": shot.officer_number}
    rows[Original].append(
        {
            "id": shot.id, "device_id": camera.id, "state": "PRESERVED", "name": f"{shot.id}.MP4",
            "suffix": ".mp4", "size": 1000, "found_at": at, "sha256": shot.id,
        }
    )  # fmt: skip
    rows[Finding].append(
        {
            "id": f"f{shot.id}", "device_id": camera.id, "offload_id": offload, "seen_at": at,
            "path": shot.id.encode(), "name": shot.id, "size": 1000, "mtime_ns": 1, "identity": shot.id,
            "volume": camera.id, "disposition": "CLIP", "original_id": shot.id,
        }
    )  # fmt: skip
    rows[Clip].append(
        {
            "id": shot.id, "device_id": camera.id, "kind": "VIDEO" if shot.length_s else "PHOTO",
            "described": "READY", "duration_s": shot.length_s or None, "times": times(camera, shot),
            "latitude": shot.latitude, "longitude": shot.longitude,
            "declared": {name: told for name, told in declared.items() if told},
            "recording_id": shot.take,
        }
    )  # fmt: skip


def times(camera: Camera, shot: Shot) -> list[dict[str, Any]]:
    """The container's time is local and wears a Z; a track is UTC."""
    if camera.kind == "ROOM":
        return [{"source": "gateway", "written": naive(shot.start), "zone": "Asia/Shanghai"}]
    shown = shot.start + timedelta(seconds=camera.error_s)
    ended = shown + timedelta(seconds=shot.length_s)
    read = [
        {"source": "container", "written": naive(shown), "zone": "Asia/Shanghai", "raw": naive(shown) + "Z"},
        {"source": "file", "written": naive(ended), "zone": "Asia/Shanghai", "at_end": True},
    ]
    if shot.latitude is not None and int(shot.id[1:]) % 3:
        utc = shot.start.replace(tzinfo=None).isoformat(timespec="seconds")
        read.insert(0, {"source": "gps", "written": utc, "zone": "UTC"})
    return read


def naive(at: datetime) -> str:
    return at.astimezone(LOCAL).replace(tzinfo=None).isoformat(timespec="seconds")
