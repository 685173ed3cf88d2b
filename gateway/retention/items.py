"""What the units' own lists (音像记录事项清单, 储存期限) say of the steps that clips were linked to."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from gateway.itemlists import Lists, in_force
from gateway.law import frame_of, parents_of
from gateway.models import Activity, CaseRecord, Link, LinkStatus, ScopeItem
from gateway.rulepacks import RulePacks, lineage_of
from gateway.rules.keeping import kept
from gateway.rules.retention import ItemPeriod
from gateway.rules.scope import Frame, owed


def periods(
    session: Session, packs: RulePacks, clip_ids: Collection[str]
) -> Mapping[str, frozenset[ItemPeriod]]:
    """By clip. The list that held when a step began decides, as on the board; each link counts."""
    if session.exec(select(ScopeItem.id).where(ScopeItem.keep != "").limit(1)).first() is None:
        return {}
    book = Book(session, packs)
    found: dict[str, set[ItemPeriod]] = defaultdict(set)
    wanted = (
        select(Link.clip_id, Activity, CaseRecord.unit_id)
        .join(Activity, col(Activity.id) == Link.activity_id)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(
            col(Link.clip_id).in_(clip_ids),
            col(Link.ended_at).is_(None),
            Link.status != LinkStatus.WITHDRAWN,
        )
    )
    for clip, step, unit in session.exec(wanted):
        found[clip] |= book.about(step, unit)
    return {clip: frozenset(told) for clip, told in found.items()}


class Book:
    """Every list and the pack of each unit, for many steps."""

    def __init__(self, session: Session, packs: RulePacks) -> None:
        self.packs, self.parents = packs, parents_of(session)
        self.lists = Lists.load(session)
        self.told: dict[str, tuple[str, str]] = {
            line.id: (line.step or line.matter, line.keep)
            for lines in self.lists.lines.values()
            for line in lines
        }
        self.frames: dict[str, Frame] = {}

    def about(self, step: Activity, unit: str | None) -> set[ItemPeriod]:
        pack = self.packs.of(unit, self.parents)
        editions = (self.lists.editions.get(one, []) for one in lineage_of(unit, self.parents))
        edition = in_force(editions, step.started_at)
        if pack.edition not in self.frames:
            self.frames[pack.edition] = frame_of(pack)
        items = owed(step.kind, self.frames[pack.edition], self.lists.items(edition, pack)).items
        told = ((name, kept(cell), cell) for name, cell in (self.told[one] for one in items))
        return {
            ItemPeriod(item=f"{name}：{cell}", months=span.months)
            for name, span, cell in told
            if span is not None
        }
