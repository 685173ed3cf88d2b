"""Who writes to an SQLite database waits for those before him, and for nobody else."""

import itertools
import multiprocessing
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway.database import Database
from gateway.writers import Writers
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


def test_of_those_who_write_all_the_time_each_has_its_share(database: Database) -> None:
    """SQLite alone lets one go on and on, for it has just been awake; another waits a second for it."""
    end = time.monotonic() + 2

    def on_and_on(who: str) -> None:
        while time.monotonic() < end:
            write(database, who)

    threads = [threading.Thread(target=on_and_on, args=(str(number),)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shares = Counter(written(database))
    assert len(shares) == WRITERS
    assert max(shares.values()) - min(shares.values()) <= 2
    database.close()


def from_elsewhere(path: Path, times: int, done: "multiprocessing.Queue[float]") -> None:
    database = Database(f"sqlite:///{path}")
    longest = 0.0
    for _ in range(times):
        began = time.monotonic()
        write(database, "elsewhere")
        longest = max(longest, time.monotonic() - began)
    done.put(longest)


def test_another_process_gets_in_between(database: Database, tmp_path: Path) -> None:
    ended = threading.Event()

    def on_and_on(who: str) -> None:
        while not ended.is_set():
            write(database, who)

    context = multiprocessing.get_context("spawn")
    done: multiprocessing.Queue[float] = context.Queue()
    other = context.Process(target=from_elsewhere, args=(tmp_path / "plain.sqlite", 40, done))
    threads = [threading.Thread(target=on_and_on, args=(f"here {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        other.start()
        until(lambda: other.exitcode is not None)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert other.exitcode == 0
    lines = written(database)
    places = [place for place, who in enumerate(lines) if who == "elsewhere"]
    assert len(places) == 40
    between = [after - before for before, after in itertools.pairwise(places)]
    assert max(between) < len(lines) / 4, "its writes are spread among theirs"
    database.close()


def test_who_waits_too_long_is_told_and_the_line_goes_on(tmp_path: Path) -> None:
    database = opened(tmp_path / "plain.sqlite")
    database.writers = Writers(str(tmp_path / "plain.sqlite"), 0.3)
    with database.write() as session:
        session.execute(text("insert into line values ('slow')"))
        with pytest.raises(OperationalError, match="database is locked"):
            write(database, "impatient")
    write(database, "next")
    assert written(database) == ["slow", "next"]
    database.close()


def test_what_else_the_database_says_is_said_as_before(tmp_path: Path) -> None:
    path = tmp_path / "plain.sqlite"
    database = opened(path)
    database.close()
    path.write_bytes(b"no database at all, but long enough to be read as a header of one" * 20)
    with pytest.raises(Exception, match="file is not a database"):
        write(database, "anybody")
    database.close()


def test_who_ends_while_it_waits_leaves_no_wish(database: Database, tmp_path: Path) -> None:
    assert database.writers is not None
    wishes = database.writers.wishes
    assert wishes is not None
    context = multiprocessing.get_context("spawn")
    done: multiprocessing.Queue[float] = context.Queue()
    other = context.Process(target=from_elsewhere, args=(tmp_path / "plain.sqlite", 1, done))
    with database.write() as session:
        session.execute(text("insert into line values ('here')"))
        other.start()
        until(wishes.has_others)
        other.kill()
        other.join()
    assert not wishes.has_others()
    database.close()
