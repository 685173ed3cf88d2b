"""The demo's town, as `gateway demo` opens it: a dock, connected cameras, live rooms, five weeks of cases and footage."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
from playwright.sync_api import Page
from sqlmodel import Session

from drivers.ports import free_port
from gateway.database import Database
from tests import warm
from tests.patience import until


class Town:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "town"
        self.log = folder / "town.log"
        self.log.touch()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        words = ["demo", "--folder", self.folder, "--port", f"{port}"]
        self.process = warm.Process(words, told=self.log, warned=folder / "town.err")
        self.passwords: dict[str, str] = {}

    def await_opening(self) -> None:
        until(lambda: self.process.poll() is not None or "Ctrl-C ends it" in self.log.read_text(), every=0.2)
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        until(self.answers, every=0.1)
        self.passwords = dict(re.findall(r"用户 (\w+)\s+口令 (\S+)", self.log.read_text()))

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/health").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.log.read_text()[-3000:]

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = Database(f"sqlite:///{self.folder / 'data' / 'gateway.sqlite'}")
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """What the database says, to ask for ids and to see what a click did."""
        with self.database() as database, database.read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """What no page does: time that goes by, a unit that comes from elsewhere."""
        with self.database() as database, database.write() as session:
            yield session

    def enter(self, page: Page, name: str, path: str = "/") -> None:
        """Sign in as demo (who may all), operator, evidence or supervisor, and open a page."""
        page.goto(f"{self.url}/sign-in?next={path}")
        page.locator("#name").fill(name)
        page.locator("#password").fill(self.passwords[name])
        page.locator(".btn-primary").click()
        page.wait_for_url(re.compile(rf"{re.escape(self.url)}(?!/sign-in)"))


@contextmanager
def opening(folder: Path) -> Iterator[Town]:
    """Nothing can be asked of it before `await_opening`."""
    town = Town(folder)
    try:
        yield town
    finally:
        if town.process.poll() is None:
            town.stop()


@contextmanager
def opened(folder: Path) -> Iterator[Town]:
    with opening(folder) as town:
        town.await_opening()
        yield town
