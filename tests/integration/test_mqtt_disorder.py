"""Connected cameras when things go out of order: messages that overtake each other, broken callbacks, storms."""

import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, func, select

from drivers.mqtt.link import Link, end
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import Camera, Recording
from gateway.database import Database
from gateway.device import Connected, Driver, Emit
from gateway.intake import Intake
from gateway.models import Clip, DeviceSignal, DeviceStatus, Finding, Track
from gateway.supervisor import Supervisor
from tests.integration.mqtt_site import broker, camera_for, driver_for, happenings, of, running
from tests.integration.test_drivers import Recorder
from tests.patience import until

__all__ = ["broker"]


@contextmanager
def supervised(driver: Driver, emit: Emit) -> Iterator[None]:
    """As in the daemon: what goes is taken up again."""
    stop = threading.Event()
    supervisor = Supervisor("net", driver, emit, stop)
    supervisor.start()
    try:
        yield
    finally:
        stop.set()
        supervisor.join(5)


def counted(session: Session, model: type[Any]) -> int:
    return session.exec(select(func.count()).select_from(model)).one()


def test_messages_that_come_out_of_order_and_twice_are_on_record_once(
    database: Database, tmp_path: Path
) -> None:
    """Events, positions, announcements, each twice and shuffled; an announcement once more when all is here."""
    broker = Broker(tmp_path / "broker", "bwc-1")
    broker.start()
    intake = Intake(database, "h", "e", lambda: None)
    intake.start()
    recording, chance = Recording("a.mp4", os.urandom(50_000)), random.Random(7)
    told: list[tuple[str, Any]] = [
        *(("event", {"event_id": f"e{n}", "type": "sos", "seq": n, "data": {"n": n}}) for n in range(30)),
        *(
            ("gps", [{"ts": 1_754_270_000_000 + 5000 * n + 1000 * k, "lat": n, "lon": k} for k in (2, 0, 1)])
            for n in range(10)
        ),
    ]
    try:
        with supervised(driver_for(broker, tmp_path), intake.emit):
            until(lambda: is_present(database))
            camera = camera_for(broker)
            camera.recordings[recording.file_id] = recording
            for kind, what in chance.sample(told * 2, len(told) * 2):
                camera.say(kind, what)
            for _ in range(3):
                camera.announce(recording)
            until(lambda: recording.received)
            camera.announce(recording)
            last = camera.event("rec_stop")
            until(lambda: last not in camera.outbox)
            camera.stop()
        with database.read() as session:
            signals = {row.event_id: row.detail["data"] for row in session.exec(select(DeviceSignal))}
            assert signals == {**{f"e{n}": {"n": n} for n in range(30)}, last: {}}
            tracks = session.exec(select(Track).order_by(Track.begins_at)).all()  # type: ignore[arg-type]
            assert [[point[1:3] for point in track.points] for track in tracks] == [
                [[n, k] for k in range(3)] for n in range(10)
            ]
            assert (counted(session, Finding), counted(session, Clip)) == (1, 1)
    finally:
        intake.stop()
        broker.stop()


def is_present(database: Database) -> bool:
    with database.read() as session:
        return any(row.present for row in session.exec(select(DeviceStatus)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("callback", ["on_message", "on_disconnect"])
def test_a_callback_that_raises_is_told_as_a_loss_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, callback: str
) -> None:
    """It kills paho's thread, which still says "connected": what it had not acknowledged comes again."""
    broker, seen, raised = Broker(tmp_path / "broker", "bwc-1"), Recorder(), list[str]()
    broker.start()
    sound = getattr(Link, callback)

    def broken(link: Link, *given: Any) -> None:
        if not raised and (callback != "on_message" or given[2].topic.endswith("event")):
            raised.append(callback)
            raise ZeroDivisionError
        sound(link, *given)

    monkeypatch.setattr(Link, callback, broken)
    try:
        with caplog.at_level(logging.WARNING), supervised(driver_for(broker, tmp_path), seen):
            seen.wait(lambda seen: seen.of(Connected))
            camera = camera_for(broker)
            sent = {camera.event("sos", n=n) for n in range(20)}
            if callback == "on_disconnect":
                broker.kill()
                broker.start()
            seen.wait(lambda seen: sent <= set(happenings(seen)))
            seen.wait(lambda seen: len(of(seen, Connected, "net")) == 2)
            camera.stop()
    finally:
        broker.stop()
    assert raised == [callback]
    assert sum("net is not available" in record.getMessage() for record in caplog.records) == 1


def are_here(seen: Recorder, names: list[str], times: int) -> bool:
    told = Counter(event.device_id for event in seen.events if isinstance(event, Connected))
    return all(told[name] >= times for name in names)


def test_a_hundred_cameras_that_come_back_at_once(tmp_path: Path) -> None:
    """The broker goes and comes: all are introduced, heard and reached again, no event is missing."""
    names = [f"bwc-{number}" for number in range(100)]
    broker, seen = Broker(tmp_path / "broker", *names), Recorder()
    broker.start()
    fleet = [Camera(name, ("127.0.0.1", broker.port), broker.pki) for name in names]
    try:
        with supervised(driver_for(broker, tmp_path), seen):
            seen.wait(lambda seen: seen.of(Connected))
            for camera in fleet:
                camera.start()
            seen.wait(lambda seen: are_here(seen, names, 1))
            broker.kill()
            sent = {camera.event("sos") for camera in fleet}
            broker.start()
            seen.wait(lambda seen: are_here(seen, names, 2))
            sent |= {camera.event("rec_start") for camera in fleet}
            seen.wait(lambda seen: sent <= set(happenings(seen)))
            until(lambda: not any(camera.outbox for camera in fleet))
    finally:
        for camera in fleet:
            camera.client.disconnect()
            end(camera.client)
        broker.stop()


def test_what_waits_is_not_written_anew_with_each_message(broker: Broker, tmp_path: Path) -> None:
    """While nobody fetches, the broker's file grows; to write it once a message is work that grows as a square."""
    with running(driver_for(broker, tmp_path)):
        pass  # now it is known that somebody will come for it
    camera = camera_for(broker)
    written, began = broker.times_written(), time.monotonic()
    for number in range(600):
        camera.event("sos", n=number)
    until(lambda: camera.acknowledged >= 600)
    spent = time.monotonic() - began
    camera.stop()
    assert broker.times_written() - written <= 2 + spent
