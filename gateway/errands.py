"""Lines of errands: in one line they follow one another, and no line waits for another."""

import threading
import time
from collections import deque
from collections.abc import Callable

Errand = Callable[[], None]

LONGEST = 1000


class Errands:
    """Threads are there only while something is to be done, never more than `at_once`.

    A thread does one errand and lets the next line go on: of many lines each gets its turn.
    """

    def __init__(self, name: str, at_once: int, do: Callable[[Errand], None], stop: threading.Event) -> None:
        self.name, self.at_once, self.do, self.stop = name, at_once, do, stop
        self.lock = threading.Lock()
        self.lines: dict[str, deque[Errand]] = {}
        """What waits in each line; a line of which an errand is being done is here though it may be empty."""
        self.ready: deque[str] = deque()
        self.threads: set[threading.Thread] = set()

    def send(self, line: str, errand: Errand) -> bool:
        """False when the line is too long already (ask again later)."""
        with self.lock:
            waiting = self.lines.get(line)
            if waiting is None:
                waiting = self.lines[line] = deque()
                self.ready.append(line)
            if len(waiting) >= LONGEST:
                return False
            waiting.append(errand)
            if self.ready and len(self.threads) < self.at_once:
                thread = threading.Thread(target=self.work, name=self.name, daemon=True)
                thread.start()
                self.threads.add(thread)
        return True

    def work(self) -> None:
        while (taken := self.take()) is not None:
            line, errand = taken
            try:
                self.do(errand)
            finally:
                self.put_back(line)

    def take(self) -> tuple[str, Errand] | None:
        with self.lock:
            if self.stop.is_set() or not self.ready:
                self.threads.discard(threading.current_thread())
                return None
            line = self.ready.popleft()
            return line, self.lines[line].popleft()

    def put_back(self, line: str) -> None:
        with self.lock:
            if self.lines[line]:
                self.ready.append(line)
            else:
                del self.lines[line]

    def join(self, deadline: float) -> None:
        """Wait for what is being done, until a moment (monotonic seconds)."""
        for thread in list(self.threads):
            thread.join(max(0.0, deadline - time.monotonic()))
