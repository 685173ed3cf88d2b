"""What the database promises: pragmas, no lost writes, chains that two writers share."""

import threading

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from gateway import custody
from gateway.database import Database
from gateway.models import ChainHead, CustodyEvent, Unit


def test_sqlite_is_durable_and_checks_keys(database: Database) -> None:
    with database.read() as session:
        asked = {
            name: session.connection().execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}


def test_eight_writers_lose_nothing_and_share_a_chain(either: Database) -> None:
    """Read, then write, in one transaction: a deferred BEGIN loses most of these."""
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                with either.write() as session:
                    unit = session.get(Unit, "u", with_for_update=True) or Unit(id="u", name="0")
                    unit.name = str(int(unit.name) + 1)
                    session.add(unit)
                    custody.append(session, "device:x", "COUNTED", f"w{number}", "u", (unit,))
        except Exception as error:  # noqa: BLE001  (handed to the test's own thread)
            failed.append(error)

    with either.write() as session:
        session.add(Unit(id="u", name="0"))
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with either.read() as session:
        assert session.get_one(Unit, "u").name == "160"
        assert session.get_one(ChainHead, "device:x").count == 160
        assert list(custody.breaks(session, "device:x")) == []


def test_a_chain_that_fails_leaves_no_line(either: Database) -> None:
    def fail(session: Session) -> None:
        custody.append(session, "site", "TRIED", "t", "x")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError), either.write() as session:
        fail(session)
    with either.read() as session:
        assert session.exec(select(CustodyEvent)).all() == []
        assert custody.head_of(session, "site") == (0, "")


def test_a_row_reads_back_with_the_digest_it_was_written_with(either: Database) -> None:
    """Times, numbers, bytes and nested JSON come back the same from both databases."""
    from gateway.models import Device, Finding, now

    with either.write() as session:
        session.add(Device(id="d", type="body_camera"))
        session.flush()
        finding = Finding(
            device_id="d", path=b"\xff\x00a", name="x", size=6 << 30, mtime_ns=2**62, identity="i",
            disposition="LISTED", why={"b": 1.5, "a": [None, "中"], "n": 1e-7}, seen_at=now(),  # type: ignore[arg-type]
        )  # fmt: skip
        session.add(finding)
        session.flush()
        written = custody.row_digest(finding)
    with either.read() as session:
        assert custody.row_digest(session.exec(select(Finding)).one()) == written
