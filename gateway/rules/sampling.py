"""Which cases of a frame are drawn: anybody can work it out again with a few lines of any language.

Each case gets the SHA-256, in hexadecimal, of the seed, a line feed and the case's id (UTF-8). Of every
stratum those with the smallest digests are drawn, as many as wanted; equal digests, which nobody will see,
go by id. No generator of random numbers takes part: those differ between languages and versions.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

METHOD = "sha256-1"
"""The name of the above in stored samples: another way of drawing gets another name."""


@dataclass(frozen=True, slots=True)
class Drawn:
    case: str
    stratum: str
    place: int
    """Within its stratum, from 1."""
    digest: str


def rank(seed: str, case: str) -> str:
    return hashlib.sha256(f"{seed}\n{case}".encode()).hexdigest()


def frame_digest(frame: Mapping[str, str]) -> str:
    """SHA-256 of the frame as JSON: stratum by case, keys sorted, no blanks, UTF-8."""
    written = json.dumps(dict(frame), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def draw(seed: str, frame: Mapping[str, str], wanted: int) -> tuple[Drawn, ...]:
    """`wanted` cases of each stratum; `frame` tells the stratum of each case. Fewer where there are fewer."""
    found: list[Drawn] = []
    for stratum in sorted(set(frame.values())):
        inside = (case for case, of in frame.items() if of == stratum)
        found += first(seed, inside, stratum, wanted)
    return tuple(found)


def first(seed: str, cases: Iterable[str], stratum: str, wanted: int) -> list[Drawn]:
    order = sorted((rank(seed, case), case) for case in cases)[:wanted]
    return [Drawn(case, stratum, place, digest) for place, (digest, case) in enumerate(order, 1)]
