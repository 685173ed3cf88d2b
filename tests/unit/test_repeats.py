"""A failure that comes again and again is told whole once, then in a line a minute."""

import logging
from collections.abc import Iterator

import pytest

from gateway import repeats
from gateway.guard import guarded


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    told: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(self.format(record))

    handler, log = Kept(), logging.getLogger("tests.repeats")
    handler.addFilter(repeats.Repeats())
    log.addHandler(handler)
    log.propagate = False
    yield told
    log.removeHandler(handler)


def broken() -> None:
    raise ZeroDivisionError


def test_the_first_is_whole_and_the_rest_a_line_a_minute(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(repeats.time, "monotonic", lambda: now[0])
    log = logging.getLogger("tests.repeats")
    for _ in range(10):
        guarded(log, "orders", broken)
    assert len(lines) == 1
    assert "Traceback" in lines[0]
    guarded(log, "receipts", broken)
    assert len(lines) == 2, "another failure is told"
    now[0] += repeats.EVERY_S
    guarded(log, "orders", broken)
    assert lines[2] == "orders failed; it is tried again (10 times since the last line)"
    now[0] += repeats.AFRESH_S
    guarded(log, "orders", broken)
    assert "Traceback" in lines[3], "its cause may be another by now"


def test_what_is_no_failure_is_never_left_out(lines: list[str]) -> None:
    for _ in range(3):
        logging.getLogger("tests.repeats").warning("cam is not available")
    assert lines == ["cam is not available"] * 3


def test_what_is_remembered_has_an_end(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST", 5)
    monkeypatch.setattr(repeats, "EVERY_S", 0.0)
    log = logging.getLogger("tests.repeats")
    for number in range(50):
        guarded(log, f"order {number}", broken)
    [seen] = [one for one in log.handlers[0].filters if isinstance(one, repeats.Repeats)]
    assert len(seen.told) <= 5
    assert len(lines) == 50


def test_a_line_that_does_not_fit_its_arguments_ends_nobody(lines: list[str]) -> None:
    log = logging.getLogger("tests.repeats")
    record = log.makeRecord(
        log.name, logging.ERROR, __file__, 1, "%s and %s", ("one",), (ValueError, ValueError(), None)
    )
    [seen] = [one for one in log.handlers[0].filters if isinstance(one, repeats.Repeats)]
    assert seen.filter(record)
