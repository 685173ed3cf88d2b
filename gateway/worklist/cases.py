"""Cases that a clip may belong to: what was going on near its time, and what somebody types."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from gateway.models import Activity, CaseAlias, CaseRecord, Clip, Officer
from gateway.models.spans import touches
from gateway.rules import case_number
from gateway.visibility import Viewer, visible

NEAR = timedelta(hours=12)
READ = 400
"""Steps of a day in a large city; the nearest of them are shown."""
LIKE_IT = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as it stands on a button."""

    uid: str
    title: str
    party: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Near:
    """A case with a step near the clip's time: the nearest of its steps."""

    case: Shown
    step: str
    kind: str
    place: str | None
    started_at: datetime
    ended_at: datetime
    apart_s: float
    """Between the clip and the step; 0: they meet."""
    takes_part: bool
    """The clip's officer was there."""
    officers: tuple[str, ...]


def shown(session: Session, viewer: Viewer, uids: Iterable[str]) -> dict[str, Shown]:
    """Those that the viewer may see."""
    wanted = set(uids)
    seen = (col(CaseRecord.uid).in_(wanted), visible(viewer, CaseRecord))
    rows = session.exec(select(CaseRecord).where(*seen)).all() if wanted else ()
    numbers = first_numbers(session, [row.uid for row in rows])
    return {row.uid: Shown(row.uid, row.title, row.party_name, numbers.get(row.uid)) for row in rows}


def first_numbers(session: Session, uids: Sequence[str]) -> dict[str, str]:
    told = select(CaseAlias.case_uid, CaseAlias.raw).where(col(CaseAlias.case_uid).in_(uids))
    return dict(reversed(session.exec(told.order_by(col(CaseAlias.id))).all()))


def near(session: Session, viewer: Viewer, clip: Clip, without: Iterable[str], most: int) -> list[Near]:
    """Cases whose steps lie nearest to a clip's time; first those in which its officer took part."""
    if clip.started_at is None or clip.ended_at is None:
        return []
    left_out = set(without)
    begun, ended = clip.started_at, clip.ended_at
    steps = session.exec(
        select(Activity)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(
            touches(Activity.started_at, Activity.ended_at, begun - NEAR, ended + NEAR),
            col(Activity.withdrawn_at).is_(None),
            visible(viewer, CaseRecord),
        )
        .limit(READ)
    ).all()
    best: dict[str, tuple[bool, float, str, Activity]] = {}
    for step in steps:
        order = clip.officer_id not in step.officers, apart(begun, ended, step), step.id, step
        if step.case_uid not in left_out and (
            step.case_uid not in best or order[:3] < best[step.case_uid][:3]
        ):
            best[step.case_uid] = order
    nearest = sorted(best.values(), key=lambda one: one[:3])[:most]
    known = shown(session, viewer, best)
    names = named(session, {officer for one in nearest for officer in one[3].officers})
    return [
        Near(
            known[step.case_uid], step.id, step.kind, step.place, step.started_at, step.ended_at, far,
            not is_stranger, tuple(names.get(officer, officer) for officer in step.officers),
        )
        for is_stranger, far, _, step in nearest
    ]  # fmt: skip


def apart(begun: datetime, ended: datetime, step: Activity) -> float:
    return max((step.started_at - ended).total_seconds(), (begun - step.ended_at).total_seconds(), 0.0)


def named(session: Session, officers: Iterable[str]) -> dict[str, str]:
    wanted = set(officers)
    return dict(session.exec(select(Officer.id, Officer.name).where(col(Officer.id).in_(wanted))).all())


def like(
    session: Session, viewer: Viewer, typed: str, kinds: Sequence[case_number.Kinds], most: int = LIKE_IT
) -> list[Shown]:
    """By a number in any spelling or its beginning, by words of the title, or of the party's name."""
    typed = typed.strip()
    if not typed:
        return []
    norm = case_number.normalise(typed)
    named_so = or_(
        col(CaseAlias.norm).startswith(norm, autoescape=True) if norm else CaseAlias.norm == typed,
        col(CaseAlias.key).in_(case_number.readings(typed, kinds)),
    )
    by_number = select(CaseAlias.case_uid).where(
        named_so, col(CaseAlias.case_uid).in_(select(CaseRecord.uid).where(visible(viewer, CaseRecord)))
    )
    found = list(dict.fromkeys(session.exec(by_number.limit(most))))
    by_words = select(CaseRecord.uid).where(
        or_(
            col(CaseRecord.title).contains(typed, autoescape=True),
            col(CaseRecord.party_name).contains(typed, autoescape=True),
            CaseRecord.uid == typed,
        ),
        visible(viewer, CaseRecord),
    )
    if len(found) < most:
        found += [uid for uid in session.exec(by_words.limit(most)) if uid not in found]
    known = shown(session, viewer, found)
    return [known[uid] for uid in found if uid in known][:most]
