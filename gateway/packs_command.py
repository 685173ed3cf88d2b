"""`gateway rules compare`: what a rule pack not in force yet would change: links, duties, retention."""

import argparse
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, func, select

from gateway import linking, rulepacks
from gateway.config import ConfigError, Settings
from gateway.law import Law, parents_of
from gateway.linking.packs import SITE, in_force
from gateway.linking.tally import Tally
from gateway.models import RelinkDue
from gateway.models import now as clock
from gateway.opening import open_database, packs_of
from gateway.retention import comparing as retention
from gateway.scope import comparing as obligations
from gateway.terminal import plain_console
from gateway.visibility import units_below

console = plain_console()
HEAD = {"id", "title", "version"}


def compare(settings: Settings, asked: argparse.Namespace) -> int:
    """What a pack would do in the place of the site's or a unit's: values, then what follows. It only reads.

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
    tell(tally.lines())
    at, laws = clock(), (Law.of(settings), Law(then, ZoneInfo(settings.timezone)))
    with database.read() as session:
        units = None if asked.unit is None else units_below(session, asked.unit)
        tell(duties(session, laws, asked.unit, at))
    days = retention.Changes(asked.limit)
    for kept in retention.compared(database, now, then, units, at):
        days.add(kept)
    tell(days.lines())
    return 0


def duties(session: Session, laws: tuple[Law, Law], unit: str | None, at: datetime) -> list[str]:
    found = obligations.compared(session, *laws, unit, at)
    if found is None:
        return [f"duties: of more than {obligations.REACH} steps, so not compared; with --unit, of one unit"]
    return found.lines()


def tell(lines: list[str]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)


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
