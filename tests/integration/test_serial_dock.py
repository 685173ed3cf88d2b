"""Cabinets on ptys: boards, locks that answer late or never, badges, lines that are torn out."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import serial

from drivers.serial_dock import SerialDock
from drivers.simulators.cabinet import DockBusTwin, LockBoardTwin, rdm6300
from drivers.simulators.serial_line import SharedLine, Wire, pty_pair
from gateway.config.devices import SerialDockSettings
from gateway.daemon.drivers import drivers_for
from gateway.device import (
    BadgeShown,
    BayRead,
    Connected,
    DeviceUnavailable,
    Disconnected,
    Driver,
    Light,
    Order,
    Refused,
    SignalReceived,
)
from gateway.supervisor import Supervisor
from tests.integration.test_drivers import Recorder, running
from tests.patience import until


@pytest.fixture
def board() -> Iterator[tuple[DockBusTwin, str]]:
    yield from started(DockBusTwin, 20)


@pytest.fixture
def locks() -> Iterator[tuple[LockBoardTwin, str]]:
    yield from started(LockBoardTwin, 24)


def started(kind: type[Any], bays: int) -> Iterator[tuple[Any, str]]:
    handle, name = pty_pair()
    twin = kind(Wire(handle), bays)
    twin.start()
    yield twin, name
    twin.stop()
    os.close(handle)


def cabinet(port: str, kind: str = "dockbus", **more: Any) -> SerialDock:
    told = {
        "id": "cabinet-1", "driver": "serial_dock", "dock": "dock-1", "board": {"kind": kind, "port": port},
        "poll_seconds": 0.05, **more,
    }  # fmt: skip
    return SerialDock(SerialDockSettings.model_validate(told))


def unlock(driver: Driver, bay: object) -> object:
    return driver.perform(Order(id="o", kind="unlock", arguments={"bay": bay}))


def light(driver: SerialDock, bay: int, light: Light) -> None:
    driver.perform(Order(id="l", kind="light", arguments={"bay": bay, "light": light.value}))


def bays(seen: Recorder) -> list[BayRead]:
    return [event for event in seen.events if isinstance(event, BayRead)]


def badges(seen: Recorder) -> list[str]:
    return [event.code for event in seen.events if isinstance(event, BadgeShown)]


def test_every_bay_is_told_once_and_then_what_changes(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    twin.put(3, 80)
    with running(cabinet(port)) as seen:
        seen.wait(lambda seen: len(bays(seen)) == 20)
        assert isinstance(seen.events[0], Connected)
        third = next(event for event in bays(seen) if event.bay == "3")
        assert (third.occupied, third.battery, third.closed, third.locked) == (True, 80, True, True)
        assert third.dock == "dock-1"
        twin.put(20, 50)
        seen.wait(lambda seen: len(bays(seen)) == 21)
        time.sleep(0.3)
    assert [(event.bay, event.battery) for event in bays(seen)[20:]] == [("20", 50)]


def test_a_lock_is_opened_once_and_only_when_it_was_armed(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    twin.put(2, 80)
    driver = cabinet(port)
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        unlock(driver, 2)
        assert twin.bays[1].unlocks == 1
        twin.take(2)
        seen.wait(lambda seen: bays(seen)[-1].bay == "2" and not bays(seen)[-1].occupied)
        for wrong in (0, 21, "x", None, -1):
            with pytest.raises(Refused):
                unlock(driver, wrong)
    assert sum(bay.unlocks for bay in twin.bays) == 1


def test_an_answer_that_is_lost_is_no_reason_to_open_again(board: tuple[DockBusTwin, str]) -> None:
    """The board opened and its answer was lost: the lock's own counter tells, nothing is sent twice."""
    twin, port = board
    driver = cabinet(port)
    real = twin.open

    def opens_and_says_nothing(bay: int) -> None:
        real(bay)
        twin.wire.lost = True

    twin.open = opens_and_says_nothing  # type: ignore[method-assign]
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        unlock(driver, 5)
    assert twin.bays[4].unlocks == 1


def test_a_lock_that_is_stuck_is_told_of_and_not_tried_again(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    driver = cabinet(port)
    asked: list[int] = []
    twin.open = asked.append  # type: ignore[method-assign]
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        with pytest.raises(Refused) as no:
            unlock(driver, 5)
    assert no.value.reason["code"] == "lock.no_effect"
    assert asked == [5]


def test_lamps_follow_and_come_back_after_the_board_restarts(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    driver = cabinet(port)
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        light(driver, 1, Light.TAKE)
        light(driver, 2, Light.BUSY)
        until(lambda: (twin.bays[0].light, twin.bays[1].light) == (1, 0x12))
        light(driver, 1, Light.OPEN)
        until(lambda: twin.bays[0].light == 0x21)
        time.sleep(1.2)  # its uptime counts seconds
        twin.restart()
        until(lambda: (twin.bays[0].light, twin.bays[1].light) == (0x21, 0x12))
        assert twin.holding[0x42] == 30, "the watchdog, too"


def test_a_badge_is_acknowledged_once_it_is_stored(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    driver, stop = cabinet(port), threading.Event()
    refused = threading.Event()

    class Failing(Recorder):
        def __call__(self, *events: Any) -> None:
            if any(isinstance(event, BadgeShown) for event in events) and not refused.is_set():
                refused.set()
                raise DeviceUnavailable("wait.store_gone", path="/")
            super().__call__(*events)

    seen = Failing()
    twin.badge("0A1B2C3D4E")
    twin.badge("0A1B2C3D4F")
    with pytest.raises(DeviceUnavailable):
        driver.run(seen, stop)
    assert len(twin.badges) == 2, "it could not be stored: the board keeps it"
    with running(driver) as again:
        again.wait(lambda seen: len(badges(seen)) == 2)
        until(lambda: not twin.badges)
        time.sleep(0.5)
        twin.badge("0A1B2C3D4E")
        again.wait(lambda seen: len(badges(seen)) == 3)
    assert badges(again) == ["0A1B2C3D4E", "0A1B2C3D4F", "0A1B2C3D4E"]
    late = [event.late for event in again.events if isinstance(event, BadgeShown)]
    assert late == [True, True, False], "nobody stands there any more for what was shown before"


def test_a_silent_board_a_torn_line_and_another_map_are_told_apart(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    twin.wire.deaf = True
    with pytest.raises(DeviceUnavailable) as gone:
        cabinet(port).run(Recorder(), threading.Event())
    assert gone.value.reason["code"] == "cabinet.silent"
    twin.wire.deaf = False
    with pytest.raises(DeviceUnavailable) as gone:
        cabinet("/dev/serial/by-path/nothing").run(Recorder(), threading.Event())
    assert gone.value.reason["code"] == "cabinet.no_port"
    twin.word = lambda function, address: 7  # type: ignore[method-assign]
    with pytest.raises(Refused) as no:
        cabinet(port).run(Recorder(), threading.Event())
    assert no.value.reason["code"] == "cabinet.other_map"


def test_a_line_torn_out_ends_the_run_and_refuses_what_waits(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    driver, seen, stop = cabinet(port), Recorder(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        try:
            driver.run(seen, stop)
        except DeviceUnavailable as gone:
            ended.append(gone.reason["code"])

    thread = threading.Thread(target=work)
    thread.start()
    seen.wait(lambda seen: bays(seen))
    twin.wire.deaf = True
    thread.join(5)
    assert ended == ["cabinet.silent"]
    with pytest.raises(DeviceUnavailable):
        unlock(driver, 1)


def test_one_answer_that_noise_broke_is_no_board_that_is_gone(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    with running(cabinet(port)) as seen:
        seen.wait(lambda seen: bays(seen))
        twin.wire.lost = True
        time.sleep(1.5)
        twin.put(7, 66)
        seen.wait(lambda seen: bays(seen)[-1].battery == 66)
    assert len(seen.of(Connected)) == 1


def test_a_line_is_ours_alone(board: tuple[DockBusTwin, str]) -> None:
    _, port = board
    with running(cabinet(port)) as seen:
        seen.wait(lambda seen: bays(seen))
        with pytest.raises(serial.SerialException):
            serial.Serial(port, exclusive=True)


@pytest.mark.parametrize("fault", ["noise", "echo"])
def test_lock_boards_are_understood_through_noise_and_echo(
    locks: tuple[LockBoardTwin, str], fault: str
) -> None:
    twin, port = locks
    setattr(twin.wire, fault, True)
    driver = cabinet(port, "lock8a")
    with running(driver) as seen:
        seen.wait(lambda seen: len(bays(seen)) == 24)
        assert {(event.occupied, event.locked) for event in bays(seen)} == {(None, True)}
        unlock(driver, 24)
        seen.wait(lambda seen: bays(seen)[-1].bay == "24" and bays(seen)[-1].locked is False)
        light(driver, 1, Light.TAKE)
    assert [bay.unlocks for bay in twin.bays] == [0] * 23 + [1]


def test_a_jammed_lock_board_says_so(locks: tuple[LockBoardTwin, str]) -> None:
    twin, port = locks
    twin.jam = True
    driver = cabinet(port, "lock8a")
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        with pytest.raises(Refused) as no:
            unlock(driver, 3)
    assert no.value.reason["code"] == "lock.no_effect"


def test_readers_count_a_badge_once_and_come_back_when_they_were_torn_out(
    board: tuple[DockBusTwin, str], tmp_path: Any
) -> None:
    _, port = board
    link = tmp_path / "reader"
    handle, _ = pty_pair(link)
    reader = {"name": "door", "kind": "rdm6300", "port": str(link), "away_seconds": 0.5}
    with running(cabinet(port, readers=[reader])) as seen:
        seen.wait(lambda seen: readers(seen) == [True])
        for _ in range(10):
            os.write(handle, rdm6300("62E3086CED"))
            time.sleep(0.05)
        seen.wait(lambda seen: badges(seen))
        os.close(handle)
        seen.wait(lambda seen: readers(seen) == [True, False])
        handle, _ = pty_pair(link)
        seen.wait(lambda seen: readers(seen) == [True, False, True])
        os.write(handle, rdm6300("62E3086CED"))
        seen.wait(lambda seen: len(badges(seen)) == 2)
    os.close(handle)
    assert badges(seen) == ["62E3086CED"] * 2


def readers(seen: Recorder) -> list[bool]:
    told = [event for event in seen.events if isinstance(event, SignalReceived) and event.kind == "readers"]
    return [event.detail["door"]["present"] for event in told]  # type: ignore[index]


def test_the_watchdog_of_the_board_hears_us_and_misses_us(board: tuple[DockBusTwin, str]) -> None:
    twin, port = board
    driver = cabinet(port, watchdog_seconds=1)
    with running(driver) as seen:
        seen.wait(lambda seen: bays(seen))
        time.sleep(1.5)
        assert not twin.is_safe
    time.sleep(1.3)
    assert twin.is_safe


def on_a_line(port: str, unit: int) -> SerialDockSettings:
    told = {
        "id": f"cabinet-{unit}", "driver": "serial_dock", "poll_seconds": 0.05,
        "board": {"kind": "dockbus", "port": port, "unit": unit},
    }  # fmt: skip
    return SerialDockSettings.model_validate(told)


@contextmanager
def two_on_a_line() -> Iterator[tuple[DockBusTwin, DockBusTwin, str]]:
    handle, port = pty_pair()
    shared = SharedLine(handle, 2)
    boards = [DockBusTwin(tap, 4, unit) for unit, tap in enumerate(shared.taps, 1)]
    for board in boards:
        board.start()
    yield boards[0], boards[1], port
    for twin in (*boards, shared):
        twin.stop()
    os.close(handle)


def test_two_cabinets_on_one_line() -> None:
    """Each by its own address; one that is silent holds the other up for no longer than its own silence."""
    with two_on_a_line() as (one, two, port):
        stop, drivers = threading.Event(), drivers_for([on_a_line(port, 1), on_a_line(port, 2)])
        seen = {name: Recorder() for name in drivers}
        keepers = [Supervisor(name, driver, seen[name], stop) for name, driver in drivers.items()]
        for keeper in keepers:
            keeper.start()
        try:
            for name, recorder in seen.items():
                recorder.wait(lambda recorder: len(bays(recorder)) == 4)
                assert {event.device_id for event in bays(recorder)} == {name}
            unlock(drivers["cabinet-2"], 3)
            assert [bay.unlocks for bay in one.bays + two.bays] == [0, 0, 0, 0, 0, 0, 1, 0]
            two.wire.deaf = True
            seen["cabinet-2"].wait(lambda recorder: recorder.of(Disconnected))
            for battery in range(61, 66):
                one.put(1, battery)
                seen["cabinet-1"].wait(lambda recorder, told=battery: bays(recorder)[-1].battery == told, 3)
            two.wire.deaf = False
            seen["cabinet-2"].wait(lambda recorder: len(recorder.of(Connected)) == 2)
            assert (len(seen["cabinet-1"].of(Connected)), seen["cabinet-1"].of(Disconnected)) == (1, [])
            with pytest.raises(serial.SerialException):
                serial.Serial(port, exclusive=True)
        finally:
            stop.set()
            for keeper in keepers:
                keeper.join(2)
        serial.Serial(port, exclusive=True).close()  # let go of by the last of them
