"""A PostgreSQL that is not there: one line says which and what to do, and the daemons wait for it at boot."""

import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from drivers.ports import free_port
from gateway.cli import main
from gateway.config import ConfigError, Settings
from gateway.opening import await_databases, check_engine, open_database
from tests.warm import GATEWAY

SECRET = "geheim-99"


def away(port: int, **more: str) -> Settings:
    return Settings.model_validate({"database": f"postgresql://u:{SECRET}@127.0.0.1:{port}/x", **more})


COMMANDS = (
    ("devices",), ("verify",), ("migrate",), ("cases", "list"), ("equipment",), ("scope", "show"), ("board",),
    ("report",), ("disposal", "due"), ("sample", "list"), ("user", "list"), ("rules", "compare", "hebei-xingtai-2019"),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_says_it_in_one_line(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, port = tmp_path / "devices.yaml", free_port()
    config.write_text(f"database: postgresql://u:{SECRET}@127.0.0.1:{port}/x\n")
    assert main(["--config", str(config), *command]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"database: PostgreSQL at 127.0.0.1:{port}, database x, user u: Connection refused;"
        " start it, or correct `database` in the configuration"
    )


def test_a_wrong_database_and_a_broken_file_are_said_as_shortly(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='database "nosuch" does not exist'):
        open_database(Settings.model_validate({"database": f"{postgres}/nosuch"}))
    (tmp_path / "no").write_text("no database at all, but long enough to be read as one" * 20)
    for path in (tmp_path / "no", tmp_path / "no" / "below"):
        with pytest.raises(ConfigError, match=r"^database: \S+ cannot be used \([^\n]+\)$"):
            open_database(Settings.model_validate({"database": f"sqlite:///{path}"}))


def test_the_engines_own_database_may_be_new_and_must_be_reachable(postgres: str) -> None:
    check_engine(Settings.model_validate({"engine_database": f"{postgres}/new"}))
    with pytest.raises(ConfigError, match=r"^engine_database: PostgreSQL at "):
        check_engine(
            Settings.model_validate({"engine_database": f"postgresql://u:p@127.0.0.1:{free_port()}/x"})
        )


class Boot(threading.Event):
    """Something happens while we wait."""

    def __init__(self, happens: object = None, *, stops: bool = False) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.happens, self.stops = happens, stops

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        if len(self.waits) == 3 and callable(self.happens):
            self.happens()
        return self.stops


def test_a_server_that_comes_after_us_is_waited_for(
    postgres_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its socket appears while we wait."""
    caplog.set_level("INFO")
    with psycopg.connect(postgres_database) as connection:
        folder, port = (
            connection.execute(f"SHOW {name}").fetchone() for name in ("unix_socket_directories", "port")
        )
    assert folder
    assert port
    door = f".s.PGSQL.{port[0]}"
    name = postgres_database.rpartition("/")[2]
    url = f"postgresql://gateway@/{name}?host={tmp_path}&port={port[0]}"
    boot = Boot(lambda: (tmp_path / door).symlink_to(Path(folder[0]) / door))
    assert await_databases(Settings.model_validate({"database": url}), boot)
    assert len(boot.waits) == 3
    assert sum("waiting up to 45 s" in text for text in caplog.messages) == 1
    assert f"PostgreSQL at {tmp_path}:{port[0]}" in caplog.text
    assert caplog.messages[-1] == "the database answers"


def test_who_is_asked_to_stop_waits_no_longer_and_patience_ends() -> None:
    assert not await_databases(away(free_port()), Boot(stops=True))
    nobody = Boot()
    assert await_databases(away(free_port()), nobody, patience_s=0)
    assert nobody.waits == []


@pytest.mark.parametrize("word", ["run", "serve"])
def test_a_daemon_is_stopped_while_it_waits(word: str, tmp_path: Path) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text(f"database: postgresql://u:{SECRET}@127.0.0.1:{free_port()}/x\n")
    daemon = subprocess.Popen([GATEWAY, "--config", config, word], stderr=subprocess.PIPE, text=True)
    assert daemon.stderr is not None
    line = daemon.stderr.readline()
    daemon.terminate()
    rest = daemon.communicate(timeout=20)[1]
    assert daemon.returncode == 0
    assert "Connection refused" in line
    assert "waiting up to 45 s" in line
    assert (SECRET in line, rest) == (False, "")
