"""The seven stages of a case and the four of the seed (行政处罚法 art 47; 邢政办字〔2019〕27号)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.rules.scope import fold

UNKNOWN = "unknown_stage"
"""What a step counts under whose stage no pack knows: seen and asked for, no group of its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    name: str
    seed: str
    """The one of the seed's four that it belongs to."""
    aliases: tuple[str, ...] = ()
    """What else a unit's case system calls it."""


@lru_cache(4096)
def stages_named(written: str, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages that a word means: one by its name, id or alias, more by one of the seed."""
    word = fold(written)
    exact = tuple(one for one in stages if word in map(fold, (one.name, one.id, *one.aliases)))
    found = exact or tuple(one for one in stages if fold(one.seed) == word)
    return found if word else ()


def seed_stage(written: str, stages: tuple[Stage, ...]) -> str | None:
    """Which of the seed's four a stage belongs to, as anybody may have written it."""
    seeds = {stage.seed for stage in stages_named(written, stages)}
    return seeds.pop() if len(seeds) == 1 else None


def counted_under(written: str, stages: tuple[Stage, ...]) -> str:
    """Every step is of one group: one of the seed's four, or the one of what is not known."""
    return seed_stage(written, stages) or UNKNOWN


def is_within(written: str, asked: str, stages: tuple[Stage, ...]) -> bool:
    """Whether a step is of the stage that is asked for: 送达 is of 送达执行, which may be 执行 as well."""
    if asked == UNKNOWN:
        return counted_under(written, stages) == UNKNOWN
    told = set(stages_named(written, stages))
    return bool(told) and told <= set(stages_named(asked, stages))


def is_known(asked: str, packs: Sequence[tuple[Stage, ...]]) -> bool:
    return asked == UNKNOWN or any(stages_named(asked, stages) for stages in packs)
