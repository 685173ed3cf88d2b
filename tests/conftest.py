"""What every test may use: a database, a store, media made by ffmpeg, a real PostgreSQL."""

import gc
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.util import LRUCache

from drivers.ports import free_port
from drivers.simulators.card import make_video
from gateway import migrations
from gateway.database import Database
from gateway.store import LocalStore
from tests.empty import empty_database

settings.register_profile("untimed", deadline=None)  # a busy machine is no wrong answer
settings.load_profile("untimed")

SHARED_MEDIA = Path(__file__).parents[2] / "shared" / "media" / "max-heromode.mp4"
real_footage = pytest.mark.skipif(
    not SHARED_MEDIA.exists(), reason="no real footage beside the checkout (an outside clone has none)"
)


LONGEST = (
    "test_power_cut.py",
    "test_kill_campaign.py",
    "test_live.py",
    "test_room.py",
    "test_bad_input.py",
    "test_room_loss.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with a share of the files that take long, and takes over short ones from others at the end.

    Last of all: by what is left out afterwards the stretches would be shifted, and one begin with another's end.
    """
    items[:] = dealt(items, getattr(config, "workerinput", {}).get("workercount", 1))


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """pytest-xdist gives each worker an equal stretch of these; those of one file stay together, for what they share."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    slow = [path for path in files if path.name in LONGEST or path.parent.name == "e2e"]
    slow.sort(key=lambda path: (path.name not in LONGEST, -len(files[path]), str(path)))
    hands: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, path in enumerate(slow):
        turn = number % (2 * workers)  # there and back: who got the longest gets the shortest
        hands[min(turn, 2 * workers - 1 - turn)] += files[path]
    quick = iter([item for path in files if path not in slow for item in files[path]])
    share = -(-len(items) // workers)
    for hand in hands:
        hand += islice(quick, max(0, share - len(hand)))
    return [*chain.from_iterable(hands), *quick]


@pytest.fixture(autouse=True, scope="module")
def forgotten() -> Iterator[None]:
    """What earlier tests left is walked once by the collector of cycles, not again and again by every later one."""
    yield
    gc.collect()
    gc.freeze()


@event.listens_for(Engine, "engine_connect")
def compiled_once(connection: Connection) -> None:
    """Each test has a database of its own; what SQLAlchemy compiled for one it need not compile for the next.

    It remembers by dialect, and every engine has one of its own: they are told the same. A quarter of what the API's
    tests took of the processor was compiling.
    """
    kept = COMPILED.setdefault(connection.dialect.name, (connection.dialect, LRUCache(5000)))
    connection.dialect, compiled = kept
    connection.execution_options(compiled_cache=compiled)


COMPILED: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "gateway.sqlite"
    path.write_bytes(empty_database())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    made = LocalStore(tmp_path / "store")
    made.prepare()
    return made


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small real recordings, made once."""
    folder = tmp_path_factory.mktemp("media")
    started = datetime(2024, 5, 6, 9, 30)
    make_video(folder / "one.mp4", started, 2, 10)
    make_video(folder / "two.mp4", started, 2, 120)
    return folder


def postgres_programs() -> Path | None:
    """Where initdb and postgres lie: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def in_memory() -> str | None:
    """A folder in memory with room for a few hundred small databases, of a thousand files each; None for the usual one."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 2 << 30 else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of our own on a free port; its URL without a database name."""
    programs = postgres_programs()
    assert programs is not None, "PostgreSQL is missing: run `bash .ci/setup --tests`"
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-", dir=in_memory()))
    port = free_port()
    # PostgreSQL refuses to run as root.
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if user:
        os.chown(folder, 65534, 65534)
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    data = folder / "data"
    subprocess.run(
        [*user, programs / "initdb", "-D", data, "-U", "gateway", "-A", "trust", "-E", "UTF8"],
        check=True, capture_output=True, env=environment, cwd=folder,
    )  # fmt: skip
    server = subprocess.Popen(
        [*user, programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1",
         "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
         "-c", "max_wal_size=128MB"],
        env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"postgresql://gateway@127.0.0.1:{port}"
    try:
        wait_for_postgres(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_postgres(url: str) -> None:
    import psycopg

    for _ in range(200):
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not come up")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """The name of a database with the newest schema and nothing in it, to be copied."""
    name = "migrated"
    created(postgres, name, "template0")
    made = Database(f"{postgres}/{name}")
    migrations.upgrade(made.engine)
    made.close()
    return name


def created(server: str, name: str, template: str) -> str:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return f"{server}/{name}"


def dropped(url: str) -> None:
    import psycopg

    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgres_database(postgres: str, migrated_postgres: str) -> Iterator[str]:
    """The URL of a database with the newest schema and nothing in it."""
    url = created(postgres, f"t{time.monotonic_ns()}", migrated_postgres)
    yield url
    dropped(url)


@pytest.fixture
def bare_postgres_database(postgres: str) -> Iterator[str]:
    """The URL of a database with nothing in it at all."""
    url = created(postgres, f"t{time.monotonic_ns()}", "template0")
    yield url
    dropped(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The newest schema and nothing in it, on each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    opened = Database(request.getfixturevalue("postgres_database"))
    yield opened
    opened.close()
