"""A case system (twin): tells cases by a feed with a cursor, takes what is written back, and webhooks.

    python -m drivers.simulators.case_system --help     # tells the cases of a file

Faults, one switch each: `away` (the line is closed without an answer), `errors` (so many requests are
answered with 500), `lost` (so many write-backs are taken, and their answer is 500), `repeat` (every case
twice, and the last page's once more), `reorder` (a page's cases in any order), `cut` (the next answer ends
after so many bytes).
"""

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Case = dict[str, Any]


@dataclass
class CaseSystem:
    """`log` is append-only: every change of a case is one more entry, and the cursor counts entries."""

    token: str = ""
    log: list[Case] = field(default_factory=list)
    away: bool = False
    errors: int = 0
    lost: int = 0
    repeat: bool = False
    reorder: bool = False
    cut: int | None = None
    asked: Counter[str] = field(default_factory=Counter)
    """By method and first word of the path, answered or not."""
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every write-back and webhook that came, with its id, as often as it came."""
    applied: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it made of them: each id once."""
    hooks: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    tell: Callable[[str], object] = lambda _: None
    dice: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311
    lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, *cases: Case) -> None:
        with self.lock:
            self.log.extend(cases)

    def page(self, after: int, limit: int) -> dict[str, Any]:
        with self.lock:
            told = self.log[after : after + limit]
            upto, more = after + len(told), after + len(told) < len(self.log)
            if self.repeat:
                told = [*told, *told, *self.log[max(0, after - 1) : after]]
            if self.reorder:
                told = self.dice.sample(told, len(told))
        return {"cases": told, "next": str(upto) if upto else None, "more": more}

    def take(self, event_id: str, body: dict[str, Any]) -> bool:
        """As a receiver should: an id that is known changes nothing. False where its answer is lost."""
        with self.lock:
            self.received.append((event_id, body))
            self.applied.setdefault(event_id, body)
            if self.lost > 0:
                self.lost -= 1
                return False
        self.tell(f"{body.get('kind') or body.get('type')} {body.get('subject', '')}")
        return True

    def server(self, port: int = 0) -> ThreadingHTTPServer:
        """Listening; `serve_forever` in a thread, `shutdown` and `server_close` at the end."""
        system = self

        class Line(Desk):
            twin = system

        server = ThreadingHTTPServer(("127.0.0.1", port), Line)
        server.daemon_threads = True
        return server


class Desk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    twin: CaseSystem

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path != "/cases" or not self.is_heard(address.path):
            return
        asked = parse_qs(address.query)
        after, limit = int(asked.get("after", ["0"])[0]), int(asked.get("limit", ["100"])[0])
        page = self.twin.page(after, limit)
        self.twin.tell(f"cases from {after}: {len(page['cases'])}")
        self.answer(200, page)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.is_heard("/write-back"):
            return
        event_id = self.path.rpartition("/")[2]
        self.answer(200 if self.twin.take(event_id, json.loads(content)) else 500, {})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.is_heard("/hook", signed=True):
            return
        with self.twin.lock:
            self.twin.hooks.append(({name.lower(): value for name, value in self.headers.items()}, content))
        event_id = self.headers.get("webhook-id", "")
        self.answer(204 if self.twin.take(event_id, json.loads(content)) else 500, None)

    def is_heard(self, what: str, *, signed: bool = False) -> bool:
        """Whether it is answered as it should be; else it has been answered otherwise, or not at all."""
        with self.twin.lock:
            self.twin.asked[f"{self.command} {what}"] += 1
            away, failing = self.twin.away, self.twin.errors > 0
            self.twin.errors -= failing and not away
        if away:
            self.close_connection = True
            return False
        if failing:
            self.answer(500, {"error": "twin"})
            return False
        right = f"Bearer {self.twin.token}"
        if self.twin.token and not signed and self.headers.get("authorization") != right:
            self.answer(401, {"error": "token"})
            return False
        return True

    def answer(self, status: int, body: dict[str, Any] | None) -> None:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        cut = self.twin.cut
        if cut is not None and cut < len(content):
            self.twin.cut = None
            self.twin.tell(f"cut at {cut}")
            self.close_connection = True
            content = content[:cut]
        self.wfile.write(content)


if __name__ == "__main__":
    from drivers.simulators.case_system_by_hand import main

    sys.exit(main(sys.argv[1:]))
