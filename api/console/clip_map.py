"""A track as a plain drawing: no tiles, for there is no network; north is up."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.tracks import Fix

WIDTH, HEIGHT, EDGE = 480.0, 300.0, 34.0
METRES = 111_320.0
"""Of a degree of latitude."""
LEAST_M = 60.0
"""Who stood still is shown standing, not the receiver's noise writ large."""
BAR = WIDTH / 3


@dataclass(frozen=True, slots=True)
class Drawing:
    line: str
    start: tuple[float, float]
    end: tuple[float, float]
    bar_px: float
    bar_m: int
    places: str
    """`[[second, x, y], …]`, for the dot that moves with the player."""
    length_m: float
    fixes: int


def drawn(track: Sequence[Fix]) -> Drawing | None:
    if not track:
        return None
    middle = math.radians((min(f.latitude for f in track) + max(f.latitude for f in track)) / 2)
    east = METRES * math.cos(middle)
    metres = [(fix.longitude * east, -fix.latitude * METRES) for fix in track]
    scale, left, top = frame(metres)
    points = [(round((x - left) * scale, 1), round((y - top) * scale, 1)) for x, y in metres]
    bar_m = round_length(BAR / scale)
    return Drawing(
        line=" ".join(f"{x:g},{y:g}" for x, y in points),
        start=points[0], end=points[-1], bar_px=round(bar_m * scale, 1), bar_m=bar_m,
        places=json.dumps([[round(fix.at_s, 1), *point] for fix, point in zip(track, points, strict=True)]),
        length_m=sum(math.dist(one, other) for one, other in pairwise(metres)),
        fixes=len(track),
    )  # fmt: skip


def frame(metres: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """(pixels of a metre, what is at the left edge, at the top) so that all of it is in the middle."""
    xs, ys = [x for x, _ in metres], [y for _, y in metres]
    wide, high = max(max(xs) - min(xs), LEAST_M), max(max(ys) - min(ys), LEAST_M)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    return scale, (min(xs) + max(xs)) / 2 - WIDTH / 2 / scale, (min(ys) + max(ys)) / 2 - HEIGHT / 2 / scale


def round_length(most: float) -> int:
    """1, 2 or 5 and zeros."""
    ten = 10 ** (len(str(int(max(most, 1)))) - 1)  # a logarithm rounds 999 999.999… up
    return int(max(step * ten for step in (1, 2, 5) if step * ten <= max(most, 1)))
