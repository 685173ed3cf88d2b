"""Every number of every rule, as data with its source."""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import yaml
from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    source: str
    verified: bool


class RulePack(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    values: dict[str, Value]

    def __getitem__(self, name: str) -> float:
        return self.values[name].value


def names() -> list[str]:
    return sorted(item.name.removesuffix(".yaml") for item in files() if item.name.endswith(".yaml"))


def files() -> list[Traversable]:
    return list(resources.files(__name__).iterdir())


@cache
def load(name: str) -> RulePack:
    """Read a pack by name. Raises KeyError, naming the packs there are."""
    if name not in names():
        raise KeyError(f"no rule pack {name!r}; known: {', '.join(names())}")
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return RulePack.model_validate(yaml.safe_load(text))
