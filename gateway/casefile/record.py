"""The textual side of a case, in the order of its procedure (执法程序): stages, papers and steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from gateway.law import Law, parents_of, stage_of_form, stages_of
from gateway.models import Activity, CaseRecord, Document
from gateway.rules.stages import UNKNOWN, Stage, stages_named

LAST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A step with the papers that record it, or a paper of no step."""

    stage: str
    """Its id; `unknown_stage` where no pack knows it."""
    step: Activity | None
    documents: tuple[Document, ...]

    @property
    def key(self) -> str:
        return f"step-{self.step.id}" if self.step else f"paper-{self.documents[0].id}"

    @property
    def order(self) -> tuple[datetime, bool, str]:
        if self.step is not None:
            return self.step.started_at, True, self.step.id
        return self.documents[0].issued_at or LAST, False, self.documents[0].id

    def bears(self, document: str | None, activity: str | None) -> bool:
        """Whether a line of that paper, or of that step, stands here."""
        here = self.step is not None and self.step.id == activity
        return here or any(paper.id == document for paper in self.documents)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stage of the case; one that nobody knows has no name of ours."""

    id: str
    name: str
    seed: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return sum(entry.step is not None for entry in self.entries)


def chapters(session: Session, law: Law, case: CaseRecord) -> list[Chapter]:
    """Every stage in its order, also those of which there is nothing yet; what is of no stage comes last."""
    pack = law.packs.of(case.unit_id, parents_of(session))
    stages = stages_of(pack)
    made = {one.id: Chapter(one.id, one.name, one.seed) for one in stages}
    made[UNKNOWN] = Chapter(UNKNOWN, "", "")
    papers, steps = papers_of(session, case.uid), steps_of(session, case.uid)
    recorded = {step.document_id for step in steps if step.document_id}
    by_id = {paper.id: paper for paper in papers}
    for step in steps:
        own = by_id.get(step.document_id or "")
        stage = stage_id(step.stage, stages)
        made[stage].entries.append(Entry(stage, step, (own,) if own else ()))
    for paper in papers:
        if paper.id not in recorded:
            stage = stage_id(stage_of_form(pack, paper.type) or "", stages)
            made[stage].entries.append(Entry(stage, None, (paper,)))
    for chapter in made.values():
        chapter.entries.sort(key=lambda entry: entry.order)
    if not made[UNKNOWN].entries:
        del made[UNKNOWN]
    return list(made.values())


def stage_id(written: str, stages: tuple[Stage, ...]) -> str:
    """One of the seed's words may mean two stages: a step of it begins with the first."""
    named = stages_named(written, stages)
    return named[0].id if named else UNKNOWN


def papers_of(session: Session, uid: str) -> Sequence[Document]:
    standing = select(Document).where(Document.case_uid == uid, col(Document.withdrawn_at).is_(None))
    return session.exec(standing.order_by(col(Document.id))).all()


def steps_of(session: Session, uid: str) -> Sequence[Activity]:
    standing = select(Activity).where(Activity.case_uid == uid, col(Activity.withdrawn_at).is_(None))
    return session.exec(standing.order_by(col(Activity.id))).all()
