"""What checkers found in the cases of a sample, followed up until every fault is settled."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from gateway import custody
from gateway.device import Refused
from gateway.models import CaseRecord, CaseSample, Result, SampleCase, SampleRemark, now
from gateway.visibility import Viewer, visible

LONGEST = 2000
"""Characters of a remark."""
Text = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]
FARTHEST = timedelta(days=366)
"""What is due later is due never: somebody mistyped the year."""
ANSWERING = frozenset({Result.FOLLOWED, Result.SETTLED})


class Checked(StrEnum):
    """Where the check of one case stands."""

    UNCHECKED = "UNCHECKED"
    SOUND = "SOUND"
    OPEN = "OPEN"
    """A fault is not settled yet."""
    SETTLED = "SETTLED"


class RemarkIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    result: Result
    remark: Text | None = Field(default=None, description="needed for all but SOUND")
    due_on: date | None = Field(default=None, description="needed for FAULTY: by when it has to be mended")
    answers: str | None = Field(default=None, description="FOLLOWED, SETTLED: the remark of the fault")
    replaces: str | None = Field(default=None, description="the remark that this one corrects")


def remark(
    session: Session, drawn: CaseSample, case: str, given: RemarkIn, actor: str, zone: ZoneInfo
) -> SampleRemark:
    """Write down what was found; nothing is overwritten. Raises Refused for what does not fit.

    Days are those of `zone`.
    """
    inside = select(SampleCase.id).where(SampleCase.sample_id == drawn.id, SampleCase.case_uid == case)
    if session.exec(inside).first() is None:
        raise Refused("sample.not_drawn", case=case)
    custody.take(session, custody.SITE)  # two who settle one fault at once: the second is told
    standing = remarks_of(session, drawn.id, case)
    check(given, standing, now().astimezone(zone).date())
    not_again(given, standing, actor)
    new = SampleRemark(
        sample_id=drawn.id, case_uid=case, result=given.result, remark=given.remark, due_on=given.due_on,
        answers=given.answers, made_by=actor,
    )  # fmt: skip
    rows = [new]
    if given.replaces is not None:
        [old] = [one for one in standing if one.id == given.replaces]
        old.superseded_at = now()
        rows.append(old)
    session.add_all(rows)
    detail = {"remark": new.id, "case": case, "result": new.result, "replaces": given.replaces}
    custody.append(session, custody.SITE, "SAMPLE_REMARKED", actor, drawn.id, rows, detail)
    return new


def check(given: RemarkIn, standing: Sequence[SampleRemark], today: date) -> None:
    rest = [one for one in standing if one.id != given.replaces]
    if given.replaces is not None:
        if len(rest) == len(standing):
            raise Refused("sample.unknown_remark", remark=given.replaces)
        if any(one.answers == given.replaces for one in rest):
            raise Refused("sample.answered")
    if given.result is not Result.SOUND and given.remark is None:
        raise Refused("sample.says_nothing")
    if (given.answers is not None) is not (given.result in ANSWERING):
        raise Refused("sample.answers_what")
    if given.due_on is not None and given.result is not Result.FAULTY:
        raise Refused("sample.due_without_fault")
    if given.result is Result.FAULTY:
        check_fault(given, standing, rest, today)
    if given.answers is not None and given.answers not in {one.id for one in open_faults(rest)}:
        raise Refused("sample.no_open_fault", remark=given.answers)
    if given.result is Result.SOUND and any(one.result is Result.FAULTY for one in rest):
        raise Refused("sample.fault_stands")


def check_fault(
    given: RemarkIn, standing: Sequence[SampleRemark], rest: Sequence[SampleRemark], today: date
) -> None:
    """A correction may keep its day, also once that is past."""
    if given.due_on is None:
        raise Refused("sample.no_due")
    kept = {one.due_on for one in standing if one.id == given.replaces}
    if given.due_on < today and given.due_on not in kept:
        raise Refused("sample.due_is_past", due=given.due_on.isoformat())
    if given.due_on > today + FARTHEST and given.due_on not in kept:
        raise Refused("sample.due_too_far", due=given.due_on.isoformat())
    for one in open_faults(rest):
        if (one.remark, one.due_on) == (given.remark, given.due_on):
            raise Refused(
                "sample.fault_twice", remark=one.id, at=one.recorded_at.isoformat(), by=one.made_by,
                due=given.due_on.isoformat(),
            )  # fmt: skip


def not_again(given: RemarkIn, standing: Sequence[SampleRemark], actor: str) -> None:
    """A button pressed twice says a thing once."""
    if not standing or given.replaces is not None:
        return
    last = standing[-1]
    before = last.made_by, last.result, last.remark, last.due_on, last.answers
    if before == (actor, given.result, given.remark, given.due_on, given.answers):
        raise Refused("sample.said_already", remark=last.id, at=last.recorded_at.isoformat())


def remarks_of(session: Session, sample_id: str, case: str | None = None) -> list[SampleRemark]:
    """Those that stand, in order of time."""
    found = select(SampleRemark).where(
        SampleRemark.sample_id == sample_id, col(SampleRemark.superseded_at).is_(None)
    )
    if case is not None:
        found = found.where(SampleRemark.case_uid == case)
    return list(session.exec(found.order_by(col(SampleRemark.id))))


def open_faults(standing: Sequence[SampleRemark]) -> list[SampleRemark]:
    settled = {one.answers for one in standing if one.result is Result.SETTLED}
    return [one for one in standing if one.result is Result.FAULTY and one.id not in settled]


def checked(standing: Sequence[SampleRemark]) -> Checked:
    if open_faults(standing):
        return Checked.OPEN
    if any(one.result is Result.FAULTY for one in standing):
        return Checked.SETTLED
    return Checked.SOUND if standing else Checked.UNCHECKED


def faults_seen(session: Session, viewer: Viewer) -> list[tuple[SampleRemark, CaseSample, CaseRecord]]:
    """Faults that are not settled, of every sample, the one that is due first at the top."""
    settled = select(SampleRemark.answers).where(
        SampleRemark.result == Result.SETTLED,
        col(SampleRemark.superseded_at).is_(None),
        col(SampleRemark.answers).is_not(None),
    )
    found = (
        select(SampleRemark, CaseSample, CaseRecord)
        .join(CaseSample, col(CaseSample.id) == SampleRemark.sample_id)
        .join(CaseRecord, col(CaseRecord.uid) == SampleRemark.case_uid)
        .where(
            visible(viewer, SampleRemark),
            SampleRemark.result == Result.FAULTY,
            col(SampleRemark.superseded_at).is_(None),
            col(SampleRemark.id).not_in(settled),
        )
    )
    return list(session.exec(found.order_by(col(SampleRemark.due_on), col(SampleRemark.id))).all())
