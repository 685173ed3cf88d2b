"""Writers of an SQLite database take turns: those of a process in order, other processes' in between.

SQLite lets in whoever happens to ask at the right moment, and lets all others sleep, longer each time:
where many write at once one may not get in for half a minute, and then fails with "database is locked". So
an unlock order expired before anybody could claim it, on a PC that was copying from four cameras.

Here a database's writers stand in line. Only the first asks SQLite, every few milliseconds, and tells other
processes by a lock on a file that it wants to write; whoever has just written lets them in between.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

LOOK_S = 0.002
"""Between two tries of whoever is first in line here while another process writes."""
SLICE_S = 0.03
"""So long a process writes on before it asks whether others want to."""
GAP_S = 0.03
"""So long the next one here waits for another process that wants to write to have begun."""
BEGIN = "BEGIN IMMEDIATE"
READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class Writers:
    """The line of one database in this process."""

    def __init__(self, database: str | None, patience_s: float) -> None:
        self.patience_s = patience_s
        self.wishes = Wishes(Path(database).resolve()) if database else None
        self.lock = threading.Lock()
        self.waiting: deque[threading.Event] = deque()
        self.before_them: deque[threading.Event] = deque()
        self.is_busy = False
        self.moved_at = 0.0

    def take(self, *, first: bool = False) -> bool:
        """Whether it became one's turn; False if the line has not moved for `patience_s`.

        `first`: before those who are not, and behind those who are.

        It may be long: on a PC with too much to do everything takes its time, and nothing is lost.
        """
        mine = threading.Event()
        with self.lock:
            if not self.is_busy:
                self.is_busy, self.moved_at = True, time.monotonic()
                return True
            (self.before_them if first else self.waiting).append(mine)
        came = ended = False
        try:
            while not came and (left := self.moved_at + self.patience_s - time.monotonic()) > 0:
                came = mine.wait(left)
            ended = True
        finally:
            came = came or not self.leave(mine)
            if came and not ended:  # Ctrl-C: nobody must wait for somebody who left
                self.give_back()
        return came

    def leave(self, mine: threading.Event) -> bool:
        """Step out of the line; False if it has just become one's turn."""
        with self.lock:
            if not mine.is_set():
                (self.before_them if mine in self.before_them else self.waiting).remove(mine)
            return not mine.is_set()

    def give_back(self) -> None:
        with self.lock:
            self.moved_at = time.monotonic()
            if line := self.before_them or self.waiting:
                line.popleft().set()
            else:
                self.is_busy = False

    def close(self) -> None:
        """Not amid a turn: a process that ends beside its writers closes all it has anyway."""
        if self.wishes and not self.is_busy:
            self.wishes.close()


class Turn:
    """What one writing session has of it, from its first statement to its end."""

    def __init__(self, writers: Writers, *, first: bool = False) -> None:
        self.writers, self.first = writers, first
        self.is_mine = False

    def begin(self, connection: Connection) -> None:
        """Raises SQLAlchemy's OperationalError when patience is over, or for what else SQLite says."""
        self.is_mine = self.is_mine or self.writers.take(first=self.first)
        until = time.monotonic() + (self.writers.patience_s if self.is_mine else 0)
        wishes = self.writers.wishes if self.is_mine else None
        if wishes and time.monotonic() - wishes.asked_at > SLICE_S:
            wishes.let_others_in()
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA busy_timeout=0")
        try:
            while not has_begun(raw):
                if time.monotonic() >= until:
                    connection.exec_driver_sql(BEGIN)
                    return
                if wishes:
                    wishes.wish()
                time.sleep(LOOK_S)
        except sqlite3.Error:
            connection.exec_driver_sql(BEGIN)  # says it again, as SQLAlchemy's error
        finally:
            raw.execute(f"PRAGMA busy_timeout={self.writers.patience_s * 1000:.0f}")
            if wishes:
                wishes.forget()

    def end(self) -> None:
        if self.is_mine:
            self.is_mine = False
            self.writers.give_back()


def has_begun(raw: sqlite3.Connection) -> bool:
    try:
        raw.execute(BEGIN)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


class Wishes:
    """Which processes want to write: each that waits holds a shared lock on a file beside the database.

    Only whoever has the turn of its process uses it. Where the file cannot be had nobody is let in before.
    """

    def __init__(self, database: Path) -> None:
        self.database, self.path = database, database.with_name(f"{database.name}-writers")
        self.own: int | None = None
        self.look: int | None = None
        self.is_told = False
        self.asked_at = 0.0

    def wish(self) -> None:
        if self.is_told:
            return
        with suppress(OSError):
            if self.own is None:
                self.own = made_like(self.database, self.path)
            fcntl.flock(self.own, fcntl.LOCK_SH | fcntl.LOCK_NB)
            self.is_told = True

    def forget(self) -> None:
        if self.is_told and self.own is not None:
            self.is_told = False
            self.asked_at = time.monotonic()
            with suppress(OSError):
                fcntl.flock(self.own, fcntl.LOCK_UN)

    def let_others_in(self) -> None:
        until = time.monotonic() + GAP_S
        while self.has_others() and time.monotonic() < until:
            time.sleep(LOOK_S / 2)
        self.asked_at = time.monotonic()

    def has_others(self) -> bool:
        with suppress(OSError):
            if self.look is None:
                self.look = os.open(self.path, READING)
            try:
                fcntl.flock(self.look, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(self.look, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        for handle in (self.own, self.look):
            if handle is not None:
                os.close(handle)
        self.own = self.look = None
        self.is_told = False


def made_like(database: Path, path: Path) -> int:
    """A handle; who may open the database may open this as well, also where root's command made it."""
    with suppress(FileExistsError):
        handle = os.open(path, READING | os.O_CREAT | os.O_EXCL, 0o600)
        of = database.stat()
        with suppress(PermissionError):
            os.fchown(handle, of.st_uid, of.st_gid)
        os.fchmod(handle, of.st_mode & 0o666)
        return handle
    return os.open(path, READING)
