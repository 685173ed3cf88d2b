"""One of everything for each of two units, `u` and `v`, and a user with a key of every role."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.signin import add_key, add_user
from gateway import disposal, retention, rulepacks
from gateway.config import Settings
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import (
    Activity,
    Allocation,
    AnnualCheck,
    CaseFeed,
    CaseParty,
    CaseRecord,
    CaseRefusal,
    CaseSample,
    Checkout,
    Clip,
    ClipCopy,
    CopyState,
    Described,
    DestructionRecord,
    Device,
    DeviceStatus,
    DisposalItem,
    DisposalRun,
    Endpoint,
    EndpointCursor,
    EndpointKind,
    Finding,
    HoldKind,
    LegalHold,
    Link,
    LiveView,
    Note,
    Offload,
    OrderRow,
    Original,
    Party,
    PartyKind,
    Receipt,
    Rendition,
    ReportMade,
    RequestedClip,
    RequestScope,
    RequestState,
    RetentionFlag,
    Role,
    Room,
    SampleCase,
    Snapshot,
    SnapshotFigure,
    Standing,
    State,
    Unit,
    UnitClass,
    User,
    ViewApprover,
    Viewing,
    ViewRequest,
    now,
)
from gateway.reports import Code
from gateway.store import LocalStore
from tests.client import client_of
from tests.empty import empty_database

OPERATOR, EVIDENCE, SUPERVISOR = Role.OPERATOR, Role.EVIDENCE, Role.SUPERVISOR
INTEGRATOR, ADMIN = Role.INTEGRATOR, Role.ADMIN
T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Seeded:
    folder: Path
    keys: dict[str, str]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Made once: it takes longer than what most tests ask of it."""
    folder = tmp_path_factory.mktemp("two-units")
    (folder / "gateway.sqlite").write_bytes(empty_database())
    store = LocalStore(folder / "store")
    store.prepare()
    database = Database(f"sqlite:///{folder / 'gateway.sqlite'}")
    with database.write() as session:
        keys = seed(session, store)
    database.close()
    return Seeded(folder, keys)


def put_in(database: Database, made: Path) -> None:
    """Another one's file, in place of its own, which nobody reads yet. What copies page by page takes longer."""
    database.close()
    place = Path(str(database.engine.url.database))
    assert not place.with_name(f"{place.name}-wal").exists(), "somebody has it open"
    shutil.copyfile(made, place)


@pytest.fixture
def api(
    database: Database, store: LocalStore, tmp_path: Path, seeded: Seeded
) -> Iterator[tuple[TestClient, dict[str, str]]]:
    put_in(database, seeded.folder / "gateway.sqlite")
    shutil.copytree(seeded.folder / "store", store.root, dirs_exist_ok=True)
    live = LiveFolder(tmp_path)
    for unit in ("u", "v"):
        live.of(f"cam-{unit}").mkdir(parents=True)
        live.playlist(f"cam-{unit}").write_text("#EXTM3U\n")
        (live.of(f"cam-{unit}") / "1.mp4").write_bytes(b"init")
    with client_of(database, store, live, webhook_hosts=["cases.example"]) as client:
        yield client, dict(seeded.keys)


def seed(session: Session, store: LocalStore) -> dict[str, str]:
    """One of everything for each of two units, and a user of every role in unit `u`."""
    for unit in ("u", "v"):
        session.add(Unit(id=unit, name=unit))
        session.flush()
        seed_unit(session, store, unit)
        seed_disposal(session, store, unit)
        seed_snapshot(session, unit)
    keys = {}
    for role in Role:
        user = add_user(session, f"user-{role.value}", None, role, None if role is ADMIN else "u")
        _, keys[role.value] = add_key(session, user, "test")
        for unit in ("u", "v"):
            session.add(
                Viewing(
                    id=f"view-{role.value}-{unit}", clip_id=f"clip-{unit}", user_id=user.id, purpose="x",
                    expires_at=now() + timedelta(hours=1),
                )
            )  # fmt: skip
            session.add(
                LiveView(
                    id=f"live-{role.value}-{unit}", device_id=f"cam-{unit}", user_id=user.id, purpose="x",
                    expires_at=now() + timedelta(hours=1),
                )
            )  # fmt: skip
            if role is not INTEGRATOR and (unit == "u" or role is ADMIN):
                seed_requests(session, store, user, unit)
    for unit in ("u", "v"):
        asker = add_user(session, f"asker-{unit}", None, OPERATOR, unit)
        request_of(session, asker, f"ask-{unit}", unit, f"clip-{unit}")
    return keys


def request_of(session: Session, asker: User, name: str, unit: str, clip: str, **more: Any) -> ViewRequest:
    made = ViewRequest(
        id=name, user_id=asker.id, user=asker.name, asker_unit_id=asker.unit_id, unit_id=unit,
        scope=RequestScope.CLIPS, purpose="案卷评查", days=7, copying=True, **more,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(RequestedClip(id=f"named-{name}", request_id=name, clip_id=clip))
    return made


def seed_requests(session: Session, store: LocalStore, user: User, unit: str) -> None:
    """One that is open, one that is granted with a copy made by it; and who may watch decides as a head."""
    role = user.role
    clip = (
        f"old-{unit}" if role is OPERATOR else f"clip-{unit}"
    )  # what he sees of `clip-u` has to be asked for
    request_of(session, user, f"open-{role.value}-{unit}", unit, clip)
    request_of(
        session, user, f"mine-{role.value}-{unit}", unit, clip, state=RequestState.GRANTED,
        granted_at=now(), valid_until=now() + timedelta(days=7),
    )  # fmt: skip
    name = f"copy-{role.value}-{unit}"
    key = store.rendition_key(clip, f"{name}.mp4")
    store.place(key).write_bytes(b"copy of " + unit.encode())
    session.add(
        ClipCopy(
            id=name, clip_id=clip, request_id=f"mine-{role.value}-{unit}", user_id=user.id, user=user.name,
            purpose="x", lines=["x", "y"], state=CopyState.READY, keep_until=now() + timedelta(days=1),
        )
    )  # fmt: skip
    session.add(
        Rendition(
            clip_id=clip, kind=f"copy-{name}", stored_as=key, media_type="video/mp4", size=9, sha256="s",
            parent_sha256="p", command=[], tool="t",
        )
    )  # fmt: skip
    if role is not OPERATOR:
        session.add(
            ViewApprover(id=f"head-{role.value}-{unit}", user_id=user.id, unit_id=unit, entered_by="x")
        )


def seed_disposal(session: Session, store: LocalStore, unit: str) -> None:
    """Footage of long ago: one clip that is due, one on a list, one that was destroyed."""
    person = add_user(session, f"proposer-{unit}", None, EVIDENCE, unit)
    session.flush()
    for number, name in enumerate(("old", "listed", "gone")):
        key = store.original_key(f"{name}-{unit}", ".mp4")
        if name != "gone":
            store.place(key).write_bytes(b"13 bytes long")
        session.add(
            Original(
                id=f"{name}-{unit}", device_id=f"cam-{unit}", name="old.mp4", suffix=".mp4", size=13,
                state=State.DESTROYED if name == "gone" else State.PRESERVED, stored_as=key,
                sha256=f"{unit}{number}" * 32, verified_at=now(), found_at=datetime(2020, 5, 6, tzinfo=UTC),
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Clip(id=f"{name}-{unit}", device_id=f"cam-{unit}", kind="VIDEO", described=Described.READY)
        )
        session.flush()
    session.add(
        LegalHold(
            id=f"hold-{unit}",
            kind=HoldKind.CLIP,
            clip_id=f"clip-{unit}",
            unit_id=unit,
            why="x",
            placed_by="x",
        )
    )
    session.add(RetentionFlag(id=f"flag-{unit}", clip_id=f"clip-{unit}", flag="MAJOR", why="x", set_by="x"))
    [judged] = retention.judge(session, rulepacks.packs(Settings().rule_pack), [f"listed-{unit}"], now())
    item = DisposalItem(
        run_id=f"run-{unit}", clip_id=f"listed-{unit}", shown=disposal.shown(session, judged),
        facts=disposal.frozen(session, judged),
    )  # fmt: skip
    run = DisposalRun(
        id=f"run-{unit}", unit_id=unit, why="x", count=1, bytes=13, listing=disposal.listing_digest([item]),
        proposed_by_id=person.id, proposed_by=person.name,
    )  # fmt: skip
    session.add(run)
    session.flush()
    record = DestructionRecord(
        id=f"destr-{unit}", original_id=f"gone-{unit}", clip_id=f"gone-{unit}", run_id=run.id,
        device_id=f"cam-{unit}", name="old.mp4", size=13, sha256=f"{unit}2" * 32, why="x",
        rule={**item.shown["rule"], "on": item.shown["on"], "rule_pack": "p"}, proposed_by="x", approved_by="y",
    )  # fmt: skip
    session.add_all((item, record))


def seed_snapshot(session: Session, unit: str) -> None:
    session.add(
        Snapshot(
            id=f"snap-{unit}", unit_id=unit, quarter="2024-Q2", revision=1, since=T0, until=T0 + timedelta(days=90),
            as_of=now(), packs={"p@1": "d"}, digest="d", frozen_by="x",
        )
    )  # fmt: skip
    session.flush()
    for place, code in enumerate(Code):
        session.add(
            SnapshotFigure(
                snapshot_id=f"snap-{unit}", code=code.value, place=place, told=True, notes=[], rules=[], sources=[],
                members=[{"kind": "clip", "side": "BOTH", "why": "", "keys": [["unit", unit]], "ids": [f"clip-{unit}"]}],
            )
        )  # fmt: skip


def seed_unit(session: Session, store: LocalStore, unit: str) -> None:
    from gateway.models import Officer

    key = store.original_key(f"clip-{unit}", ".mp4")
    store.place(key).write_bytes(b"original of " + unit.encode())
    made = store.rendition_key(f"clip-{unit}", "proxy.mp4")
    store.place(made).write_bytes(b"proxy of " + unit.encode())
    session.add(Device(id=f"cam-{unit}", type="body_camera", unit_id=unit, driver="rtsp_recorder"))
    session.add(DeviceStatus(device_id=f"cam-{unit}", present=True))
    session.add(Room(id=f"room-{unit}", name="询问室", unit_id=unit))
    session.add(Officer(id=f"zhang-{unit}", name="张", unit_id=unit))
    session.flush()
    session.add(
        Original(
            id=f"clip-{unit}", device_id=f"cam-{unit}", name="one.mp4", suffix=".mp4", size=13,
            state=State.PRESERVED, stored_as=key, sha256=unit * 64, verified_at=now(),
        )
    )  # fmt: skip
    session.add(
        CaseRecord(uid=f"case-{unit}", title="案", unit_id=unit, closed_on=datetime(2026, 3, 1, tzinfo=UTC))
    )
    session.flush()
    session.add(
        CaseSample(
            id=f"sample-{unit}", unit_id=unit, period="2025-H1", number=1, since=T0, until=T0, basis="CLOSED",  # type: ignore[arg-type]
            per_unit=False, wanted=1, frame={f"case-{unit}": ""}, frame_digest="f", method="m", seed="s",
            sealed_by={"chain": "site", "seq": 0}, drawn_by="x",
        )
    )  # fmt: skip
    session.flush()
    session.add(
        SampleCase(sample_id=f"sample-{unit}", case_uid=f"case-{unit}", stratum="", place=1, digest="d")
    )
    session.add(
        ReportMade(
            id=f"made-{unit}", kind="annual", unit_id=unit, period="2025", format="pdf", as_of=T0, content="c",
            sha256="s", size=1, made_by="x",
        )
    )  # fmt: skip
    session.add(Party(id=f"party-{unit}", kind=PartyKind.CITIZEN))
    session.add(CaseFeed(source_id=f"feed-{unit}"))
    session.add(
        CaseRefusal(source_id="s", what=f"case-{unit}", unit_id=unit, why={"code": "case.wrong", "facts": {}})
    )
    session.add(
        Endpoint(
            id=f"hook-{unit}",
            kind=EndpointKind.WEBHOOK,
            name=f"hook-{unit}",
            url="https://cases.example",
            unit_id=unit,
            made_by="x",
        )
    )
    session.flush()
    session.add(EndpointCursor(endpoint_id=f"hook-{unit}"))
    session.add(Offload(id=f"off-{unit}", device_id=f"cam-{unit}", opened_at=T0))
    session.flush()
    session.add(Clip(id=f"clip-{unit}", device_id=f"cam-{unit}", kind="VIDEO"))
    session.flush()
    session.add(
        Activity(
            id=f"step-{unit}", case_uid=f"case-{unit}", kind="现场检查", stage="调查取证", started_at=T0,
            ended_at=T0 + timedelta(hours=1), officers=[f"zhang-{unit}"],
        )
    )  # fmt: skip
    rows = [
        CaseParty(case_uid=f"case-{unit}", party_id=f"party-{unit}", place=0, name=f"王-{unit}"),
        Allocation(
            id=f"alloc-{unit}", device_id=f"cam-{unit}", kind="PERSONAL", officer_id=f"zhang-{unit}",  # type: ignore[arg-type]
            valid_from=T0, valid_to=T0 + timedelta(days=1),
        ),
        Standing(id=f"stand-{unit}", device_id=f"cam-{unit}", status="IN_SERVICE", since=T0, why="x", entered_by="x"),  # type: ignore[arg-type]
        UnitClass(
            id=f"class-{unit}", unit_id=unit, grade="B", doc_no="x", entered_by="x",  # type: ignore[arg-type]
            valid_from=date(2024, 1, 1), valid_to=date(2024, 12, 31),
        ),
        AnnualCheck(
            id=f"check-{unit}", officer_id=f"zhang-{unit}", passed=True, entered_by="x",
            valid_from=date(2024, 1, 1), valid_to=date(2024, 12, 31),
        ),
        Checkout(id=f"out-{unit}", device_id=f"cam-{unit}", officer_id=f"zhang-{unit}", out_at=T0),
        Finding(
            device_id=f"cam-{unit}", offload_id=f"off-{unit}", path=b"one.mp4", name="one.mp4", size=13,
            mtime_ns=0, identity="i", disposition="CLIP", original_id=f"clip-{unit}",  # type: ignore[arg-type]
        ),
        Receipt(offload_id=f"off-{unit}", revision=1, sealed_at=now(), body={}, digest="d"),
        Rendition(
            clip_id=f"clip-{unit}", kind="proxy", stored_as=made, media_type="video/mp4", size=9, sha256="s",
            parent_sha256="p", command=[], tool="t",
        ),
        Link(
            id=f"link-{unit}", clip_id=f"clip-{unit}", case_uid=f"case-{unit}", verdict="VALID", score=1,
            reasons=[], rule_pack="p",
        ),
        Link(
            id=f"sure-{unit}", clip_id=f"clip-{unit}", case_uid=f"case-{unit}", verdict="VALID", score=1,
            reasons=[], rule_pack="p", status="CONFIRMED",  # type: ignore[arg-type]
        ),
        Note(
            id=f"note-{unit}", case_uid=f"case-{unit}", clip_id=f"clip-{unit}", at_s=3, line="问：何时？",
            activity_id=f"step-{unit}", made_by="x",
        ),
        OrderRow(
            id=f"order-{unit}", kind="verify", clip_id=f"clip-{unit}", device_id=f"cam-{unit}", asked_by="x",
            deadline=now(),
        ),
    ]  # fmt: skip
    session.add_all(rows)
