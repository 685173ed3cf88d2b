"""What a rule pack that is not in force yet would do to links; nothing is written, and no writer waits."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from gateway.database import Database
from gateway.linking.due import BATCH
from gateway.linking.effects import Effect, moves
from gateway.linking.facts import Facts
from gateway.linking.packs import SITE, devices_under, guests, read_otherwise
from gateway.models import Clip
from gateway.rulepacks import RulePack, RulePacks
from gateway.uncollected import uncollected

PAGE = 10 * BATCH
"""Clips on one reading of the facts: that costs as much as judging a batch, and holds a snapshot open."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A page of clips that were looked at, and those of them that would be linked otherwise."""

    clips: int
    effects: tuple[Effect, ...]
    cursor: str | None
    """The last clip; None: there is no more."""


def with_pack(packs: RulePacks, pack: RulePack, unit: str | None) -> RulePacks:
    """These, with another pack for the site or for a unit."""
    if unit is None:
        return RulePacks(pack, packs.of_units)
    return RulePacks(packs.default, {**packs.of_units, unit: pack})


def compared(database: Database, packs: RulePacks, unit: str | None) -> Iterator[Looked]:
    """`packs` as they would be, and whose pack is another: exactly what putting it in force would re-link."""
    with database.read() as session:
        whose = unit or SITE
        keys = {alias.id: key for alias, key in read_otherwise(session, packs, whose)}
    cursor: str | None = ""
    while cursor is not None:
        with database.read() as session, uncollected():
            page = look(session, packs, unit, keys, cursor)
        yield page
        cursor = page.cursor


def look(
    session: Session, packs: RulePacks, unit: str | None, keys: dict[str, str | None], cursor: str
) -> Looked:
    facts = Facts(session, packs)
    facts.steps.rekey(keys)
    wanted = select(Clip).where(col(Clip.times).is_not(None)).order_by(col(Clip.id)).limit(BATCH)
    if unit is not None:
        devices, brought = devices_under(session, unit), guests(session, unit)
        wanted = wanted.where(or_(col(Clip.device_id).in_(devices), col(Clip.id).in_(brought)))
    found: list[Effect] = []
    seen = 0
    while seen < PAGE:
        clips = list(session.exec(wanted.where(Clip.id > cursor)))
        found += moves(facts, clips)
        seen += len(clips)
        if len(clips) < BATCH:
            return Looked(seen, tuple(found), None)
        cursor = clips[-1].id
        session.expunge_all()
    return Looked(seen, tuple(found), cursor)
