"""The units' item lists (音像记录事项清单): which one holds where and when, what its lines mean."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.law import words_of
from gateway.models import ScopeItem, ScopeList
from gateway.rulepacks import RulePack
from gateway.rules.scope import Item, mode_of_item, mode_written
from gateway.wording import Reason, reason


class Lists:
    """All editions of some units, to be asked for many steps."""

    def __init__(self, editions: Iterable[ScopeList], items: Iterable[ScopeItem]) -> None:
        self.editions: dict[str, list[ScopeList]] = defaultdict(list)
        for edition in sorted(editions, key=lambda one: (one.valid_from, one.recorded_at)):
            self.editions[edition.unit_id].append(edition)
        self.lines: dict[str, list[ScopeItem]] = defaultdict(list)
        for item in items:
            self.lines[item.list_id].append(item)
        self.read: dict[tuple[str, str], tuple[Item, ...]] = {}

    @classmethod
    def load(cls, session: Session) -> "Lists":
        current = select(ScopeList).where(col(ScopeList.superseded_at).is_(None))
        editions = session.exec(current).all()
        chosen = col(ScopeItem.list_id).in_([one.id for one in editions])
        return cls(editions, session.exec(select(ScopeItem).where(chosen).order_by(col(ScopeItem.row))))

    def items(self, edition: ScopeList | None, pack: RulePack) -> Sequence[Item]:
        if edition is None:
            return ()
        key = edition.id, pack.edition
        if key not in self.read:
            self.read[key] = tuple(item_of(line, pack) for line in self.lines[edition.id])
        return self.read[key]


def in_force(editions: Iterable[Sequence[ScopeList]], at: datetime) -> ScopeList | None:
    """Of the nearest unit that has one at that moment."""
    for of_unit in editions:
        held = [edition for edition in of_unit if edition.valid_from <= at]
        if held:
            return held[-1]
    return None


def item_of(line: ScopeItem, pack: RulePack) -> Item:
    mode = mode_of_item(texts_of(line), words_of(pack), has_span=bool(line.starts and line.ends))
    return Item(line.id, line.step, line.matter, mode)


def warning_of(line: ScopeItem, pack: RulePack) -> Reason | None:
    """Where neither a word that the pack knows nor two ends tell how much it asks for."""
    if mode_written(texts_of(line), words_of(pack)) is not None or (line.starts and line.ends):
        return None
    return reason("scope.no_mode", row=line.row, mode=item_of(line, pack).mode)


def texts_of(line: ScopeItem) -> tuple[str, ...]:
    return line.demand, line.means, line.content, line.starts, line.ends, line.note
