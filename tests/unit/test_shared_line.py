"""A line that several ask on: one thread owns it, one question at a time, open only while somebody needs it."""

import threading
import time

import pytest

from drivers.cabinet.line import Line
from gateway.device import DeviceUnavailable


def test_one_question_at_a_time_by_one_thread() -> None:
    now, most, owners = 0, 0, set[str]()
    line = Line(lambda: "port", lambda _: None)
    users = ["a", "b", "c"]

    def question(port: str) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        owners.add(threading.current_thread().name)
        time.sleep(0.005)
        now -= 1
        return port

    def ask(user: str) -> None:
        line.join(user)
        for _ in range(10):
            assert line.ask(question) == "port"

    threads = [threading.Thread(target=ask, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for user in users:
        line.leave(user)
    assert (most, len(owners)) == (1, 1)


def test_a_line_that_is_gone_is_opened_anew_and_let_go_of_by_the_last() -> None:
    did: list[str] = []

    def opened() -> str:
        did.append("open")
        return "port"

    line = Line(opened, lambda _: did.append("close"))

    def torn(_: object) -> None:
        raise DeviceUnavailable("cabinet.no_port", port="p", error="gone")

    def silent(_: object) -> None:
        raise DeviceUnavailable("cabinet.silent", unit=1)

    with pytest.raises(DeviceUnavailable):
        line.ask(lambda port: port)
    line.join("a")
    line.join("b")
    assert line.ask(lambda port: port) == "port"
    with pytest.raises(DeviceUnavailable):
        line.ask(silent)
    assert did == ["open"]
    with pytest.raises(DeviceUnavailable):
        line.ask(torn)
    assert did == ["open", "close"]
    line.ask(lambda port: port)
    line.leave("a")
    assert did == ["open", "close", "open"]
    line.leave("b")
    line.leave("b")
    assert did == ["open", "close", "open", "close"]
