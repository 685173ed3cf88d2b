"""A real broker, the driver, and cameras that connect to it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt_camera import MqttCamera
from drivers.ports import free_port
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import Camera
from gateway.config.connected import MqttCameraSettings
from gateway.device import (
    Connected,
    FileFound,
    SignalReceived,
)
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker", "bwc-1", "bwc-2", "stranger")
    made.start()
    yield made
    made.stop()


def driver_for(broker: Broker, folder: Path, *, is_time_source: bool = False, **uploads: Any) -> MqttCamera:
    port = free_port()
    told = {
        "id": "net", "driver": "mqtt_camera", "broker": broker.settings(), "spool": folder / "spool",
        "timezone": "Asia/Shanghai", "status_seconds": 0.2, "answer_seconds": 1.0,
        "is_time_source": is_time_source,
        "cameras": [{"id": "bwc-*", "release": "erase", "erase_without_second_copy": True}],
        "uploads": {
            "port": port, "url": f"https://localhost:{port}", "secret": "s" * 32, "reserve_mb": 1,
            "certificate": broker.pki / "broker.crt", "key": broker.pki / "broker.key", "chunk_mb": 1, **uploads,
        },
    }  # fmt: skip
    return MqttCamera(MqttCameraSettings.model_validate(told))


@contextmanager
def running(driver: MqttCamera) -> Iterator[Recorder]:
    """Once it listens: what was said before the broker knew that it would listen, the broker did not keep."""
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        yield seen


def camera_for(broker: Broker, name: str = "bwc-1", **more: Any) -> Camera:
    camera = Camera(name, ("127.0.0.1", broker.port), broker.pki, **more)
    camera.start()
    assert camera.online.wait(10)
    return camera


def files(seen: Recorder) -> list[FileFound]:
    """Each once: what is asked about again is reported again, and is the same to the intake."""
    found = [event for event in seen.events if isinstance(event, FileFound)]
    return list({event.found.identity: event for event in found}.values())


def happenings(seen: Recorder) -> list[str]:
    return [event.event_id for event in seen.events if isinstance(event, SignalReceived) and event.event_id]


def of(seen: Recorder, kind: type, device: str) -> list[Any]:
    return [event for event in seen.of(kind) if getattr(event, "device_id", "") == device]


DIGEST = "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589"  # of b"abcd"


def put(broker: Broker, url: str, piece: bytes, at: str = "") -> int:
    import ssl

    headers = {"Content-Range": at} if at else {}
    request = urllib.request.Request(url, piece, headers, method="PUT")
    try:
        context = ssl.create_default_context(cafile=str(broker.pki / "ca.crt"))
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
