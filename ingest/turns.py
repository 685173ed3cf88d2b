"""Whose turn it is: the sources share fairly what can be done at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ingest.stage import Stopping

LOOK_S = 0.5


@dataclass(eq=False, slots=True)
class Ticket:
    source: str
    important: bool = False
    called: threading.Event = field(default_factory=threading.Event)


class Turns:
    """At most `at_once` in all and `each` of one source; a source that has less than others goes first.

    A camera full of clips thus never keeps the one in the next bay waiting. What is important goes first
    among those of its own source: it takes no other source's turn.
    """

    def __init__(self, at_once: int, each: int) -> None:
        self.at_once, self.each = at_once, each
        self.lock = threading.Lock()
        self.waiting: list[Ticket] = []
        self.running: Counter[str] = Counter()

    @contextmanager
    def turn(self, source: str, stop: threading.Event, *, important: bool = False) -> Iterator[bool]:
        """Wait for a turn; says whether it took waiting. Raises Stopping when the process goes down."""
        ticket = Ticket(source, important)
        with self.lock:
            self.waiting.append(ticket)
            self.call()
        waited = not ticket.called.is_set()
        try:
            while not ticket.called.wait(LOOK_S) and not stop.is_set():
                pass
            if stop.is_set():
                raise Stopping
            yield waited
        finally:
            self.leave(ticket)

    def call(self) -> None:
        """Let in all that may go now."""
        while self.running.total() < self.at_once:
            free = [ticket for ticket in self.waiting if self.running[ticket.source] < self.each]
            if not free:
                return
            # of equals, the one that came first
            chosen = self.take(min(free, key=lambda ticket: self.running[ticket.source]).source)
            self.running[chosen.source] += 1
            chosen.called.set()

    def take(self, source: str) -> Ticket:
        """The next of a source; those of it that were passed over move up to no other source's place."""
        places = [place for place, ticket in enumerate(self.waiting) if ticket.source == source]
        chosen, *others = sorted((self.waiting[place] for place in places), key=lambda one: not one.important)
        for place, ticket in zip(places[1:], others, strict=True):
            self.waiting[place] = ticket
        del self.waiting[places[0]]
        return chosen

    def leave(self, ticket: Ticket) -> None:
        with self.lock:
            if ticket.called.is_set():
                self.running[ticket.source] -= 1
                if not self.running[ticket.source]:
                    del self.running[ticket.source]
            else:
                self.waiting.remove(ticket)
            self.call()
