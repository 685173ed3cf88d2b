"""How long work sleeps: never past its device's return, never until a year that a wrong clock named."""

import hashlib
import logging
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from gateway import rulepacks
from gateway.config import IngestSettings
from gateway.database import Database
from gateway.device import FileFound, FoundFile, MediaKind, OffloadOpened
from gateway.intake.devices import enter_device
from gateway.intake.events import store_one
from gateway.models import Work, now
from gateway.scarce import Scarce
from gateway.store import LocalStore
from gateway.wording import reason
from ingest.dispatch import Dispatch
from ingest.engine import Engine
from ingest.runner import Runner
from ingest.stage import Context, Item


class Deaf(Engine):
    """Takes no job: what is handed over is only counted."""

    def __init__(self) -> None:
        self.handed: list[tuple[str, int]] = []

    def enqueue(self, queue: str, item_id: str, pipeline: str, run: int, priority: int) -> None:
        self.handed.append((item_id, run))

    def has_ended(self, item_id: str, pipeline: str, run: int) -> bool:
        return True

    def resume(self, dead: object, lost_after_s: float = 60.0) -> int:
        return 0


def docked(database: Database, offload: str) -> None:
    """The same camera with the same file, in the same bay."""
    found = FoundFile(
        device_id="cam", path=b"1.MP4", local=Path("/card/1.MP4"), size=10, mtime_ns=1, kind=MediaKind.VIDEO,
        edges=hashlib.sha256(b"1").hexdigest(), offload=offload,
    )  # fmt: skip
    with database.write() as session:
        if offload == "o1":
            enter_device(session, "cam", "body_camera", {}, "test")
        opened = OffloadOpened(device_id="cam", offload=offload, at=now(), listing=())
        for event in (opened, FileFound(found=found)):
            store_one(session, event, "host", "host-run")


@pytest.fixture
def runner(database: Database, store: LocalStore) -> Runner:
    context = Context(store=store, second=None, stop=threading.Event(), progress=lambda *_: None)
    pack = rulepacks.packs("hebei-xingtai-2019")
    return Runner(database, context, pack, IngestSettings(), "host-run", lambda: None)


def item(runner: Runner) -> Item:
    with runner.database.read() as session:
        work = session.exec(select(Work)).one()
    loaded = runner.load(work.item_id, work.pipeline, work.run)
    assert loaded is not None
    return loaded


def work_of(database: Database) -> Work:
    with database.read() as session:
        return session.exec(select(Work)).one()


def test_a_late_word_that_the_device_left_does_not_put_to_sleep_what_came_back(
    database: Database, runner: Runner
) -> None:
    docked(database, "o1")
    before = item(runner)
    docked(database, "o2")
    runner.wait(before, reason("wait.source_gone", done=0))
    assert (work_of(database).not_before, work_of(database).waiting) == (None, None)
    engine = Deaf()
    assert Dispatch(database, engine, "host", "host-run").sweep() == 1
    assert engine.handed == [(before.original.id, before.work.run + 1)]


def test_what_a_clock_ahead_put_to_sleep_is_woken_when_it_is_right_again(
    database: Database, runner: Runner
) -> None:
    docked(database, "o1")
    runner.wait(item(runner), reason("wait.store_gone", path="/store"))
    engine = Deaf()
    dispatch = Dispatch(database, engine, "host", "host-run")
    ahead = now() + timedelta(days=3650)
    for begin in (lambda: dispatch.rescue(), lambda: (dispatch.start(), dispatch.stop(5))):
        with database.write() as session:
            work = session.exec(select(Work)).one()
            work.not_before, work.queued_run = ahead, None
            session.add(work)
        begin()
        assert work_of(database).not_before is None
        engine.handed.clear()
    assert dispatch.sweep() + len(engine.handed) >= 1


def test_an_honest_wait_is_left_as_it_is(database: Database, runner: Runner) -> None:
    docked(database, "o1")
    runner.wait(item(runner), reason("wait.source_gone", done=0))
    waits = work_of(database).not_before
    assert waits is not None
    dispatch = Dispatch(database, Deaf(), "host", "host-run")
    assert dispatch.wake_sleepers() == 0
    assert dispatch.sweep() == 0
    assert work_of(database).not_before == waits


def test_a_time_ahead_is_no_sign_of_life(database: Database, runner: Runner) -> None:
    docked(database, "o1")
    with database.write() as session:
        work = session.exec(select(Work)).one()
        work.queued_run, work.updated_at = work.run, now() + timedelta(days=3650)
        session.add(work)
    dispatch = Dispatch(database, Deaf(), "host", "host-run")
    assert dispatch.rescue() == 1
    assert work_of(database).run == 2
    assert dispatch.rescue() == 0


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_full_store_is_one_line_in_the_log_until_all_went_on(
    database: Database, runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    """Not one for each file and each try."""
    docked(database, "o1")
    full = reason("wait.store_full", free="1 MiB", need="9 MiB")
    for _ in range(3):
        runner.wait(item(runner), full)
    runner.room.waits("another", "the store is full")
    assert warnings_in(caplog) == [
        "store: the store is full (1 MiB left, 9 MiB needed); free space and it goes on by itself"
    ]
    runner.room.goes_on("another")
    runner.wait(item(runner), full)
    assert len(warnings_in(caplog)) == 1
    runner.wait(item(runner), reason("wait.source_gone", done=0))
    runner.wait(item(runner), full)
    assert len(warnings_in(caplog)) == 2


def test_who_left_while_there_was_no_room_silences_nobody_for_ever(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Scarce("spool")
    room.waits("gone", "full")
    room.waits("here", "full")
    room.goes_on("here")
    monkeypatch.setattr("gateway.scarce.HEARD_S", 0)
    room.waits("here", "full again")
    assert warnings_in(caplog) == ["spool: full", "spool: full again"]


def test_what_is_set_aside_is_one_line_in_the_log(
    database: Database, runner: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    docked(database, "o1")
    before = item(runner)
    for _ in range(2):
        runner.set_aside(before, "preserve", reason("quarantine.failed", error="bad"))
    [line] = warnings_in(caplog)
    assert line.startswith("1.MP4 of cam set aside: ")
    assert "bad" in line
