"""Viewings whose page was left: they end a moment later, unless it was only loaded again."""

import threading
import time

from gateway import retrieval
from gateway.database import Database
from gateway.models import Viewing, now

REST_S = 15.0
STEP_S = 0.5


class Leaving:
    """Kept in this process alone: what is lost with it ends with its time."""

    def __init__(self, database: Database, stop: threading.Event, rest_s: float = REST_S) -> None:
        self.database, self.stop, self.rest_s = database, stop, rest_s
        self.lock = threading.Lock()
        self.left_at: dict[str, tuple[float, str]] = {}
        self.waiting: threading.Thread | None = None

    def left(self, viewing_id: str, actor: str) -> None:
        if self.stop.is_set():
            self.end(viewing_id, actor)
            return
        with self.lock:
            self.left_at[viewing_id] = time.monotonic(), actor
            if self.waiting is None:
                self.waiting = threading.Thread(target=self.wait, name="leaving", daemon=True)
                self.waiting.start()

    def came_back(self, viewing_id: str) -> None:
        with self.lock:
            self.left_at.pop(viewing_id, None)

    def wait(self) -> None:
        """Until nobody is leaving; when the service stops, whoever has left has left."""
        while not self.is_idle():
            is_over = self.stop.wait(STEP_S)
            for viewing_id, actor in self.gone(0.0 if is_over else self.rest_s):
                self.end(viewing_id, actor)

    def end(self, viewing_id: str, actor: str) -> None:
        with self.database.write() as session:
            retrieval.end(session, session.get_one(Viewing, viewing_id), now(), actor)

    def is_idle(self) -> bool:
        with self.lock:
            if self.left_at:
                return False
            self.waiting = None
            return True

    def gone(self, rest_s: float) -> list[tuple[str, str]]:
        with self.lock:
            over = time.monotonic() - rest_s
            found = [(name, actor) for name, (at, actor) in self.left_at.items() if at <= over]
            for name, _ in found:
                del self.left_at[name]
        return found
