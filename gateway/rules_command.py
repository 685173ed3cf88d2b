"""`gateway rules`: check a rule pack, explain a requirement, or see what another pack would change."""

import argparse
import json
from typing import Any

from sqlmodel import func, select

from gateway import linking, rulepacks
from gateway.config import ConfigError, Settings
from gateway.law import parents_of
from gateway.linking.packs import SITE, in_force
from gateway.linking.tally import Tally
from gateway.models import RelinkDue
from gateway.opening import open_database, packs_of
from gateway.rulepacks import RulePack, Sourced, values_of
from gateway.rulepacks.requirements import Catalogue, catalogue, resting_on
from gateway.rulepacks.sourced import cited
from gateway.terminal import plain_console

console = plain_console()
HEAD = {"id", "title", "version"}


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


def compare(settings: Settings, asked: argparse.Namespace) -> int:
    """What a pack would do in the place of the site's or a unit's: values, then links. Nothing is written.

    Raises PackError, and ConfigError for a unit that nobody knows.
    """
    if not asked.target:
        raise ConfigError("which pack? usage: gateway rules compare PACK [--unit UNIT]")
    pack, now = rulepacks.load(asked.target), packs_of(settings)
    database = open_database(settings)
    with database.read() as session:
        parents = parents_of(session)
        if asked.unit is not None and asked.unit not in parents:
            raise ConfigError(f"no unit {asked.unit!r}; known: {', '.join(sorted(parents)) or 'none yet'}")
        waiting = session.exec(select(func.count()).select_from(RelinkDue)).one()
        last = in_force(session, asked.unit or SITE)
    old = last.body if last else now.of(asked.unit, parents).model_dump(mode="json")
    console.print(f"{old['id']}@{old['version']} -> {pack.edition}, for {asked.unit or 'the site'}")
    for place, (before, after) in other_values(old, pack.model_dump(mode="json")).items():
        console.print(f"  {place}: {before} -> {after}", soft_wrap=True)
    if waiting:
        console.print(f"{waiting} changed facts are not worked off yet: what they change is in here as well")
    tally, then = Tally(asked.limit), linking.with_pack(now, pack, asked.unit)
    for page in linking.compared(database, then, asked.unit):
        tally.add(page.effects, page.clips)
    for line in tally.lines():
        console.print(line, soft_wrap=True)
    return 0


def other_values(before: Any, after: Any, place: str = "") -> dict[str, tuple[str, str]]:
    """Each value that differs, by its place; where it comes from does not count."""
    if before == after:
        return {}
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return {place: (brief(before), brief(after))}
    if "value" in after and "value" in before:
        return other_values(before["value"], after["value"], place)
    if not place:
        before, after = ({n: v for n, v in one.items() if n not in HEAD} for one in (before, after))
    names = [*before, *(name for name in after if name not in before)]
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        found |= other_values(before.get(name), after.get(name), f"{place}.{name}".lstrip("."))
    return found


def brief(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}… ({len(value)} entries)"


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
    if isinstance(value, (tuple, list)):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
