"""A small gateway without devices: clips of long ago, whole and with custody, on real disks of its own."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from api.signin import add_user
from gateway import audit, custody, rulepacks
from gateway.config import Settings
from gateway.database import Database
from gateway.disposal.execution import Destruction
from gateway.models import (
    Attachment,
    CaseRecord,
    Clip,
    CustodyEvent,
    Described,
    Device,
    Disposition,
    Finding,
    Link,
    Original,
    ReleaseState,
    Rendition,
    Role,
    State,
    Unit,
    User,
)
from gateway.store import LocalStore
from gateway.store.durable import write_whole
from gateway.visibility import Viewer, units_below

LONG_AGO = datetime(2020, 5, 6, 2, 0, tzinfo=UTC)
PEOPLE = {"chen": Role.EVIDENCE, "zhao": Role.SUPERVISOR, "qian": Role.OPERATOR, "root": Role.ADMIN}


class Shelf:
    def __init__(self, database: Database, folder: Path, *, second: bool = True) -> None:
        self.database = database
        self.store = LocalStore(folder / "store")
        self.second = LocalStore(folder / "second") if second else None
        for place in filter(None, (self.store, self.second)):
            place.prepare()
        self.packs = rulepacks.packs(Settings().rule_pack)
        with database.write() as session:
            for unit in ("u", "v"):
                session.add(Unit(id=unit, name=unit))
                session.flush()
                device = Device(id=f"cam-{unit}", type="body_camera", unit_id=unit)
                session.add(device)
                told(session, device)
            for name, role in PEOPLE.items():
                user = add_user(session, name, None, role, None if role is Role.ADMIN else "u")
                told(session, user)

    @property
    def daemon(self) -> Destruction:
        return Destruction(self.database, self.packs, self.store, self.second, "gateway")

    def viewer(self, name: str) -> Viewer:
        with self.database.read() as session:
            user = session.exec(select(User).where(User.name == name)).one()
            units = units_below(session, user.unit_id) if user.unit_id else None
        return Viewer(user.id, user.name, user.role, units)

    def bytes_of(self, key: str, content: bytes) -> None:
        for place in filter(None, (self.store, self.second if key.startswith("originals") else None)):
            write_whole(place.place(key), content)

    def original(self, name: str, found: datetime, device: str = "cam-u") -> Original:
        content = f"bytes of {name}".encode() * 50
        manifest = f'{{"name": "{name}"}}'.encode()
        key = self.store.original_key(name, ".mp4")
        self.bytes_of(key, content)
        for place in filter(None, (self.store, self.second)):
            write_whole(place.manifest_path(key), manifest)
        return Original(
            id=name, device_id=device, state=State.PRESERVED, name=f"{name}.mp4", suffix=".mp4",
            size=len(content), found_at=found, stored_as=key, sha256=hashlib.sha256(content).hexdigest(),
            manifest=hashlib.sha256(manifest).hexdigest(), second_copy=True if self.second else None,
            verified_at=found,
        )  # fmt: skip

    def clip(self, name: str, found: datetime = LONG_AGO, device: str = "cam-u", **more: Any) -> str:
        """A finished clip that came in then, with a proxy; returns its id."""
        original = self.original(name, found, device)
        proxy = b"proxy of " + name.encode()
        made = self.store.rendition_key(name, "abc.proxy.mp4")
        self.bytes_of(made, proxy)
        begun = found - timedelta(hours=2)
        read = {"source": "container", "written": begun.replace(tzinfo=None).isoformat(), "zone": "UTC"}
        usual = {
            "times": [read], "time_source": "container", "started_at": begun, "duration_s": 3600.0,
            "ended_at": found - timedelta(hours=1), "uncertainty_s": 60.0,
        }  # fmt: skip
        clip = Clip(id=name, device_id=device, kind="VIDEO", described=Described.READY, **(usual | more))
        rendition = Rendition(
            clip_id=name, kind="proxy", stored_as=made, media_type="video/mp4", size=len(proxy),
            sha256=hashlib.sha256(proxy).hexdigest(), parent_sha256=original.sha256 or "", command=[], tool="t",
        )  # fmt: skip
        finding = Finding(
            device_id=device, path=f"{name}.mp4".encode(), name=f"{name}.mp4", size=original.size, mtime_ns=0,
            identity=name, disposition=Disposition.CLIP, original_id=name, seen_at=found,
            release=ReleaseState.KEPT,
        )  # fmt: skip
        with self.database.write() as session:
            for row in (original, clip, rendition, finding):
                session.add(row)
                session.flush()
            told(session, original, clip, rendition, finding, device=device)
        return name

    def attachment(self, name: str, clip: str | None, **more: Any) -> str:
        original = self.original(name, LONG_AGO)
        for key, value in more.items():
            setattr(original, key, value)
        row = Attachment(id=name, kind="TRACK", clip_id=clip)
        with self.database.write() as session:
            session.add(original)
            session.flush()
            session.add(row)
            told(session, original, row)
        if original.state is State.DUPLICATE:
            for place in filter(None, (self.store, self.second)):
                place.destroy(name)
        return name

    def case(self, uid: str, **more: Any) -> str:
        with self.database.write() as session:
            case = CaseRecord(uid=uid, title="案", unit_id="u", **more)
            session.add(case)
            custody.append(session, custody.SITE, "CASE_STORED", "t", uid, (case,))
        return uid

    def link(self, clip: str, case: str) -> str:
        with self.database.write() as session:
            link = Link(clip_id=clip, case_uid=case, verdict="VALID", score=1.0, reasons=[], rule_pack="p")
            session.add(link)
            told(session, link)
            return link.id

    def change(self, model: Any, key: str, **values: Any) -> None:
        with self.database.write() as session:
            row = session.get_one(model, key)
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
            told(session, row)

    def differences(self) -> list[str]:
        return [str(one) for one in audit.audit(self.database, self.store, self.second)]

    def lying(self, name: str) -> list[Path]:
        places = filter(None, (self.store, self.second))
        return [path for place in places for path in place.lying(name)]

    def events(self, subject: str) -> list[str]:
        with self.database.read() as session:
            wanted = select(CustodyEvent.event).where(CustodyEvent.subject == subject)
            return list(session.exec(wanted.order_by(col(CustodyEvent.at), col(CustodyEvent.seq))))

    def get(self, model: Any, key: str) -> Any:
        with self.database.read() as session:
            return session.get_one(model, key)


def told(session: Session, *rows: SQLModel, device: str = "cam-u") -> None:
    custody.append(session, custody.device_chain(device), "TOLD", "t", "t", rows)
