"""Files that a person marks as important (重点文件): those that are here, those that come later, and no other."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from gateway import audit, rulepacks
from gateway.database import Database
from gateway.device import Declared, DeviceSeen, FileFound, FoundFile, MediaKind
from gateway.intake.events import store_one
from gateway.models import Clip, CustodyEvent, Original, State, Work, now
from gateway.orders import ask
from ingest.commit import commit
from ingest.pipeline import stage_at
from ingest.runner import item_of
from ingest.stage import Outcome


@pytest.fixture
def session_of(database: Database) -> Database:
    with database.write() as session:
        for device in ("bwc-1", "bwc-2"):
            entry = {"driver": "mqtt_camera", "unit_id": "u", "name": device, "release": "keep"}
            store_one(
                session, DeviceSeen(device_id=device, via="net", type="body_camera", entry=entry), "h", "e"
            )
    return database


def comes(session: Session, file: str, device: str = "bwc-1", *, important: bool = False) -> str:
    """Its clip's id."""
    told = FoundFile(
        device_id=device, path=f"{file}/a.mp4".encode(), local=Path("/spool") / file, size=4, mtime_ns=1,
        kind=MediaKind.VIDEO, edges=file, adopt=True, declared=Declared(important=important),
    )  # fmt: skip
    [item] = store_one(session, FileFound(found=told), "h", "e")
    return item


def important(session: Session) -> Sequence[str]:
    return session.exec(select(Clip.id).where(col(Clip.important).is_(True)).order_by(Clip.id)).all()


def lines(session: Session) -> list[tuple[str, str]]:
    wanted = select(CustodyEvent).where(CustodyEvent.event == "MARKED_IMPORTANT")
    return [(line.subject, line.actor) for line in session.exec(wanted.order_by(col(CustodyEvent.seq)))]


@pytest.mark.parametrize("named_first", [False, True])
def test_what_is_named_is_important_whenever_it_comes(session_of: Database, *, named_first: bool) -> None:
    """With custody, by whoever asked; the device's own word is kept apart. No other file is touched."""

    def order() -> None:
        with session_of.write() as session:
            ask(session, "mark_important", "wang", device_id="bwc-1", arguments={"files": ["f1"]})

    if named_first:
        order()
    with session_of.write() as session:
        clip = comes(session, "f1")
        others = [comes(session, "f10"), comes(session, "f1", "bwc-2"), comes(session, "f")]
    if not named_first:
        order()
    with session_of.read() as session:
        assert important(session) == [clip]
        assert clip not in others
        assert lines(session) == [(clip, "wang")]
        assert "important" not in session.get_one(Clip, clip).declared
        assert list(audit.rows(session)) == []


def test_other_orders_mark_nothing(session_of: Database) -> None:
    with session_of.write() as session:
        comes(session, "f1")
        ask(session, "upload_now", "wang", device_id="bwc-1", arguments={"files": ["f1", "f2"]})
        comes(session, "f2")
        assert important(session) == []


@pytest.mark.parametrize("by", ["device", "order"])
def test_content_that_was_here_already_is_marked_in_the_clip_that_is_kept(
    session_of: Database, by: str
) -> None:
    """From the dock first, then over the air as important: the mark must not stay on the duplicate."""
    digest, pack = hashlib.sha256(b"same").hexdigest(), rulepacks.packs("hebei-xingtai-2019")
    with session_of.write() as session:
        first = comes(session, "f1")
        second = comes(session, "f2", "bwc-2", important=by == "device")
        for clip, state in ((first, State.PRESERVED), (second, State.ACQUIRED)):
            original = session.get_one(Original, clip)
            original.state, original.sha256 = state, digest
    with session_of.read() as session:
        item = item_of(session, session.get_one(Work, (second, "preserve")))
    stage = stage_at("preserve", State.ACQUIRED)
    assert stage is not None
    assert commit(session_of, pack, item, "preserve", stage, Outcome(changes={"verified_at": now()}))
    if by == "order":
        with session_of.write() as session:
            assert important(session) == []
            ask(session, "mark_important", "wang", device_id="bwc-2", arguments={"files": ["f2"]})
    with session_of.read() as session:
        assert session.get_one(Original, second).duplicate_of == first
        assert first in important(session)
        assert lines(session) == [(first, "wang" if by == "order" else "gateway")]
