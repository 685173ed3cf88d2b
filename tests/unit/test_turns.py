"""Whose turn it is: never more than allowed, nobody left behind, whatever order they come in."""

import random
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.stage import Stopping
from ingest.turns import Turns


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40), st.integers(1, 4), st.integers(1, 3))
def test_never_more_than_allowed_and_nobody_left_behind(sources: list[str], at_once: int, each: int) -> None:
    turns, lock = Turns(at_once, each), threading.Lock()
    running: list[str] = []
    done: list[str] = []
    broken: list[list[str]] = []

    def work(source: str) -> None:
        with turns.turn(source, threading.Event()):
            with lock:
                running.append(source)
                if len(running) > at_once or running.count(source) > each:
                    broken.append(list(running))
            time.sleep(random.random() / 1000)
            with lock:
                running.remove(source)
                done.append(source)

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not broken
    assert sorted(done) == sorted(sources)
    assert not turns.running
    assert not turns.waiting


def test_a_full_camera_does_not_keep_the_next_bay_waiting() -> None:
    """Twenty wait for the first camera; one of the second comes last and goes next."""
    turns, order = Turns(1, 1), list[str]()
    first_may_end = threading.Event()

    def work(source: str) -> None:
        with turns.turn(source, threading.Event()):
            first_may_end.wait(5)
            time.sleep(0.03)  # work takes longer than a thread takes to wake up
            order.append(source)

    threads = [threading.Thread(target=work, args=(source,)) for source in ["full"] * 20]
    turns.each = 2
    turns.at_once = 2
    for thread in threads:
        thread.start()
    while len(turns.waiting) < 18:
        time.sleep(0.01)
    last = threading.Thread(target=work, args=("other",))
    last.start()
    while len(turns.waiting) < 19:
        time.sleep(0.01)
    first_may_end.set()
    for thread in [*threads, last]:
        thread.join(5)
    assert order.index("other") < 10, "it is given the next turn; threads may be slow to take theirs"


def test_what_is_important_goes_first_among_its_own_and_takes_no_other_turn() -> None:
    """One at a time: two cameras' files wait; then comes a flood of important ones of the first camera."""
    turns, order, may_go = Turns(1, 1), list[str](), threading.Event()
    threads: list[threading.Thread] = []

    def work(source: str, name: str, important: bool) -> None:
        with turns.turn(source, threading.Event(), important=important):
            may_go.wait(5)
            order.append(name)

    def begin(source: str, name: str, *, important: bool = False) -> None:
        threads.append(threading.Thread(target=work, args=(source, name, important)))
        threads[-1].start()
        while len(turns.waiting) + turns.running.total() < len(threads):
            time.sleep(0.005)

    for source, name in (("x", "x0"), ("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")):
        begin(source, name)
    for number in range(5):
        begin("a", f"A{number}", important=True)
    may_go.set()
    for thread in threads:
        thread.join(5)
    assert order == ["x0", "A0", "b1", "A1", "b2", "A2", "A3", "A4", "a1", "a2"]


def test_who_waits_is_let_go_when_the_process_ends() -> None:
    turns, stop = Turns(1, 1), threading.Event()
    with turns.turn("a", stop):
        stop.set()
        with pytest.raises(Stopping), turns.turn("a", stop):
            pass
    assert not turns.waiting
    assert not turns.running
