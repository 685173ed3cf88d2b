"""One installed gateway in a folder of its own, driven only by its commands."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import yaml
from sqlmodel import Session, col, select

from gateway.config import Settings, load
from gateway.database import Database
from gateway.models import Clip, CustodyEvent, Finding, Original, Receipt, Unit, Work
from gateway.store import LocalStore
from gateway.store.local import MANIFEST
from tests import warm
from tests.empty import empty_database
from tests.patience import PATIENCE_S, until


class Site:
    def __init__(self, folder: Path, devices: list[dict[str, Any]], **more: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "devices.yaml"
        written = {"store": {"reserve_mb": 1}, "devices": devices, **more}
        self.config.write_text(yaml.safe_dump(written, allow_unicode=True))
        path = self.settings.data / "gateway.sqlite"
        if "database" not in more and not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(empty_database())
        self.process: warm.Process | None = None
        self.log = folder / "run.log"

    @property
    def settings(self) -> Settings:
        return load(self.config)

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.settings.store.path)

    def finished(self) -> list[str]:
        """Keys of what lies in the store, but manifests and what is unfinished."""
        return [key for key in self.store.files() if not key.endswith(MANIFEST) and ".partial" not in key]

    def command(self, *arguments: str | Path, expect: int | None = 0, timeout: float = PATIENCE_S) -> str:
        done = warm.finished("--config", self.config, *arguments, timeout=timeout)
        if expect is not None:
            assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *arguments: str) -> None:
        words = ("--config", self.config, "run", *arguments)
        self.process = warm.Process(words, told=self.log, warned=self.log)

    def kill(self) -> None:
        """SIGKILL to the daemon alone: what it started has to notice by itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self, within: float = 10.0) -> float:
        """SIGTERM; returns how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()  # or it would keep a core busy for the rest of the day
            raise
        code, self.process = self.process.returncode, None
        assert code == 0, self.log.read_text()[-3000:]
        return time.monotonic() - began

    @contextmanager
    def running(self) -> Iterator["Site"]:
        self.start()
        try:
            yield self
        finally:
            if self.process is not None:
                if self.process.poll() is None:
                    self.stop()
                else:
                    raise AssertionError(f"the daemon ended by itself:\n{self.log.read_text()[-3000:]}")

    @contextmanager
    def read(self) -> Iterator[Session]:
        database = Database(self.settings.database_url)
        try:
            with database.read() as session:
                yield session
        finally:
            database.close()

    def wait(self, what: str, holds: Callable[[Session], Any], timeout: float = PATIENCE_S) -> Any:
        """Until a condition over the database holds; returns what it gave."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"the daemon ended:\n{self.log.read_text()[-3000:]}")
            try:
                with self.read() as session:
                    if found := holds(session):
                        return found
            except Exception as error:
                if "no such table" not in str(error) and "does not exist" not in str(error):
                    raise
            time.sleep(0.15)
        log = self.log.read_text()[-3000:] if self.log.exists() else ""
        raise AssertionError(f"{what}: not within {timeout} s\n{log}")

    def settled(self, count: int, timeout: float = PATIENCE_S) -> None:
        """Until `count` findings are there and no work is open."""

        def done(session: Session) -> bool:
            found = len(session.exec(select(Finding.id)).all())
            at_work = session.exec(select(Work.item_id).where(col(Work.open).is_(True)).limit(1)).first()
            return found >= count and at_work is None

        self.wait(f"{count} findings settled", done, timeout)

    def originals(self) -> dict[str, Original]:
        """By name."""
        with self.read() as session:
            return {row.name: row for row in session.exec(select(Original))}

    def clips(self) -> dict[str, tuple[Clip, Original]]:
        with self.read() as session:
            rows = session.exec(select(Clip, Original).join(Original, col(Original.id) == Clip.id))
            return {original.name: (clip, original) for clip, original in rows}

    def findings(self) -> dict[str, Finding]:
        with self.read() as session:
            return {row.name: row for row in session.exec(select(Finding))}

    def newest_receipt(self) -> Receipt | None:
        """An offload may be sealed before its links are decided: the newest revision counts."""
        with self.read() as session:
            newest = select(Receipt).order_by(col(Receipt.sealed_at).desc(), col(Receipt.revision).desc())
            return session.exec(newest).first()

    def events(self, subject: str) -> list[str]:
        with self.read() as session:
            rows = session.exec(
                select(CustodyEvent.event)
                .where(CustodyEvent.subject == subject)
                .order_by(col(CustodyEvent.seq))
            )
            return list(rows)

    def verify(self, expect: int = 0) -> str:
        return self.command("verify", expect=expect)


def volume(device: str = "cam-1", path: str = "card", **more: Any) -> dict[str, Any]:
    return {"id": device, "driver": "volume", "path": path, "poll_seconds": 0.2, **more}


def folder(device: str = "drop", path: str = "drop", **more: Any) -> dict[str, Any]:
    return {"id": device, "driver": "drop_folder", "path": path, "scan_seconds": 0.3, **more}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@contextmanager
def serving(site: Site) -> Iterator[httpx.Client]:
    process = warm.Process(["--config", site.config, "serve"])
    url = f"http://127.0.0.1:{site.settings.api.port}/api/v1"
    try:
        with httpx.Client(base_url=url, timeout=10) as client:
            until(lambda: process.poll() is not None or answers(client), every=0.05)
            yield client
    finally:
        process.terminate()
        assert process.wait(20) == 0


def answers(client: httpx.Client) -> bool:
    try:
        client.get("/health")
    except httpx.TransportError:
        return False
    return True


def signed_in(site: Site, client: httpx.Client, name: str, role: str) -> None:
    """A new user of unit `u`, whose token the client sends from now on."""
    site.wait("the unit of its devices", lambda session: session.get(Unit, "u"))
    password = site.command("user", "add", name, "--role", role, "--unit", "u").strip().split(": ")[1]
    token = client.post("/session", json={"name": name, "password": password}).json()["token"]
    client.cookies.clear()
    client.headers["authorization"] = f"Bearer {token}"
