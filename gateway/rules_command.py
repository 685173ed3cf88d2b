"""`gateway rules check` and `explain`: without a database, so that they answer at once."""

import argparse
from collections.abc import Mapping
from datetime import time
from typing import Any

from pydantic import BaseModel

from gateway import rulepacks
from gateway.config import ConfigError
from gateway.rulepacks import RulePack, Sourced, values_of
from gateway.rulepacks.requirements import Catalogue, catalogue, resting_on
from gateway.rulepacks.sourced import cited
from gateway.terminal import plain_console

console = plain_console()


def rules(asked: argparse.Namespace, pack: str) -> int:
    """Raises PackError for a pack that cannot be used, ConfigError for an id that nobody knows."""
    if asked.action == "check":
        return check(rulepacks.load(pack))
    return explain(asked.target, rulepacks.load(pack))


def check(pack: RulePack) -> int:
    """What the pack rests on: what nobody has read yet, and what it leaves open."""
    values = values_of(pack)
    unread = [(place, value) for place, value in values if not value.verified]
    console.print(f"{pack.edition} {pack.title}")
    console.print(f"{len(values)} values, {len(values) - len(unread)} verified, digest {pack.digest[:16]}")
    for one in pack.instruments:
        read = "" if one.text_verified else " (text not read 未核对原文)"
        numbers = "、".join(filter(None, (one.number, *one.aliases)))
        console.print(f"  {one.title}{f' {numbers}' if numbers else ''}{read}", soft_wrap=True)
    if unread:
        console.print("not verified, to be confirmed with your own text 待核实:")
        tell(unread)
    return 0


def explain(requirement: str | None, pack: RulePack) -> int:
    known = catalogue()
    if requirement is None:
        for each, asks in known.requirements.items():
            console.print(f"{each:6} {asks.text}", soft_wrap=True)
        return 0
    if requirement in (values := dict(values_of(pack))):
        tell([(requirement, values[requirement])])
        return 0
    name = requirement.upper()
    entry = known.requirements.get(name)
    if entry is None:
        raise ConfigError(f"no requirement {requirement!r}; `gateway rules explain` lists all of them")
    console.print(f"{name}  {entry.text}", soft_wrap=True)
    told = {
        "limit": entry.limit, "basis": entry.basis, "severity": entry.severity,
        "a link that fails it": entry.fails_as, "in the gateway": entry.use,
    }  # fmt: skip
    for word, said in told.items():
        if said:
            console.print(f"  {word}: {said}", soft_wrap=True)
    for source in sources_of(known, entry.basis):
        console.print(f"  {source}", soft_wrap=True)
    resting = resting_on(pack, name)
    if resting:
        console.print(f"values of {pack.edition} that rest on it:")
        tell(resting)
    return 0


def sources_of(known: Catalogue, basis: str) -> list[str]:
    named = sorted(one for one in cited(basis) if one in known.sources)
    return [f"{one}: {known.sources[one].title} {known.sources[one].url or ''}".rstrip() for one in named]


def tell(values: list[tuple[str, Sourced[Any]]]) -> None:
    for place, value in values:
        doubt = "" if value.verified else " (not verified)"
        console.print(f"  {place} = {shown(value.value)}{doubt}", soft_wrap=True)
        console.print(f"      {value.source}", soft_wrap=True)


def shown(value: Any) -> str:
    if value is None:
        return "open"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, BaseModel):
        said = {called(name): part for name, part in value if part not in ((), None)}
        return ", ".join(f"{name} {shown(part)}" for name, part in said.items())
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {shown(part)}" for name, part in value.items())
    if isinstance(value, (tuple, list)):
        between = "; " if any(isinstance(one, BaseModel) for one in value) else ", "
        return between.join(shown(one) for one in value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def called(name: str) -> str:
    return CALLED.get(name, name.replace("_", " "))


CALLED = {
    "party_facing": "facing the party 面对当事人:",
    "compulsory": "compulsory 强制:",
    "penalty_evidence": "evidence for a penalty 处罚证据:",
}
"""Fields of values that a person has to understand without the schema."""
