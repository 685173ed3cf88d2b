"""A feed whose camera answers late: one at a time in a folder, and nothing is cleared that is another's."""

import threading
import time
from pathlib import Path

from drivers.live import Feed


def test_a_feed_that_still_waits_for_its_camera_is_not_joined_by_another(tmp_path: Path) -> None:
    folder, answer, asked = tmp_path / "live", threading.Event(), []

    def source() -> list[str]:
        asked.append(time.monotonic())
        answer.wait(20)
        return ["-f", "lavfi", "-i", "nothing"]

    feed, stop = Feed("cam", source, 5.0), threading.Event()
    assert feed.hold(folder, stop).done
    while not asked:
        time.sleep(0.01)
    feed.drop()
    refused = feed.hold(folder, stop)
    assert not refused.done
    assert len(asked) == 1
    answer.set()
    assert feed.thread is not None
    feed.thread.join(10)
    answer.clear()
    assert feed.hold(folder, stop).done
    time.sleep(0.3)
    assert folder.is_dir(), "the one before cleared its own"
    assert len(asked) == 2
    stop.set()
    answer.set()
    feed.thread.join(10)
    assert not folder.exists()
