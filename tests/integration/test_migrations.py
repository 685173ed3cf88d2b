"""One set of scripts on SQLite and on a real PostgreSQL: up, compared with the models, down, up again."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from gateway import migrations
from gateway.database import Database

BEGIN = """
import sys
from gateway import migrations
from gateway.database import Database
database = Database(sys.argv[1])
migrations.upgrade(database.engine)
assert migrations.is_current(database.engine)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'm.sqlite'}"
    return str(request.getfixturevalue("postgres_database"))


def test_up_down_and_up_again(url: str) -> None:
    database = Database(url)
    try:
        assert not migrations.is_current(database.engine)
        migrations.upgrade(database.engine)
        assert migrations.is_current(database.engine)
        assert migrations.differences(database.engine) == []
        migrations.downgrade(database.engine, "base")
        assert set(inspect(database.engine).get_table_names()) <= {migrations.VERSION_TABLE}
        migrations.upgrade(database.engine)
        assert migrations.differences(database.engine) == []
    finally:
        database.close()


def test_two_processes_begin_on_a_fresh_database(url: str) -> None:
    """`gateway run` and `gateway serve` started in one breath: one makes the tables, the other waits for them."""
    begin = [sys.executable, "-c", BEGIN, url]
    processes = [subprocess.Popen(begin, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, "\n".join(said)
