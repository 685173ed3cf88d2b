"""A database with the newest schema and nothing in it: made once in a process, for that takes longer than most tests."""

import tempfile
from functools import cache
from pathlib import Path

from gateway import migrations
from gateway.database import Database


@cache
def empty_database() -> bytes:
    """An SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.sqlite")
        made = Database(f"sqlite:///{path}")
        migrations.upgrade(made.engine)
        made.close()
        return path.read_bytes()
