"""Opens what both processes stand on: the database at its newest schema, the stores."""

from sqlmodel import col, select

from gateway import migrations
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.models import Original
from gateway.rulepacks import RulePacks, packs
from gateway.store import LocalStore


def open_database(settings: Settings) -> Database:
    """The database, brought to the newest schema: a unit with one PC has nobody to do it."""
    database = Database(settings.database_url)
    if not migrations.is_current(database.engine):
        migrations.upgrade(database.engine)
    return database


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
