"""The schema's history: one set of scripts for SQLite and PostgreSQL."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, String, column, func, inspect, select, table
from sqlmodel import SQLModel

import gateway.models

if TYPE_CHECKING:
    from alembic.config import Config

# alembic is imported where it migrates: every command and every start asks only whether it has to

VERSION_TABLE = "gateway_version"
OURS = 0x67617465
"""The advisory lock that a migration holds in PostgreSQL."""


def configuration(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Processes that begin together take turns: whoever comes second finds it done."""
    from alembic import command

    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(OURS)))
        command.upgrade(configuration(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    from alembic import command

    with engine.begin() as connection:
        command.downgrade(configuration(connection), revision)


def is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return False
        found = select(column("version_num", String)).select_from(table(VERSION_TABLE))
        return list(connection.execute(found).scalars()) == [newest()]


def newest() -> str:
    """The revision of the last script: each begins its name with it."""
    scripts = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return max(path.name for path in scripts).partition("_")[0]


def differences(engine: Engine) -> list[object]:
    """What the models have that the database has not, or the other way round."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        return [change for change in compare_metadata(context, SQLModel.metadata) if ours(change)]


def ours(change: object) -> bool:
    """The job engine may keep its own tables in the same PostgreSQL database."""
    return not (isinstance(change, tuple) and change[0] in {"remove_table", "remove_index"})
