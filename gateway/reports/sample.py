"""Draws the cases of a half-yearly check of files (案卷抽查) or of a quarterly online patrol (网上巡查).

Nobody can choose the seed: it is the digest of the custody line that seals the frame, so it depends on the
candidates, on all that happened before and on the microsecond. It is fixed once it is known, and who draws
again leaves a further sample on record, with a reason.
"""

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, func, or_, select

from gateway import custody
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Activity, Basis, CaseRecord, CaseSample, CustodyEvent, SampleCase, Unit, now
from gateway.rules.sampling import METHOD, draw, frame_digest
from gateway.texts import Why
from gateway.visibility import units_below
from gateway.wording import reason

PERIOD = re.compile(r"(\d{4})-(?:H([12])|Q([1-4]))")
MOST = 200


class DrawIn(BaseModel):
    """What to draw: the period says which check it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    unit: str = Field(description="its cases and those of the units below it")
    period: str = Field(
        pattern=r"^\d{4}-(H[12]|Q[1-4])$", examples=["2026-H1"],
        description="a half-year: check of files; a quarter: online patrol",
    )  # fmt: skip
    count: int = Field(ge=1, le=MOST, description="how many cases; of each unit with `per_unit`")
    per_unit: bool = Field(default=False, description="`count` of each unit that has cases, not of all")
    basis: Basis | None = Field(
        default=None, description="CLOSED in the period (of a half-year by default) or ACTIVE in it"
    )
    why: Why | None = Field(
        default=None, description="needed where there is a sample of this unit and period already"
    )


def span_of(period: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of a half-year or quarter to the first after it. Raises Refused."""
    read = PERIOD.fullmatch(period)
    if read is None or not 1900 <= int(read[1]) <= 2200:
        raise Refused("sample.period", period=period)
    year, months = int(read[1]), 6 if read[2] else 3
    first = (int(read[2] or read[3]) - 1) * months + 1
    after = date(year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return datetime.combine(date(year, first, 1), time(), zone), datetime.combine(after, time(), zone)


def basis_of(period: str) -> Basis:
    return Basis.CLOSED if "-H" in period else Basis.ACTIVE


def frame_of(
    session: Session, unit: str, since: datetime, until: datetime, basis: Basis, *, per_unit: bool
) -> dict[str, str]:
    """Every candidate, with its stratum."""
    found = select(CaseRecord.uid, CaseRecord.unit_id).where(
        col(CaseRecord.unit_id).in_(units_below(session, unit)), within(since, until, basis)
    )
    return {uid: (of or "") if per_unit else "" for uid, of in session.exec(found)}


def within(since: datetime, until: datetime, basis: Basis) -> Any:
    closed = (col(CaseRecord.closed_on) >= since) & (col(CaseRecord.closed_on) < until)
    if basis is Basis.CLOSED:
        return closed
    opened = (col(CaseRecord.opened_on) >= since) & (col(CaseRecord.opened_on) < until)
    stepped = select(Activity.case_uid).where(
        Activity.started_at >= since, Activity.started_at < until, col(Activity.withdrawn_at).is_(None)
    )
    return or_(opened, closed, col(CaseRecord.uid).in_(stepped))


def sample(session: Session, law: Law, asked: DrawIn, actor: str) -> CaseSample:
    """Seal the frame, draw, and write both down. Raises Refused where nothing can be drawn."""
    if session.get(Unit, asked.unit) is None:
        raise Refused("scope.unknown_unit", unit=asked.unit)
    since, until = span_of(asked.period, law.zone)
    if since > now():
        raise Refused("sample.not_begun", period=asked.period)
    basis = asked.basis or basis_of(asked.period)
    if basis is Basis.CLOSED and until > now():
        raise Refused("sample.runs", until=until.isoformat())
    custody.take(session, custody.SITE)  # two that draw at once get two numbers
    number = 1 + drawn_before(session, asked.unit, asked.period)
    if number > 1 and not asked.why:
        raise Refused("sample.again", period=asked.period, drawn=number - 1)
    frame = frame_of(session, asked.unit, since, until, basis, per_unit=asked.per_unit)
    if not frame:
        raise Refused("sample.no_case", period=asked.period)
    new = CaseSample(
        unit_id=asked.unit, period=asked.period, number=number, why=asked.why, since=since, until=until,
        basis=basis, per_unit=asked.per_unit, wanted=asked.count, frame=frame,
        frame_digest=frame_digest(frame), method=METHOD, seed="", sealed_by={}, drawn_by=actor,
    )  # fmt: skip
    seal(session, new, actor)
    cases = [
        SampleCase(
            sample_id=new.id, case_uid=one.case, stratum=one.stratum, place=one.place, digest=one.digest
        )
        for one in draw(new.seed, frame, new.wanted)
    ]
    session.add(new)
    session.flush()
    session.add_all(cases)
    custody.append(
        session, custody.SITE, "SAMPLE_DRAWN", actor, new.id, [new, *cases],
        {"seed": new.seed, "cases": [one.case_uid for one in cases]},
    )  # fmt: skip
    return new


def drawn_before(session: Session, unit: str, period: str) -> int:
    last = select(func.max(CaseSample.number)).where(CaseSample.unit_id == unit, CaseSample.period == period)
    return session.exec(last).one() or 0


def seal(session: Session, new: CaseSample, actor: str) -> None:
    """The line that tells the frame; its digest is the seed."""
    told = new.model_dump(include={"unit_id", "period", "number", "why", "basis", "per_unit", "wanted"})
    line = custody.append(
        session, custody.SITE, "FRAME_SEALED", actor, new.id,
        detail={**told, "frame": new.frame_digest, "candidates": len(new.frame), "method": new.method},
    )  # fmt: skip
    new.seed, new.sealed_by = line.digest, {"chain": line.chain, "seq": line.seq}


def cases_of(session: Session, sample_id: str) -> list[SampleCase]:
    found = select(SampleCase).where(SampleCase.sample_id == sample_id)
    return list(session.exec(found.order_by(col(SampleCase.stratum), col(SampleCase.place))))


def seal_of(session: Session, drawn: CaseSample) -> CustodyEvent | None:
    return session.get(CustodyEvent, (drawn.sealed_by["chain"], drawn.sealed_by["seq"]))


def faults(session: Session, drawn: CaseSample) -> list[dict[str, Any]]:
    """What of a sample does not follow from its frame, or its seed from the chain: reasons; none is right."""
    found, line = [], seal_of(session, drawn)
    if frame_digest(drawn.frame) != drawn.frame_digest:
        found.append(reason("sample.frame_differs"))
    if (
        line is None
        or custody.line_digest(line) != drawn.seed
        or line.detail.get("frame") != drawn.frame_digest
    ):
        found.append(reason("sample.seal_differs"))
    again = {(one.case, one.place, one.digest) for one in draw(drawn.seed, drawn.frame, drawn.wanted)}
    stored = {(one.case_uid, one.place, one.digest) for one in cases_of(session, drawn.id)}
    if again != stored:
        found.append(reason("sample.cases_differ", differ=len(again ^ stored)))
    return found
