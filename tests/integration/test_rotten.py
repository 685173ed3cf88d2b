"""An original that is not what was stored: no link stands on it, and its second copy brings it back (LK-12)."""

import hashlib
import threading
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from gateway import linking
from gateway.database import Database
from gateway.device import DeviceUnavailable, Refused
from gateway.models import Clip, CustodyEvent, Finding, Link, Original, State, Work
from gateway.rules.duty import Standing
from gateway.store import LocalStore
from ingest import errands
from ingest.commit import commit, quarantine
from ingest.pipeline import stage_at
from ingest.runner import item_of
from ingest.stage import Context
from tests.integration.test_nothing_to_see import PACKS, clip, filled, row

__all__ = ["filled"]

CONTENT = b"footage of an inspection" * 1000


class Shelved:
    """One clip, linked, on two disks."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.store, self.second = LocalStore(folder / "store"), LocalStore(folder / "second")
        for place in (self.store, self.second):
            place.prepare()
        self.context = Context(
            store=self.store, second=self.second, stop=threading.Event(), progress=lambda *_: None
        )
        self.key = self.store.original_key("c", ".mp4")
        with database.write() as session:
            clip(session)
            original = session.get_one(Original, "c")
            original.sha256 = hashlib.sha256(CONTENT).hexdigest()
            original.stored_as, original.size, original.state = self.key, len(CONTENT), State.VERIFIED
            for pipeline in ("preserve", "describe"):
                session.add(Work(item_id="c", pipeline=pipeline))
        self.store.place(self.key).write_bytes(CONTENT)
        self.go_on()

    @property
    def kept(self) -> Path:
        return self.store.path(self.key)

    def rot(self, place: LocalStore) -> None:
        path = place.path(self.key)
        path.chmod(0o644)
        path.write_bytes(b"x" + CONTENT[1:])

    def verify(self) -> bool:
        same: bool = errands.verify_now(self.database, self.store, "c", "chen")["same"]
        linking.drain(self.database, PACKS)
        return same

    def retry(self) -> None:
        errands.retry(self.database, "c", "chen")
        self.go_on()

    def go_on(self) -> None:
        """As the runner does, until it is permanent or set aside."""
        while self.state is not State.PRESERVED and self.state is not State.QUARANTINED:
            with self.database.read() as session:
                item = item_of(session, session.get_one(Work, ("c", "preserve")))
            stage = stage_at("preserve", item.original.state)
            assert stage is not None
            try:
                outcome = stage.run(item, self.context)
            except Refused as no:
                done = quarantine(self.database, item, "preserve", no.reason)
            else:
                done = commit(self.database, PACKS, item, "preserve", stage, outcome)
            assert done
        linking.drain(self.database, PACKS)

    @property
    def state(self) -> State:
        with self.database.read() as session:
            return session.get_one(Original, "c").state

    def verdicts(self) -> list[str]:
        with self.database.read() as session:
            return list(session.exec(select(Link.verdict).where(col(Link.ended_at).is_(None))))


@pytest.fixture
def shelved(filled: Database, tmp_path: Path) -> Shelved:
    made = Shelved(filled, tmp_path)
    assert made.verify()
    assert made.verdicts() == ["NEEDS_REVIEW"]
    assert row(filled).duty.standing is not Standing.OVERDUE
    return made


def last(session: Session, event: str) -> CustodyEvent:
    wanted = select(CustodyEvent).where(CustodyEvent.event == event, CustodyEvent.subject == "c")
    return session.exec(wanted.order_by(col(CustodyEvent.seq).desc())).first()  # type: ignore[return-value]


def test_what_is_found_rotten_fulfils_nothing_from_then_on(shelved: Shelved) -> None:
    shelved.rot(shelved.store)
    assert not shelved.verify()
    assert shelved.state is State.QUARANTINED
    assert shelved.verdicts() == ["REJECTED"]
    assert row(shelved.database).duty.standing is Standing.OVERDUE


@pytest.mark.parametrize("gone", [False, True], ids=["rotten", "gone"])
def test_its_second_copy_brings_it_back_with_its_link(shelved: Shelved, gone: bool) -> None:
    shelved.rot(shelved.store)
    if gone:
        shelved.kept.unlink()
    assert not shelved.verify()
    shelved.retry()
    assert shelved.state is State.PRESERVED
    assert shelved.kept.read_bytes() == CONTENT
    assert shelved.kept.stat().st_mode & 0o222 == 0
    assert shelved.verdicts() == ["NEEDS_REVIEW"]
    assert row(shelved.database).duty.standing is not Standing.OVERDUE
    with shelved.database.read() as session:
        detail = last(session, "VERIFIED").detail
        assert detail["restored"] is True
        wrong = None if gone else hashlib.sha256(b"x" + CONTENT[1:]).hexdigest()
        assert detail["was"] == wrong
        assert session.get_one(Clip, "c").described == "RAW", "what it shows was not asked anew"
        assert len(session.exec(select(Finding)).all()) == 1


def test_where_both_are_rotten_neither_is_taken_for_the_other(shelved: Shelved) -> None:
    for place in (shelved.store, shelved.second):
        shelved.rot(place)
    assert not shelved.verify()
    shelved.retry()
    assert shelved.state is State.QUARANTINED
    assert shelved.verdicts() == ["REJECTED"]
    for place in (shelved.store, shelved.second):
        assert place.path(shelved.key).read_bytes()[:1] == b"x"


def test_while_the_second_disk_is_away_it_waits_for_it(shelved: Shelved, tmp_path: Path) -> None:
    shelved.rot(shelved.store)
    assert not shelved.verify()
    (tmp_path / "second").rename(tmp_path / "away")
    with pytest.raises(DeviceUnavailable) as caught:
        shelved.retry()
    assert caught.value.reason["code"] == "wait.second_copy_gone"
    (tmp_path / "away").rename(tmp_path / "second")
    shelved.go_on()
    assert shelved.verdicts() == ["NEEDS_REVIEW"]
