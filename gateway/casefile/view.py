"""One page of a case: its steps and papers with what was recorded of each, what is missing, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sqlmodel import Session, col, select

from gateway.casefile.footage import (
    Axis,
    Lane,
    Names,
    Piece,
    Pieces,
    axis_of,
    is_by_days,
    lanes,
    names_in,
    pieces,
)
from gateway.casefile.listing import EVER
from gateway.casefile.record import Chapter, Entry, chapters
from gateway.law import Law
from gateway.models import CaseRecord, Clip, Link, Note, Original, Statement
from gateway.notes import notes_in
from gateway.rules.scope import Mode
from gateway.scope.board import Row, board
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer

ENTRIES = 20
"""Steps and papers of one page."""
CARDS = 5
"""Clips shown below a step; the others stand on a page of their own."""
LANES = 12
FEW_LANES, CROWD = 4, 2000
"""Of a page with more clips than that fewer lanes of each step are drawn: thousands of marks nobody reads."""
CHOICE = 60


@dataclass(frozen=True, slots=True)
class Card:
    """A clip where it is linked: what it is, and why it is linked."""

    piece: Piece
    link: Link
    clip: Clip
    original: Original


@dataclass(frozen=True, slots=True)
class StepView:
    """A step, or what is linked to none; `entry` is None then."""

    entry: Entry | None
    row: Row | None
    axis: Axis | None
    lanes: Sequence[Lane]
    more_lanes: int
    by_days: bool
    footage: Pieces
    cards: Sequence[Card]
    statements: Sequence[Statement]
    notes: Sequence[Note]

    @property
    def owes(self) -> bool:
        return self.row is not None and self.row.owed.mode is not Mode.OPTIONAL

    @property
    def gaps(self) -> tuple[object, ...]:
        """Of what had to be recorded whole and was in part."""
        if self.row is None or self.row.owed.mode is not Mode.FULL or not self.row.footage.parts:
            return ()
        return self.row.duty.recorded.gaps


@dataclass(frozen=True, slots=True)
class CasePage:
    chapters: Sequence[Chapter]
    page: int
    pages: int
    shown: Sequence[tuple[Chapter, Sequence[StepView]]]
    loose: StepView
    """What is linked to the case and to no step of it."""
    names: Names
    firsts: Mapping[str, int]
    """By stage: the page on which it begins."""

    @property
    def steps(self) -> list[StepView]:
        return [*(view for _, views in self.shown for view in views), self.loose]

    @property
    def choice(self) -> list[Piece]:
        """Clips that a line of a paper may be about that belongs to no step."""
        every = {piece.clip: piece for view in self.steps for piece in view.footage.seen[:CHOICE]}
        return list(every.values())[:CHOICE]

    @property
    def listed(self) -> list[str]:
        """Clips of which a person may decide here."""
        return [card.clip.id for view in self.steps for card in view.cards]


def case_page(
    session: Session,
    viewer: Viewer,
    law: Law,
    case: CaseRecord,
    page: int = 1,
    note: str | None = None,
    step: str | None = None,
) -> CasePage:
    """`note`, `step`: the page on which the line of that note, or that step, stands, instead of `page`."""
    told = chapters(session, law, case)
    flat = [(chapter, entry) for chapter in told for entry in chapter.entries]
    pages = max(1, -(-len(flat) // ENTRIES))
    page = page_of(session, flat, case.uid, note, step) or min(max(page, 1), pages)
    here = flat[(page - 1) * ENTRIES : page * ENTRIES]
    steps = [entry.step.id for _, entry in here if entry.step]
    found = pieces(session, viewer, case.uid, steps)
    drawn = Drawing(session, viewer, law, case, [entry for _, entry in here], found)
    shown: list[tuple[Chapter, list[StepView]]] = []
    for chapter, entry in here:
        if not shown or shown[-1][0] is not chapter:
            shown.append((chapter, []))
        shown[-1][1].append(drawn.step(entry))
    firsts: dict[str, int] = {}
    for place, (chapter, _) in enumerate(flat):
        firsts.setdefault(chapter.id, place // ENTRIES + 1)
    return CasePage(told, page, pages, shown, drawn.loose(), drawn.names, firsts)


def page_of(
    session: Session,
    flat: Sequence[tuple[Chapter, Entry]],
    case: str,
    note: str | None,
    step: str | None,
) -> int | None:
    row = session.get(Note, note) if note else None
    is_here = row is not None and row.case_uid == case
    paper, step = (row.document_id, row.activity_id) if row and is_here else (None, step)
    if not paper and not step:
        return None
    places = (place for place, (_, entry) in enumerate(flat) if entry.bears(paper, step))
    place = next(places, None)
    return None if place is None else place // ENTRIES + 1


class Drawing:
    """What a page needs besides its clips, asked once for all of its steps."""

    def __init__(
        self, session: Session, viewer: Viewer, law: Law, case: CaseRecord, entries: Sequence[Entry],
        found: Mapping[str | None, Pieces],
    ) -> None:  # fmt: skip
        self.zone: tzinfo = law.zone
        self.found = found
        self.lanes = LANES if sum(len(one.seen) for one in found.values()) <= CROWD else FEW_LANES
        steps = [entry.step for entry in entries if entry.step]
        ids = frozenset(step.id for step in steps)
        wanted = Wanted(since=EVER[0], until=EVER[1], case=case.uid, steps=ids)
        self.rows = {row.step.id: row for row in board(session, viewer, law, wanted)}
        shown = [piece for one in found.values() for piece in one.seen[:CARDS]]
        self.cards = cards(session, shown)
        self.statements = statements_of(session, ids)
        papers = [paper.id for entry in entries for paper in entry.documents]
        self.notes = notes_in(session, case.uid, papers, sorted(ids))
        people = {one for step in steps for one in step.officers}
        own = (piece for one in found.values() for piece in one.seen)
        self.names = names_in(session, own, people | set(case.handlers))

    def step(self, entry: Entry) -> StepView:
        notes = [one for one in self.notes if entry.bears(one.document_id, one.activity_id)]
        step = entry.step
        if step is None:
            return StepView(entry, None, None, (), 0, False, Pieces([], 0), (), (), notes)
        own = self.found[step.id]
        axis = axis_of(step.started_at, step.ended_at, own.seen)
        by_days = is_by_days(step.started_at, step.ended_at)
        drawn, more = lanes(own.seen, axis, by_days=by_days, zone=self.zone, most=self.lanes)
        return StepView(
            entry, self.rows.get(step.id), axis, drawn, more, by_days, own, self.of(own),
            self.statements.get(step.id, ()), notes,
        )  # fmt: skip

    def loose(self) -> StepView:
        own = self.found[None]
        return StepView(None, None, None, (), 0, False, own, self.of(own), (), ())

    def of(self, own: Pieces) -> list[Card]:
        return [self.cards[piece.link] for piece in own.seen[:CARDS] if piece.link in self.cards]


def cards(session: Session, shown: Iterable[Piece]) -> dict[str, Card]:
    """By link."""
    pieces_by_link = {piece.link: piece for piece in shown}
    rows = session.exec(
        select(Link, Clip, Original)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Link.id).in_(pieces_by_link))
    )
    return {link.id: Card(pieces_by_link[link.id], link, clip, original) for link, clip, original in rows}


def statements_of(session: Session, steps: Iterable[str]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    standing = select(Statement).where(
        col(Statement.activity_id).in_(sorted(steps)), col(Statement.superseded_at).is_(None)
    )
    for one in session.exec(standing.order_by(col(Statement.id))):
        found[one.activity_id].append(one)
    return found
