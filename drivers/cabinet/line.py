"""A serial line that several boards may hang on: one thread owns it, and whoever asks waits for its turn."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

from gateway.device import DeviceUnavailable

Port = TypeVar("Port")
Answer = TypeVar("Answer")


class Line(Generic[Port]):
    """Open from the first question of its first user until its last user leaves."""

    def __init__(self, open_port: Callable[[], Port], close_port: Callable[[Port], object]) -> None:
        self.open_port, self.close_port = open_port, close_port
        self.users: set[object] = set()
        self.joining = threading.Lock()
        self.owner: ThreadPoolExecutor | None = None
        self.port: Port | None = None

    def join(self, user: object) -> None:
        with self.joining:
            self.users.add(user)
            self.owner = self.owner or ThreadPoolExecutor(1, "serial line")

    def leave(self, user: object) -> None:
        """Harmless for one that left already."""
        with self.joining:
            self.users.discard(user)
            if not self.users and self.owner is not None:
                self.owner.submit(self.close).result()
                self.owner.shutdown()
                self.owner = None

    def ask(self, question: Callable[[Port], Answer]) -> Answer:
        """In its turn: nobody else is heard or spoken to meanwhile. Raises what the question raises.

        A line that is gone is opened anew by the next question.
        """
        owner = self.owner
        if owner is None:
            raise DeviceUnavailable("cabinet.no_port", port="", error="closed")
        return owner.submit(self.take_turn, question).result()

    def take_turn(self, question: Callable[[Port], Answer]) -> Answer:
        if self.port is None:
            self.port = self.open_port()
        try:
            return question(self.port)
        except DeviceUnavailable as gone:
            if gone.reason["code"] == "cabinet.no_port":
                self.close()
            raise

    def close(self) -> None:
        port, self.port = self.port, None
        if port is not None:
            with suppress(OSError):
                self.close_port(port)
