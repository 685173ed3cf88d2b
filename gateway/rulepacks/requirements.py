"""What each requirement id means, where it comes from, and which values of a pack rest on it."""

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from gateway.rulepacks.shape import RulePack
from gateway.rulepacks.sourced import Sourced, cited, values_of


class Requirement(BaseModel):
    """One line of the digest of the law: R- what is asked, AL- of equipment, LK- of a link."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    basis: str
    limit: str | None = None
    use: str | None = None
    severity: str | None = None
    fails_as: str | None = None


class Text(BaseModel):
    """A text that requirements come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    url: str | None = None


class Catalogue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    requirements: dict[str, Requirement]
    sources: dict[str, Text]


@cache
def catalogue() -> Catalogue:
    text = (resources.files("gateway.rulepacks") / "requirements.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(yaml.safe_load(text))


def resting_on(pack: RulePack, requirement: str) -> list[tuple[str, Sourced[object]]]:
    """The values of a pack that name a requirement, each with its place."""
    return [(place, value) for place, value in values_of(pack) if requirement in cited(value.source)]
