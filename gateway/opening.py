"""Opens what both processes stand on: the database at its newest schema, the stores."""

from gateway import migrations
from gateway.config import Settings
from gateway.database import Database
from gateway.store import LocalStore


def open_database(settings: Settings) -> Database:
    """The database, brought to the newest schema: a unit with one PC has nobody to do it."""
    database = Database(settings.database_url)
    if not migrations.is_current(database.engine):
        migrations.upgrade(database.engine)
    return database


def open_stores(settings: Settings) -> tuple[LocalStore, LocalStore | None]:
    """The main store and the second copy's, if one is configured; made where they are new."""
    reserve = settings.store.reserve_mb * 1024 * 1024
    store = LocalStore(settings.store.path, reserve)
    store.prepare()
    if settings.store.second_copy is None:
        return store, None
    second = LocalStore(settings.store.second_copy, reserve)
    second.prepare()
    return store, second
