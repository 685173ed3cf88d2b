"""Runs inside the guest: brings files into the store as the pipeline does, and says what is acknowledged.

python -m tests.powercut_writer FOLDER [--without file|database]
"""

import os
import stat
import sys
import threading
from pathlib import Path

import gateway.database
from gateway import migrations, rulepacks
from gateway.config import IngestSettings
from gateway.database import Database
from gateway.device import Declared, FileFound, FoundFile, MediaKind, edge_digest
from gateway.intake.events import store_one
from gateway.models import Device
from gateway.store import LocalStore
from ingest.commit import commit
from ingest.pipeline import PRESERVE
from ingest.runner import Runner
from ingest.stage import Context


def leave_out(what: str) -> None:
    """Take one kind of fsync away, as a careless change would."""
    real = os.fsync
    if what == "file":
        os.fsync = lambda handle: real(handle) if stat.S_ISDIR(os.fstat(handle).st_mode) else None  # type: ignore[assignment]
    elif what == "database":
        durable = gateway.database.PRAGMAS
        gateway.database.PRAGMAS = tuple(
            "synchronous=OFF" if pragma.startswith("synchronous") else pragma for pragma in durable
        )


def main(folder: Path, without: str | None) -> None:
    if without:
        leave_out(without)
    database = Database(f"sqlite:///{folder / 'gateway.sqlite'}")
    migrations.upgrade(database.engine)
    store = LocalStore(folder / "store")
    store.prepare()
    with database.write() as session:
        session.add(Device(id="cam", type="body_camera"))
    stop = threading.Event()
    context = Context(store=store, second=None, stop=stop, progress=lambda *_: None)
    runner = Runner(
        database, context, rulepacks.packs("hebei-xingtai-2019"), IngestSettings(), "guest", lambda: None
    )
    number = 0
    while True:
        number += 1
        say(database, runner, context, take_in(database, number))


def take_in(database: Database, number: int) -> str:
    """A file appears on the guest's own tmpfs, as on a camera, and is found."""
    source = Path("/tmp") / f"{number:04}.mp4"
    source.write_bytes(os.urandom(200_000 + number))
    seen = source.stat()
    with source.open("rb") as file:
        edges = edge_digest(file.fileno(), seen.st_size)
    found = FoundFile(
        device_id="cam", path=source.name.encode(), local=source,
        size=seen.st_size, mtime_ns=seen.st_mtime_ns,
        kind=MediaKind.VIDEO, edges=edges, declared=Declared(),
    )  # fmt: skip
    with database.write() as session:
        [item_id] = store_one(session, FileFound(found=found), "guest", "guest-run")
    return item_id


def say(database: Database, runner: Runner, context: Context, item_id: str) -> None:
    """Acquire and commit; only then the acknowledgement."""
    item = runner.load(item_id, "preserve", 1)
    assert item is not None
    outcome = PRESERVE[0].run(item, context)
    won = commit(database, runner.packs, item, "preserve", PRESERVE[0], outcome)
    assert won
    sys.stdout.write(f"ACK {item_id} {outcome.changes['sha256']}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else None)
