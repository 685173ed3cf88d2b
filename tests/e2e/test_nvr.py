"""A network video recorder emptied by an installed gateway that is killed: each recording once, bit-exact."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.simulators.card import make_video
from tests.e2e.site import Site
from tests.integration.test_nvr import Line


def test_each_recording_once_through_kills(tmp_path: Path) -> None:
    line = Line("hik_isapi")
    movies = []
    for number in range(6):
        make_video(tmp_path / f"{number}.mp4", datetime(2024, 5, 6, 9, 30), 1, number * 40)
        movies.append((tmp_path / f"{number}.mp4").read_bytes())
        line.shoot(movies[-1], back=timedelta(minutes=15 * number + 20))
    line.twin.busy, line.twin.cut = 1, 1
    line.up()
    recorder: dict[str, Any] = {
        "id": "nvr", "driver": "nvr_export", "dialect": "hik_isapi", "url": f"http://127.0.0.1:{line.port}",
        "user": "gateway", "password": "secret", "unit": "u", "poll_seconds": 0.5, "reserve_mb": 1,
        "channels": [{"id": "room-1", "channel": 1, "room": "hearing"}],
    }  # fmt: skip
    site = Site(tmp_path / "site", [recorder], ingest={"derive": False})
    try:
        for pause in (2.0, 2.6, 3.2):
            site.start()
            time.sleep(pause)
            site.kill()
        with site.running():
            site.settled(6)
            time.sleep(2)
        with site.running():
            line.twin.asked.clear()
            site.wait("more rounds", lambda _: sum("search" in one for one in line.twin.asked) > 4)
            assert not [one for one in line.twin.asked if "download" in one], "known over a restart"
    finally:
        line.down()
    found = list(site.clips().values())
    stored = [site.store.path(str(original.stored_as)).read_bytes() for _, original in found]
    assert sorted(stored) == sorted(movies)
    assert {clip.device_id for clip, _ in found} == {"room-1"}
    assert all(clip.started_at is not None for clip, _ in found)
    assert not list((site.folder / "nvr").rglob("*.mp4")), "taken over, not copied"
    site.verify()
