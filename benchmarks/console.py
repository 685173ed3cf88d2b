"""The console while six bays are emptied as fast as they give: how long its pages take then."""

import statistics
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import httpx2 as httpx

from benchmarks import devices, peers
from drivers.ports import free_port

Note = Callable[..., None]
REST_S, EVERY_S = 20.0, 0.2
PAGES = ("/docks", "/clips", "/clips?q=0007", "/work", "/cases", "/board", "/equipment", "/reports", "/wall")


def busy(scratch: Path, note: Note) -> None:
    """One person turns five pages a second, among them that of the clip which came last."""
    folder, port = peers.emptied(scratch / "busy"), free_port()
    with devices.full_cards(folder) as cards:
        settings = {**devices.ROOMY, "api": {"port": port}, "devices": cards.devices}
        with devices.gateway(folder, settings, "run", "serve"):
            password = devices.added(folder)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
                devices.signed_in(client, password)
                client.base_url = f"http://127.0.0.1:{port}"
                turned(client, 3.0)
                alone = turned(client, REST_S)
                with cards.drained() as drained:
                    beside = turned(client, devices.SPAN_S)
    every = sorted(one for taken in beside.values() for one in taken)
    slow = max(beside, key=lambda page: statistics.median(beside[page]))
    usual = statistics.median(one for taken in alone.values() for one in taken)
    note(
        "a page while six bays are emptied, p95", every[int(len(every) * 0.95)], "s", 1.0,
        f"{len(every)} pages, median {statistics.median(every):.3f} s, longest {every[-1]:.2f}; slowest: {slow}, "
        f"{statistics.median(beside[slow]):.3f}; median at rest {usual:.3f} s",
        at_least=False,
    )  # fmt: skip
    note(
        "the bays meanwhile", drained.share, "% of their sum", 85,
        f"{drained.size / 1e9:.1f} GB in {drained.seconds:.1f} s",
    )  # fmt: skip
    peers.emptied(folder)


def turned(client: httpx.Client, seconds: float) -> dict[str, list[float]]:
    """Seconds of each page, by page."""
    taken: dict[str, list[float]] = {}
    ends = time.monotonic() + seconds
    for page in cycle((*PAGES, "newest")):
        began = time.monotonic()
        if began > ends:
            return taken
        found = client.get(newest(client) if page == "newest" else page)
        assert found.status_code == 200, (page, found.status_code)
        taken.setdefault(page, []).append(time.monotonic() - began)
        time.sleep(EVERY_S)
    raise AssertionError


def newest(client: httpx.Client) -> str:
    clips = client.get("/api/v1/clips?limit=1").json()["items"]
    return f"/clips/{clips[0]['id']}" if clips else "/clips"
