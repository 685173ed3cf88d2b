"""The schema's history: one set of scripts for SQLite and PostgreSQL."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select
from sqlmodel import SQLModel

import gateway.models

VERSION_TABLE = "gateway_version"
OURS = 0x67617465
"""The advisory lock that a migration holds in PostgreSQL."""


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Processes that begin together take turns: whoever comes second finds it done."""
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(OURS)))
        command.upgrade(configuration(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.downgrade(configuration(connection), revision)


def is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        found = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE}
        ).get_current_revision()
    return found == ScriptDirectory.from_config(configuration()).get_current_head()


def differences(engine: Engine) -> list[object]:
    """What the models have that the database has not, or the other way round."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        return [change for change in compare_metadata(context, SQLModel.metadata) if ours(change)]


def ours(change: object) -> bool:
    """The job engine may keep its own tables in the same PostgreSQL database."""
    return not (isinstance(change, tuple) and change[0] in {"remove_table", "remove_index"})
