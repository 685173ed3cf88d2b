"""The seven stages of a case and the four of the seed (行政处罚法 art 47; 邢政办字〔2019〕27号)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    name: str
    seed: str
    """The one of the seed's four that it belongs to."""


def stages_named(written: str, stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages that a word means: one by its name or id, more by one of the seed."""
    exact = tuple(stage for stage in stages if written in (stage.name, stage.id))
    return exact or tuple(stage for stage in stages if stage.seed == written)


def seed_stage(written: str, stages: Sequence[Stage]) -> str | None:
    """Which of the seed's four a stage belongs to, as anybody may have written it."""
    found = stages_named(written, stages)
    return found[0].seed if found else None
