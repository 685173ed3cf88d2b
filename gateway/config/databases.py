"""Which databases are ours: SQLite on one PC, PostgreSQL by psycopg."""

from gateway.config.settings import ConfigError, Settings

DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
WANTED = "expected postgresql://user:password@host/name; on one PC leave it out, and SQLite is used"


def check_databases(settings: Settings) -> None:
    """Raises ConfigError for what is no address, or of a kind that we do not speak with."""
    from sqlalchemy import make_url  # here: who only needs the settings' shape does not wait for it
    from sqlalchemy.exc import ArgumentError

    addresses = {"database": settings.database_url, "engine_database": settings.engine_database_url}
    for setting, address in addresses.items():
        try:
            kind = make_url(address).drivername
        except (ArgumentError, ValueError):
            raise ConfigError(f"{setting}: {WANTED}") from None
        if kind not in DRIVERS:
            raise ConfigError(f"{setting}: {kind!r} is no database of ours; {WANTED}")
