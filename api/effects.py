"""What a change would do to links, as the API tells it before it is made."""

from collections.abc import Sequence

from pydantic import BaseModel, Field
from sqlmodel import col, select

from gateway.database import Database
from gateway.linking import Effect
from gateway.linking.effects import Target
from gateway.models import CaseRecord, Clip
from gateway.visibility import Viewer, visible


class TargetOut(BaseModel):
    case_uid: str | None = Field(description="null: a case of another unit, which you may not see")
    activity_id: str | None
    verdict: str

    @classmethod
    def of(cls, target: Target, seen: set[str]) -> "TargetOut":
        case, step, verdict = target
        known = case in seen
        return cls(case_uid=case if known else None, activity_id=step if known else None, verdict=verdict)


class EffectOut(BaseModel):
    """One clip that would be linked or labelled otherwise."""

    clip_id: str
    before: list[TargetOut]
    after: list[TargetOut]
    officer_before: str | None
    officer_after: str | None
    stays_by_person: bool = Field(description="a person decided it: it would be flagged, not changed")
    labels: list[str] = Field(description="labels of the clip that would be others", examples=[["case_no"]])


def shown(
    database: Database, viewer: Viewer, found: Sequence[Effect], own: str | None = None
) -> list[EffectOut]:
    """Of the clips that the viewer may see; `own` is a case of the viewer's that may not be stored yet."""
    cases = {case for one in found for case, _, _ in (*one.before, *one.after)}
    seen, clips = {own} if own else set(), set[str]()
    with database.read() as session:
        for ids in chunks(sorted(cases)):
            seen |= set(
                session.exec(
                    select(CaseRecord.uid).where(col(CaseRecord.uid).in_(ids), visible(viewer, CaseRecord))
                )
            )
        for ids in chunks([one.clip_id for one in found]):
            clips |= set(session.exec(select(Clip.id).where(col(Clip.id).in_(ids), visible(viewer, Clip))))
    return [told(one, seen) for one in found if one.clip_id in clips]


def chunks(items: list[str], size: int = 1000) -> list[list[str]]:
    return [items[place : place + size] for place in range(0, len(items), size)]


def told(one: Effect, cases: set[str]) -> EffectOut:
    return EffectOut(
        clip_id=one.clip_id,
        before=[TargetOut.of(target, cases) for target in one.before],
        after=[TargetOut.of(target, cases) for target in one.after],
        officer_before=one.officer_before,
        officer_after=one.officer_after,
        stays_by_person=one.stays_by_person,
        labels=list(one.labels),
    )
