"""A network video recorder emptied by an installed gateway that is killed: each recording once, bit-exact."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.nvr.dahua import FINDER
from drivers.simulators.card import make_video
from tests.e2e.site import Site
from tests.integration.test_nvr import Line


def recorder_of(line: Line, room: str) -> dict[str, Any]:
    return {
        "id": f"nvr-{room}", "driver": "nvr_export", "dialect": line.twin.dialect, "url": f"http://127.0.0.1:{line.port}",
        "user": "gateway", "password": "secret", "unit": "u", "poll_seconds": 0.5, "reserve_mb": 1,
        "channels": [{"id": room, "channel": 1, "room": room}],
    }  # fmt: skip


def test_each_recording_once_through_kills(tmp_path: Path) -> None:
    """Two recorders, one of each dialect."""
    lines = {"room-1": Line("hik_isapi"), "room-2": Line("dahua_cgi")}
    movies: dict[str, list[bytes]] = {room: [] for room in lines}
    for number in range(8):
        make_video(tmp_path / f"{number}.mp4", datetime(2024, 5, 6, 9, 30), 1, number * 30)
        room, line = list(lines.items())[number % 2]
        movies[room].append((tmp_path / f"{number}.mp4").read_bytes())
        line.shoot(movies[room][-1], back=timedelta(minutes=15 * (number // 2) + 20))
    for line in lines.values():
        line.twin.busy, line.twin.cut = 1, 1
        line.up()
    site = Site(
        tmp_path / "site", [recorder_of(line, room) for room, line in lines.items()], ingest={"derive": False}
    )
    try:
        for pause in (2.0, 2.6, 3.2):
            site.start()
            time.sleep(pause)
            site.kill()
        with site.running():
            site.settled(8)
            time.sleep(2)
        with site.running():
            for line in lines.values():
                line.twin.asked.clear()
                site.wait("more rounds", lambda _, asked=line.twin.asked: rounds(asked) > 4)
            asked = [one for line in lines.values() for one in line.twin.asked]
            assert not [one for one in asked if "download" in one or "Loadfile" in one], (
                "known over a restart"
            )
    finally:
        for line in lines.values():
            line.down()
    found = list(site.clips().values())
    for room, expected in movies.items():
        originals = [original for clip, original in found if clip.device_id == room]
        stored = [site.store.path(str(original.stored_as)).read_bytes() for original in originals]
        assert sorted(stored) == sorted(expected)
    assert all(clip.started_at is not None for clip, _ in found)
    left = {path.suffix for path in (site.settings.data / "nvr").rglob("*") if path.is_file()}
    assert left == {".json"}, "taken over, not copied"
    site.verify()


def rounds(asked: list[str]) -> int:
    return sum("search" in one or FINDER in one for one in asked)
