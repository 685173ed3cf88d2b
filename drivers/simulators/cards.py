"""A fleet of cards with small real recordings, each its own folder."""

from datetime import datetime, timedelta
from pathlib import Path

from drivers.simulators.card import Camera, make_video
from drivers.simulators.card_faults import Full
from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.faults import Clock, Twice

KINDS = (Clock, Twice, Full)
APART = timedelta(minutes=10)


def record(root: Path, number: int, recordings: int, seconds: int, faults: tuple[Fault, ...]) -> Path:
    """One card whose camera recorded every ten minutes up to now, by its own clock."""
    clock, twice = only(faults, Clock), only(faults, Twice)
    now = datetime.now().replace(microsecond=0) + timedelta(seconds=clock.seconds if clock else 0)
    camera = Camera(root, root.name, f"{number:06}")
    made = [
        camera.record(now - back * APART, seconds, hue=(40 * number + 90 * back) % 360)
        for back in range(recordings, 0, -1)
    ]
    if twice:
        for place in range(2):
            path = root / "DCIM" / f"{100 + place}MEDIA" / twice.name
            make_video(path, now - APART / (2 + place), seconds, 60 + 120 * place)
    if made and only(faults, Full):
        with made[-1].open("rb+") as file:
            file.truncate(made[-1].stat().st_size // 2)
    return root


def names(count: int) -> list[str]:
    return [f"{number:04}" for number in range(1, count + 1)]
