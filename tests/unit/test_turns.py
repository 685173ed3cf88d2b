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


def test_who_waits_is_let_go_when_the_process_ends() -> None:
    turns, stop = Turns(1, 1), threading.Event()
    with turns.turn("a", stop):
        stop.set()
        with pytest.raises(Stopping), turns.turn("a", stop):
            pass
    assert not turns.waiting
    assert not turns.running
