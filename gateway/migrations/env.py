"""Alembic's entry: the connection comes from the caller, never from a file."""

from alembic import context
from sqlmodel import SQLModel

import gateway.models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    version_table="gateway_version",
)
with context.begin_transaction():
    context.run_migrations()
