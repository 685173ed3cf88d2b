"""What is given wrongly on the command line is said in our words, by the option's name."""

from pathlib import Path

import pytest

from gateway.cli import main

GAP = "scope gap k1-a1 --ground battery --why 电池"
WRONG = [
    (f"{GAP} --since 2026-11-26T09:10 --until 2026-11-26T09:05", "scope gap: ends before it begins"),
    ("scope gap k1-a1 --ground flood --why 水", "--ground: Input should be 'secret', "),
    (f"scope omit k1-a1 --ground secret --work-record {'长' * 501}", "--work-record: String should have at most 500"),
    ("scope gap k1-a1 --why \udce7", "--why: is no text"),
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
