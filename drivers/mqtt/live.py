"""Live pictures of connected cameras: told by MQTT where to push, received here, shown like a room's."""

import secrets
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drivers.live import Feed
from drivers.mqtt.push import PushListener
from drivers.ports import free_port
from gateway.config.connected import LiveListenerSettings
from gateway.device import Order, OrderResult, Refused

STALL_S = 10.0
LISTEN_S = 15
OPS = frozenset({"start_live", "stop_live"})


class CameraLive:
    """The feeds of one broker's cameras. The listener is opened when a picture is first wanted."""

    def __init__(
        self, settings: LiveListenerSettings | None, ask: Callable[[Order], OrderResult]
    ) -> None:  # fmt: skip
        """`ask` has a camera carry out an order; it raises Refused or DeviceUnavailable."""
        self.settings, self.ask = settings, ask
        self.listener: PushListener | None = None
        self.feeds: dict[str, Feed] = {}
        self.tokens: dict[str, str] = {}
        self.stop = threading.Event()
        self.opening = threading.Lock()

    def perform(self, order: Order) -> OrderResult:
        """Raises Refused where no listener is configured or it cannot be opened, DeviceUnavailable."""
        if self.settings is None:
            raise Refused("live.no_listener", device=order.device_id)
        device = order.device_id
        if order.kind == "stop_live":
            if feed := self.feeds.pop(device, None):
                feed.drop()
                self.forget(device)
                return self.tell(device, "stop_live", {})
            return OrderResult(done=True)
        with self.opening:  # two cameras may be asked at once
            if self.listener is None or not self.listener.is_alive:
                self.listener = PushListener(self.settings)
                self.listener.start()
        feed = self.feeds.setdefault(device, Feed(device, partial(self.source, device), STALL_S))
        return feed.hold(Path(str(order.arguments["folder"])), self.stop)

    def source(self, device: str) -> list[str]:
        """A port for ffmpeg, an address for the camera, and the camera told of it.

        Raises Refused or DeviceUnavailable if the camera does not want to, or is not there.
        """
        assert self.settings is not None
        assert self.listener is not None
        self.forget(device)
        token, port = secrets.token_urlsafe(24), free_port()
        self.tokens[device], self.listener.expected[token] = token, port
        self.tell(device, "start_live", {"url": f"{self.settings.url}/live/{token}", "transport": "tcp"})
        return [
            "-rtsp_transport", "tcp", "-listen_timeout", str(LISTEN_S), "-analyzeduration", "1000000",
            "-fflags", "+genpts+nobuffer", "-i", f"rtsp://127.0.0.1:{port}/live/{token}",
        ]  # fmt: skip

    def tell(self, device: str, kind: str, arguments: dict[str, object]) -> OrderResult:
        return self.ask(Order(id=secrets.token_hex(8), kind=kind, arguments=arguments, device_id=device))

    def forget(self, device: str) -> None:
        """What was pushed there is no longer taken."""
        token = self.tokens.pop(device, None)
        if token is not None and self.listener is not None:
            self.listener.expected.pop(token, None)

    def close(self, wait_s: float) -> None:
        self.stop.set()
        if self.listener is not None:
            self.listener.close(wait_s)
