"""One set of scripts on SQLite and on a real PostgreSQL: up, compared with the models, down, up again."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from gateway import migrations
from gateway.database import Database
from gateway.models import Checkout, Device

BEGIN = """
import sys
from gateway import migrations
from gateway.database import Database
database = Database(sys.argv[1])
migrations.upgrade(database.engine)
assert migrations.is_current(database.engine)
"""

FILLED = (
    "INSERT INTO unit (id, name) VALUES ('u', 'u')",
    "INSERT INTO officer (id, name, unit_id) VALUES ('zhang', '张', 'u')",
    "INSERT INTO device (id, name, type, unit_id, status, container_time, timezone, release)"
    " VALUES ('cam', '', 'body_camera', 'u', 'IN_SERVICE', 'local', 'Asia/Shanghai', 'keep')",
    "INSERT INTO checkout (id, device_id, officer_id, out_at, recorded_at)"
    " VALUES ('out', 'cam', 'zhang', '2024-05-06 01:00:00', '2024-05-06 01:00:00')",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'm.sqlite'}"
    return str(request.getfixturevalue("bare_postgres_database"))


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


def test_a_registry_in_use_comes_up_from_the_schema_before(url: str) -> None:
    """Rows that others refer to survive, and the chain vouches for them as before."""
    database = Database(url)
    try:
        migrations.upgrade(database.engine, "0007")
        with database.engine.execution_options(writes=True).begin() as connection:
            for statement in FILLED:
                connection.execute(text(statement))
        migrations.upgrade(database.engine)
        with database.read() as session:
            device, checkout = session.get_one(Device, "cam"), session.get_one(Checkout, "out")
            told = {key: value for key, value in checkout.model_dump().items() if value is not None}
        assert (device.spec, device.keeper_id, device.status) == (None, None, "IN_SERVICE")
        assert told.keys() == {"id", "device_id", "officer_id", "out_at", "recorded_at"}
        migrations.downgrade(database.engine, "0007")
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM checkout")).scalar() == 1
    finally:
        database.close()


def test_two_processes_begin_on_a_fresh_database(url: str) -> None:
    """`gateway run` and `gateway serve` started in one breath: one makes the tables, the other waits for them."""
    begin = [sys.executable, "-c", BEGIN, url]
    processes = [subprocess.Popen(begin, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, "\n".join(said)


def test_the_newest_script_is_the_one_that_alembic_upgrades_to() -> None:
    """Its name tells it, so that a start need not load alembic."""
    assert migrations.newest() == ScriptDirectory.from_config(migrations.configuration()).get_current_head()
