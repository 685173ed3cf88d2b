"""Opens what both processes stand on: the database at its newest schema, the stores."""

import logging
import re
import threading
import time

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import col, select

from gateway import migrations
from gateway.backoff import wait_s
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.models import Original
from gateway.rulepacks import RulePacks, packs
from gateway.search import upkeep
from gateway.store import LocalStore

log = logging.getLogger(__name__)

PATIENCE_S = 45.0
"""Less than systemd gives a start (90 s), with the last attempts' own time-outs."""


def open_database(settings: Settings) -> Database:
    """The database, brought to the newest schema: a unit with one PC has nobody to do it.

    Raises ConfigError where it cannot be had.
    """
    try:
        database = Database(settings.database_url)
        is_current = migrations.is_current(database.engine)
    except (DBAPIError, OSError) as error:
        raise ConfigError(unusable("database", settings.database_url, error)) from error
    if not is_current:
        migrations.upgrade(database.engine)
    make_findable(database)
    return database


def make_findable(database: Database) -> None:
    """Clips of before there was a search, once; of two processes that begin together one does it."""
    while is_due(database):
        log.info("making clips findable; some minutes for a million of them")
        try:
            upkeep.rebuild(database, if_due=True)
        except OperationalError:
            log.info("another process is at it")


def is_due(database: Database) -> bool:
    with database.read() as session:
        return upkeep.is_due(session)


def await_databases(settings: Settings, stop: threading.Event, patience_s: float = PATIENCE_S) -> bool:
    """At boot PostgreSQL may come after us: it is waited for, and that is said once.

    False if asked to stop meanwhile. Whoever opens it afterwards says what is still wrong.
    """
    deadline = time.monotonic() + patience_s
    failures = 0
    while (wrong := unreachable(settings)) and time.monotonic() < deadline:
        if not failures:
            log.warning("%s; waiting up to %d s for it", wrong, patience_s)
        failures += 1
        if stop.wait(wait_s(failures, 0.5, 5.0)):
            return False
    if failures and not wrong:
        log.info("the database answers")
    return True


def unreachable(settings: Settings) -> str | None:
    """What is wrong with a server that we need; None if all is well. Of SQLite there is nothing to await."""
    database, engine = make_url(settings.database_url), make_url(settings.engine_database_url)
    if wrong := silent("database", database):
        return wrong
    # The engine makes its own database at the first start: then another one has to answer.
    if engine == database or silent("engine_database", engine.set(database="postgres")) is None:
        return None
    return silent("engine_database", engine)


def check_engine(settings: Settings) -> None:
    """Raises ConfigError: the engine's own words are a hundred lines."""
    if wrong := unreachable(settings):
        raise ConfigError(wrong)


def silent(setting: str, url: URL) -> str | None:
    if url.get_backend_name() == "sqlite":
        return None
    database = Database(url)
    try:
        database.engine.connect().close()
    except DBAPIError as error:
        return unusable(setting, url, error)
    finally:
        database.close()
    return None


def unusable(setting: str, address: str | URL, error: DBAPIError | OSError) -> str:
    """One line: what, why, what to do; never the password."""
    url, cause = make_url(address), last_words(error)
    cause = cause.replace(url.password, "***") if url.password else cause
    if url.get_backend_name() == "sqlite":
        return f"{setting}: {url.database} cannot be used ({cause})"
    host, port = url.host or url.query.get("host", "its socket"), url.port or url.query.get("port", 5432)
    return (
        f"{setting}: PostgreSQL at {host}:{port}, database {url.database}, user {url.username}: {cause};"
        f" start it, or correct `{setting}` in the configuration"
    )


def last_words(error: DBAPIError | OSError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    causes = re.findall(r"^.*failed: (.+)$", said, re.MULTILINE) or said.splitlines()
    return str(causes[-1]) if causes else type(error).__name__


def packs_of(settings: Settings) -> RulePacks:
    """The site's rule pack and those of single units. Raises PackError."""
    return packs(settings.rule_pack, settings.unit_rule_packs)


def open_stores(settings: Settings, database: Database) -> tuple[LocalStore, LocalStore | None]:
    """The main store and the second copy's, if one is configured; made where they are new.

    Raises ConfigError when a store that holds originals has no marker: a disk that is
    not mounted must not be taken for an empty store.
    """
    reserve = settings.store.reserve_mb * 1024 * 1024
    with database.read() as session:
        stored = session.exec(
            select(Original.id).where(col(Original.stored_as).is_not(None)).limit(1)
        ).first()
        copied = session.exec(select(Original.id).where(col(Original.second_copy).is_(True)).limit(1)).first()
    store = opened(LocalStore(settings.store.path, reserve), "store.path", stored is not None)
    if settings.store.second_copy is None:
        return store, None
    return store, opened(
        LocalStore(settings.store.second_copy, reserve), "store.second_copy", copied is not None
    )


def opened(store: LocalStore, place: str, is_used: bool) -> LocalStore:
    if is_used and not store.is_present:
        raise ConfigError(
            f"{place}: no clip store at {store.root}, but the database knows of one; mount its disk"
        )
    store.prepare()
    return store
