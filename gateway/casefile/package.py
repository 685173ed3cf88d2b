"""A case's footage as one zip, written while it is sent: never in memory, never on our disk (R-75)."""

import hashlib
import json
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway import custody
from gateway.casefile.evidence import Evidence, Item, is_here
from gateway.casefile.package_told import Content, Part, Plan, Told, about, results, sums
from gateway.database import Database
from gateway.device import Refused
from gateway.models import CaseRecord, CustodyEvent, Rendition, State, new_id, now
from gateway.store import LocalStore
from gateway.texts import unseen_in
from gateway.wording import reason

__all__ = ["Content", "Plan", "begin", "plan", "stream"]

MOST = 1000
"""Clips of one package (ours): each has a line in its chain before the first byte goes out."""
CHUNK = 1 << 20
PROXY = "proxy"
SECRET = "state_secret"  # noqa: S105  (a class of secrecy)
EARLIEST = 1980
"""What a zip can say of a year."""


def plan(
    session: Session,
    case: CaseRecord,
    found: Evidence,
    content: Content,
    purpose: str,
    actor: str,
    listing: bytes,
) -> Plan:
    """Raises Refused where there is nothing to send, and where there is too much for one package."""
    if unseen := unseen_in(purpose):  # it is told in 说明.txt and in the chain, beside what must be read
        raise Refused("retrieval.unseen_characters", found="、".join(unseen))
    if found.count > len(found.items):
        raise Refused("package.too_many", clips=found.count, most=len(found.items))
    proxies = (
        proxies_of(session, [item.clip.id for item in found.items]) if content is Content.PROXIES else {}
    )
    parts: list[Part] = []
    left: dict[str, dict[str, object]] = {}
    for item in found.items:
        if why := held_back(item, content, proxies):
            left[item.clip.id] = reason(why)
        else:
            parts.append(part_of(item, proxies.get(item.clip.id)))
    if not parts:
        raise Refused("package.empty")
    return Plan(new_id(), case.uid, case.title, content, purpose, actor, now(), parts, left, listing)


def proxies_of(session: Session, clips: list[str]) -> dict[str, Rendition]:
    made = select(Rendition).where(col(Rendition.clip_id).in_(clips), Rendition.kind == PROXY)
    return {one.clip_id: one for one in session.exec(made)}


def held_back(item: Item, content: Content, proxies: dict[str, Rendition]) -> str | None:
    """R-77: a state secret leaves by no package; what is destroyed or not here yet cannot."""
    if item.clip.secrecy == SECRET:
        return "package.secret"
    if not is_here(item.original) or item.original.sha256 is None or item.original.state is State.DESTROYED:
        return "package.gone"
    return "package.no_proxy" if content is Content.PROXIES and item.clip.id not in proxies else None


def part_of(item: Item, proxy: Rendition | None) -> Part:
    name = f"{item.number:04}_{plain(Path(item.original.name).stem)}"
    if proxy is not None:
        return Part(
            item, f"音像资料/{name}.proxy{Path(proxy.stored_as).suffix}", proxy.stored_as, proxy.sha256
        )
    key, digest = item.original.stored_as, item.original.sha256
    assert key is not None
    assert digest is not None
    return Part(item, f"音像资料/{name}{item.original.suffix}", key, digest)


def plain(name: str) -> str:
    """As every file system takes it."""
    kept = (one if one not in '<>:"/\\|?*' and unicodedata.category(one)[0] != "C" else "_" for one in name)
    return "".join(kept).strip(" .")[:80] or "_"


def begin(session: Session, made: Plan) -> None:
    """Before the first byte: a line for each clip in its device's chain, and one for the case."""
    detail = {"package": made.id, "case": made.case, "content": made.content.value, "purpose": made.purpose}
    for part in sorted(made.parts, key=lambda one: (one.item.original.device_id, one.item.number)):
        chain = custody.device_chain(part.item.original.device_id)
        custody.append(session, chain, "CLIP_EXPORTED", made.actor, part.item.clip.id, (), detail)
    told = {
        **detail,
        "clips": len(made.parts),
        "left_out": {clip: why["code"] for clip, why in made.left.items()},
    }
    custody.append(session, custody.SITE, "CASE_EXPORTED", made.actor, made.case, (), told)


def end(session: Session, made: Plan, told: Told) -> None:
    """What was sent: its digest if all of it went out, and which clips were not as they should be."""
    detail = {
        "package": made.id, "whole": told.whole, "bytes": told.size,
        "sha256": told.digest.hexdigest() if told.whole else None, "wrong": told.wrong,
    }  # fmt: skip
    custody.append(session, custody.SITE, "EXPORT_ENDED", made.actor, made.case, (), detail)


class Sink:
    """Takes what zipfile writes until it is fetched."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.waiting: list[bytes] = []

    def write(self, content: bytes) -> int:
        self.waiting.append(bytes(content))
        self.told.size += len(content)
        self.told.digest.update(content)
        return len(content)

    def flush(self) -> None:
        """Nothing lies anywhere else."""

    def taken(self) -> Iterator[bytes]:
        out, self.waiting = self.waiting, []
        yield from out


def stream(database: Database, store: LocalStore, made: Plan, zone: ZoneInfo) -> Iterator[bytes]:
    """The zip, piece by piece; however it ends stands in the chain."""
    told = Told()
    try:
        yield from written(database, store, made, told, zone)
        told.whole = True
    finally:
        with database.write() as session:
            end(session, made, told)


def written(database: Database, store: LocalStore, made: Plan, told: Told, zone: ZoneInfo) -> Iterator[bytes]:
    sink = Sink(told)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as packed:  # type: ignore[call-overload]

        def put(name: str, content: bytes) -> None:
            told.beside[name] = hashlib.sha256(content).hexdigest()
            packed.writestr(info(name, made.at, zone), content)

        put("证据清单.xlsx", made.listing)
        for part in made.parts:
            yield from media(packed, sink, store, part, made, told, zone)
            with database.read() as session:
                lines = json.dumps(chain_of(session, part.item.clip.id), ensure_ascii=False, indent=1)
            put(f"保管链/{part.item.number:04}_{part.item.clip.id}.json", lines.encode())
            yield from sink.taken()
        put("说明.txt", about(made, told, zone).encode())
        put("结果.json", results(made, told).encode())
        packed.writestr(info("digests.sha256", made.at, zone), sums(made, told))
    yield from sink.taken()


def media(
    packed: zipfile.ZipFile, sink: Sink, store: LocalStore, part: Part, made: Plan, told: Told, zone: ZoneInfo
) -> Iterator[bytes]:
    """One file as it lies in the store, hashed once more on its way out."""
    digest, clip = hashlib.sha256(), part.item.clip
    try:
        with store.path(part.key).open("rb") as source:
            with packed.open(
                info(part.name, clip.started_at or made.at, zone), "w", force_zip64=True
            ) as target:
                while piece := source.read(CHUNK):
                    digest.update(piece)
                    target.write(piece)
                    yield from sink.taken()
            yield from sink.taken()
    except OSError:
        told.wrong[clip.id] = "package.unreadable"
        return
    told.sent[clip.id] = digest.hexdigest()
    if digest.hexdigest() != part.sha256:
        told.wrong[clip.id] = "package.differs"


def info(name: str, at: datetime, zone: ZoneInfo) -> zipfile.ZipInfo:
    local = at.astimezone(zone)
    moment = (max(local.year, EARLIEST), local.month, local.day, local.hour, local.minute, local.second)
    made = zipfile.ZipInfo(name, moment)
    made.external_attr = 0o640 << 16
    return made


def chain_of(session: Session, clip: str) -> list[dict[str, object]]:
    lines = select(CustodyEvent).where(CustodyEvent.subject == clip)
    order = lines.order_by(col(CustodyEvent.at), col(CustodyEvent.seq))
    return [json.loads(custody.canonical(line.model_dump())) for line in session.exec(order)]
