"""What is given wrongly on the command line is said in our words, by the option's name."""

import gc
import io
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rich.table import Table
from sqlmodel import Session

from gateway import commands
from gateway.cli import main
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.disposal_command import typed_count

GAP = "scope gap k1-a1 --ground battery --why 电池"
WRONG = [
    (f"{GAP} --since 2026-11-26T09:10 --until 2026-11-26T09:05", "scope gap: ends before it begins"),
    ("scope gap k1-a1 --ground flood --why 水", "--ground: Input should be 'secret', "),
    (f"scope omit k1-a1 --ground secret --work-record {'长' * 501}", "--work-record: String should have at most 500"),
    ("scope gap k1-a1 --why \udce7", "--why: is no text"),
    ("devices allocate \udce7 --officer o --from 2024-05-06", r"'\udce7' is not UTF-8; "),
    ("equipment class u D --doc n --from 2024-05-06", "grade: Input should be 'A', 'B' or 'C'"),
    ("equipment check o passed --from 2024-05-06 --to 1", "valid_to: is no day; write one such as"),
    ("equipment status cam-1 FLYING --from 2024-05-06 --why x", "status: Input should be"),
    ("sample draw u --period 2026-X1 --count 3", "period: "),
    ("sample remark s --case k --result faulty --remark x --due someday", "--due: is no day"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_value_is_one_line_with_its_place(
    command: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text("timezone: Asia/Shanghai\n")
    assert main(["--config", str(config), *command.split()]) == 2
    told = capsys.readouterr().err
    assert told.startswith(said), told
    assert told.count("\n") == 1
    for word in ("pydantic", "validation error", "http", "input_value", "Value error"):
        assert word not in told


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a process would have ended
def test_a_database_that_goes_while_a_command_runs_is_said_in_two_lines(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    postgres_database: str,
) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text(yaml.safe_dump({"database": postgres_database}))
    table = commands.devices_table

    def cut(settings: Settings, session: Session) -> Table:
        pid = session.connection().exec_driver_sql("select pg_backend_pid()").scalar()
        with Database(postgres_database).write() as other:
            other.connection().exec_driver_sql(f"select pg_terminate_backend({pid})")
        return table(settings, session)

    monkeypatch.setattr(commands, "devices_table", cut)
    assert main(["--config", str(config), "devices"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("the database did not answer: ")
    assert "was not written" in told
    assert told.count("\n") == 2
    gc.collect()  # here, where its connection may go unclosed


def test_without_a_terminal_a_password_is_asked_for_by_its_option(tmp_path: Path) -> None:
    """No traceback where nobody can type."""
    config = tmp_path / "devices.yaml"
    config.write_text("timezone: Asia/Shanghai\n")
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "-c", config, "disposal", "approve", "RUN", "--user", "s1"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
    )  # fmt: skip
    told = ended.stderr.splitlines()
    assert told[-1].endswith(
        "nobody is there to type the password; give it on standard input with --password-stdin"
    )
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 2


def test_without_a_terminal_the_count_is_asked_for_by_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(ConfigError, match="--count"):
        typed_count(None)
