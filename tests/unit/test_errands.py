"""Lines of errands: who waits for whom, and who does not."""

import threading
import time

from gateway.errands import Errand, Errands


def errands(at_once: int = 4, stop: threading.Event | None = None) -> Errands:
    def do(errand: Errand) -> None:
        errand()

    return Errands("test", at_once, do, stop or threading.Event())


def test_a_line_that_stands_still_holds_up_no_other() -> None:
    lines, freed, done = errands(), threading.Event(), threading.Event()
    try:
        for _ in range(3):
            assert lines.send("slow", lambda: bool(freed.wait(10)))
        assert lines.send("quick", done.set)
        assert done.wait(5)
    finally:
        freed.set()
    lines.join(time.monotonic() + 5)
    assert not lines.threads


def test_one_line_is_done_in_order_and_one_at_a_time() -> None:
    lines, seen, inside = errands(), [], threading.Lock()

    def step(number: int) -> None:
        assert inside.acquire(blocking=False)
        time.sleep(0.001)
        seen.append(number)
        inside.release()

    for number in range(50):
        assert lines.send("cam", lambda number=number: step(number))  # type: ignore[misc]
    lines.join(time.monotonic() + 10)
    assert seen == list(range(50))


def test_a_line_that_sends_itself_on_lets_the_others_go_between() -> None:
    lines, seen, ready = errands(at_once=1), [], threading.Event()

    def go_on(name: str, left: int) -> None:
        ready.wait(5)
        seen.append(name)
        if left:
            lines.send(name, lambda: go_on(name, left - 1))

    for name in "ab":
        lines.send(name, lambda name=name: go_on(name, 2))  # type: ignore[misc]
    ready.set()
    lines.join(time.monotonic() + 5)
    assert seen == list("ababab")


def test_a_line_has_an_end_and_a_stop_leaves_what_waits() -> None:
    stop = threading.Event()
    lines, freed, seen = errands(1, stop), threading.Event(), []
    lines.send("cam", lambda: bool(freed.wait(10)))
    while lines.send("cam", lambda: seen.append(1)):
        pass
    assert len(lines.lines["cam"]) == 1000
    stop.set()
    freed.set()
    lines.join(time.monotonic() + 5)
    assert seen == []
