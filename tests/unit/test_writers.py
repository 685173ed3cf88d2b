"""Who writes to an SQLite database waits for those before him, and for nobody else."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway import writers
from gateway.database import BUSY_S, Database
from gateway.writers import Turn, Writers, made_like
from tests.patience import until

WRITERS = 6


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return opened(tmp_path / "plain.sqlite")


def opened(path: Path) -> Database:
    made = Database(f"sqlite:///{path}")
    with made.write() as session:
        session.execute(text("create table if not exists line (who text)"))
    return made


def write(database: Database, who: str) -> None:
    with database.write() as session:
        session.execute(text("insert into line values (:who)"), {"who": who})


def written(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.execute(text("select who from line order by rowid")).scalars())


def test_they_write_in_the_order_they_came(database: Database) -> None:
    threads = [threading.Thread(target=write, args=(database, str(number))) for number in range(WRITERS)]
    assert database.writers is not None
    with database.write() as session:
        session.execute(text("insert into line values ('first')"))
        for number, thread in enumerate(threads, 1):
            thread.start()
            until(lambda number=number: len(database.writers.waiting) == number)
    for thread in threads:
        thread.join()
    assert written(database) == ["first", *map(str, range(WRITERS))]
    database.close()


def test_who_is_waited_for_goes_first(database: Database) -> None:
    def write_first(who: str) -> None:
        with database.write(first=True) as session:
            session.execute(text("insert into line values (:who)"), {"who": who})

    line = database.writers
    assert line is not None
    threads = [threading.Thread(target=write, args=(database, f"later {number}")) for number in range(3)]
    threads += [threading.Thread(target=write_first, args=(f"first {number}",)) for number in range(2)]
    with database.write() as session:
        session.execute(text("insert into line values ('now')"))
        for number, thread in enumerate(threads, 1):
            thread.start()
            until(lambda number=number: len(line.waiting) + len(line.before_them) == number)
    for thread in threads:
        thread.join()
    assert written(database) == ["now", "first 0", "first 1", "later 0", "later 1", "later 2"]
    database.close()


def test_of_those_who_write_all_the_time_each_has_its_share(database: Database) -> None:
    """SQLite alone lets one go on and on, for it has just been awake; another waits a second for it."""
    together = threading.Barrier(WRITERS)

    def on_and_on(who: str) -> None:
        write(database, who)  # each has its connection
        together.wait()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            write(database, who)

    threads = [threading.Thread(target=on_and_on, args=(str(number),)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shares = Counter(written(database))
    assert len(shares) == WRITERS
    assert min(shares.values()) * 2 >= max(shares.values()), shares
    database.close()


def test_another_process_gets_in_before_those_who_wait_here(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that have opened a database know no more of each other than two processes do."""
    monkeypatch.setattr(writers, "SLICE_S", 0.0)
    monkeypatch.setattr(writers, "GAP_S", 60.0)
    elsewhere = opened(tmp_path / "plain.sqlite")
    here = [threading.Thread(target=write, args=(database, f"here {number}")) for number in range(3)]
    there = threading.Thread(target=write, args=(elsewhere, "elsewhere"))
    line = database.writers
    assert line is not None
    assert line.wishes is not None
    with database.write() as session:
        session.execute(text("insert into line values ('first')"))
        for number, thread in enumerate(here, 1):
            thread.start()
            until(lambda number=number: len(line.waiting) == number)
        there.start()
        until(line.wishes.has_others)
    for thread in (*here, there):
        thread.join()
    assert written(database) == ["first", "elsewhere", "here 0", "here 1", "here 2"]
    database.close()
    elsewhere.close()


def impatient(path: Path) -> Database:
    made = opened(path)
    made.writers = Writers(str(path), 0.3)
    return made


def test_who_waits_too_long_in_line_is_told_and_the_line_goes_on(tmp_path: Path) -> None:
    database = impatient(tmp_path / "plain.sqlite")
    with database.write() as session:
        session.execute(text("insert into line values ('slow')"))
        with pytest.raises(OperationalError, match="database is locked"):
            write(database, "impatient")
    write(database, "next")
    assert written(database) == ["slow", "next"]
    database.close()


def test_a_line_that_moves_is_waited_for(tmp_path: Path) -> None:
    """Four times as long as one writer is waited for that does not come to an end."""
    database = impatient(tmp_path / "plain.sqlite")

    def slowly(who: str) -> None:
        with database.write() as session:
            session.execute(text("insert into line values (:who)"), {"who": who})
            time.sleep(0.1)

    threads = [threading.Thread(target=slowly, args=(str(number),)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written(database)) == 12
    database.close()


def test_who_waits_too_long_for_another_process_gives_the_turn_back(tmp_path: Path) -> None:
    database, elsewhere = impatient(tmp_path / "plain.sqlite"), opened(tmp_path / "plain.sqlite")
    with elsewhere.write() as session:
        session.execute(text("insert into line values ('slow')"))
        with pytest.raises(OperationalError, match="database is locked"):
            write(database, "impatient")
        assert elsewhere.writers is not None
        assert elsewhere.writers.wishes is not None
        assert not elsewhere.writers.wishes.has_others()
    write(database, "next")
    assert written(database) == ["slow", "next"]
    database.close()
    elsewhere.close()


def test_what_else_sqlite_says_is_said_as_before(database: Database) -> None:
    assert database.writers is not None
    turn = Turn(database.writers)
    with database.engine.execution_options(writes=turn).connect() as connection:
        connection.execute(text("insert into line values ('first')"))
        with pytest.raises(OperationalError, match="within a transaction"):
            turn.begin(connection)
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == BUSY_S * 1000
    turn.end()
    write(database, "next")
    assert written(database) == ["next"]
    database.close()


def test_whoever_may_open_the_database_may_tell_and_see_wishes(tmp_path: Path) -> None:
    """Also where a command of root's was the first that had to wait."""
    path = tmp_path / "plain.sqlite"
    opened(path).close()
    path.chmod(0o660)
    os.chown(path, 1234, 1235)
    before = os.umask(0o077)
    try:
        os.close(made_like(path, tmp_path / "made"))
    finally:
        os.umask(before)
    made = (tmp_path / "made").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (1234, 1235, 0o660)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="symbolic link"):
        made_like(path, tmp_path / "link")


def from_elsewhere(path: Path) -> None:
    write(Database(f"sqlite:///{path}"), "elsewhere")


def test_who_ends_while_it_waits_leaves_no_wish(database: Database, tmp_path: Path) -> None:
    assert database.writers is not None
    wishes = database.writers.wishes
    assert wishes is not None
    context = multiprocessing.get_context("spawn")
    other = context.Process(target=from_elsewhere, args=(tmp_path / "plain.sqlite",), daemon=True)
    with database.write() as session:
        session.execute(text("insert into line values ('here')"))
        other.start()
        until(wishes.has_others)
        other.kill()
        other.join()
    assert not wishes.has_others()
    database.close()
