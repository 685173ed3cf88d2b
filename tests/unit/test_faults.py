"""The words in which faults are given to twins: each reads back as what it was, and none is taken for another."""

import argparse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from drivers.simulators.card_faults import Flip, Slow, Unplug
from drivers.simulators.fault_forms import Fault, form_of, only
from drivers.simulators.fault_script import KINDS, Script, add_to, given, read
from drivers.simulators.faults import Clock, Sos, Twice

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "BYTES": st.integers(0, 2**50),
    "SECONDS": st.floats(0, 1e6),
    "TIME": st.floats(-1e9, 1e9),
    "RATE": st.integers(1, 2**40).map(float),
    "NUMBER": st.integers(-(2**31), 2**31),
    "NAME": st.text("abcdefghijklmnopqrstuvwxyz0123456789._记录", min_size=1),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@forall(told=st.data())
def test_every_word_reads_back_as_it_was_written(kind: type[Fault], told: st.DataObject) -> None:
    form = form_of(kind)
    build: Any = kind
    fault = build(told.draw(VALUES[form.shown])) if form else build()
    assert read(str(fault)) == fault
    assert len(str(fault).split()) == 1, "a line of such words can be cut at its spaces"


def test_as_people_write_them() -> None:
    assert read("unplug@1MB") == Unplug(1_000_000)
    assert read("unplug@64KiB") == Unplug(65536)
    assert read("slow=2.5MB/s") == Slow(2_500_000)
    assert read("clock=-9h") == Clock(-32400)
    assert read("twice=0007.MP4") == Twice("0007.MP4")
    assert read("twice") == Twice()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unplug", "unplug is written unplug@BYTES"),
        ("unplug=5", "unplug@BYTES"),
        ("unplug@", "no number of bytes"),
        ("unplug@-5", "no number of bytes"),
        ("slow=2MB", "no rate"),
        ("slow=0MB/s", "no rate"),
        ("clock=soon", "no time"),
        ("sos=1", "is written sos"),
        ("battery=low", "no number"),
        ("twice=a/b", "no file name"),
        ("earthquake", "no fault that any twin knows"),
        ("eio 300", "no fault that any twin knows"),
        ("", "no fault"),
    ],
)
def test_what_is_written_wrongly_is_told_with_how_it_is_written(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text)


def script(*arguments: str) -> Script:
    parser = argparse.ArgumentParser()
    add_to(parser, Unplug, Slow, Flip, whom="PORT")
    return given(parser, parser.parse_args(arguments), ("1-1.1", "1-1.2"))


def test_a_script_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('{"*": [slow=2MB/s], 1-1.2: [unplug@1MB, flip@5]}')
    (tmp_path / "b.yaml").write_text("[slow=2MB/s]")
    from_file = script("--faults", str(tmp_path / "a.yaml"))
    assert from_file == script(
        "--fault", "slow=2MB/s", "--fault", "1-1.2:unplug@1MB", "--fault", "1-1.2:flip@5"
    )
    assert from_file.of("1-1.2") == (Slow(2e6), Unplug(10**6), Flip(5))
    assert from_file.of("1-1.1") == (Slow(2e6),)
    assert script("--faults", str(tmp_path / "b.yaml")).of("1-1.1") == (Slow(2e6),)


@pytest.mark.parametrize(
    ("text", "said"), [("1-1.7:slow=1MB/s", "who is that"), ("sos", "knows no sos"), ("slow", "slow=RATE")]
)
def test_a_fault_that_fits_nobody_ends_the_command(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        script("--fault", text)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", ["slow=2MB/s", "{1-1.1: slow=2MB/s}", "[unplug: 5]", "{[", "5"])
def test_a_script_that_is_something_else_ends_the_command(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(content)
    with pytest.raises(SystemExit) as ended:
        script("--faults", str(tmp_path / "a.yaml"))
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_the_help_tells_what_each_word_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        script("--help")
    said = capsys.readouterr().out
    assert "unplug@BYTES  torn out once so many bytes were read from it" in said


def test_only_the_last_of_a_kind_counts() -> None:
    assert only((Slow(1.0), Sos(), Slow(2.0)), Slow) == Slow(2.0)
    assert only((Sos(),), Slow) is None
