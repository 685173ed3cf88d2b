"""Reads the facts of clips and writes what they are found by."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from gateway.indexing.marks import block
from gateway.indexing.rows import CaseWords, ClipWords, LinkFacts, Made, made
from gateway.models import (
    Activity,
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    ClipSearch,
    Device,
    Link,
    LinkStatus,
    Officer,
    Original,
    State,
)

PAGE = 500
"""Identifiers in one question: SQLite takes no more than some thousands of values."""
CLIPS: Any = (
    select(
        *(col(one) for one in (
            Clip.id, Clip.device_id, Clip.kind, Clip.described, Clip.officer_id, Clip.place, Clip.matter,
            Clip.started_at, Clip.ended_at, Clip.case_no, Clip.quarantine, Clip.unlinked,
            Original.state, Original.name,
        )),
        col(Device.name).label("device_name"), col(Device.unit_id).label("unit"),
        col(Officer.name).label("officer_name"), col(Officer.number).label("officer_number"),
    )
    .join(Original, col(Original.id) == Clip.id)
    .join(Device, col(Device.id) == Clip.device_id)
    .join(Officer, col(Officer.id) == Clip.officer_id, isouter=True)
)  # fmt: skip
LINKS: Any = (
    select(
        *(col(one) for one in (
            Link.clip_id, Link.case_uid, Link.status, Link.verdict, Link.matter, Link.reasons, Activity.kind,
        ))
    )
    .join(Activity, col(Activity.id) == Link.activity_id, isouter=True)
    .where(col(Link.ended_at).is_(None), col(Link.status) != LinkStatus.WITHDRAWN)
)  # fmt: skip


def words_of(session: Session, clips: Sequence[str]) -> list[tuple[str, Made]]:
    """What each of these clips, of at most one page, is found by; of an id that is no clip's, nothing."""
    found = facts_of(session, clips)
    cases = case_words(session, {link.case for one in found for link in one.links})
    return [(one.clip_id, made(one, cases)) for one in found]


def facts_of(session: Session, clips: Sequence[str]) -> list[ClipWords]:
    links: dict[str, list[LinkFacts]] = {}
    for row in session.execute(LINKS.where(col(Link.clip_id).in_(clips)).order_by(col(Link.id))):
        is_confirmed = row.status == LinkStatus.CONFIRMED
        facts = LinkFacts(row.case_uid, is_confirmed, row.verdict, row.matter, row.reasons, row.kind)
        links.setdefault(row.clip_id, []).append(facts)
    found = session.execute(CLIPS.where(col(Clip.id).in_(clips)).order_by(col(Clip.id))).all()
    rooms = in_rooms(session, found)
    return [clip_words(row, links.get(row.id, []), row.id in rooms) for row in found]


def in_rooms(session: Session, found: Sequence[Any]) -> set[str]:
    """Those without a link that the rules found recorded in a room: as they said last."""
    said = {row.id: row.unlinked["code"] for row in found if row.unlinked}
    rooms = {clip for clip, code in said.items() if code == "unlinked.room_idle"}
    if back := [clip for clip, code in said.items() if code == "unlinked.withdrawn"]:
        told = select(col(Link.clip_id), col(Link.reasons)).where(
            col(Link.clip_id).in_(back), col(Link.status) == LinkStatus.WITHDRAWN
        )
        for clip, reasons in session.execute(told):
            rooms |= {clip for one in reasons if one["code"] == "custody.room" and one.get("passed")}
    return rooms


def clip_words(row: Any, links: Iterable[LinkFacts], in_room: bool) -> ClipWords:
    return ClipWords(
        clip_id=row.id, device=row.device_id, unit=row.unit, kind=row.kind, state=row.state.value,
        described=row.described.value, is_aside=row.state is State.QUARANTINED or row.quarantine is not None,
        officer=row.officer_id, place=row.place, matter=row.matter, started_at=row.started_at,
        ended_at=row.ended_at, links=tuple(links), in_room=in_room,
        texts=(row.device_id, row.device_name, row.officer_name, row.officer_number, row.name, row.case_no),
    )  # fmt: skip


def case_words(session: Session, cases: set[str]) -> dict[str, CaseWords]:
    texts: dict[str, list[str]] = {}
    units: dict[str, str | None] = {}
    for some in pages(sorted(cases)):
        told = select(
            *(
                col(one)
                for one in (CaseRecord.uid, CaseRecord.title, CaseRecord.unit_id, CaseRecord.archive_no)
            )
        )
        for row in session.execute(told.where(col(CaseRecord.uid).in_(some))):
            units[row.uid], texts[row.uid] = row.unit_id, [row.title, *filter(None, [row.archive_no])]
        for whose, what in ((CaseAlias.case_uid, CaseAlias.raw), (CaseParty.case_uid, CaseParty.name)):
            for uid, name in session.execute(select(col(whose), col(what)).where(col(whose).in_(some))):
                texts[uid].append(name)
    return {uid: CaseWords(units[uid], tuple(texts[uid])) for uid in texts}


def pages(ids: Sequence[str], size: int = PAGE) -> Iterator[Sequence[str]]:
    for place in range(0, len(ids), size):
        yield ids[place : place + size]


def refresh(session: Session, clips: Iterable[str]) -> None:
    """Make these anew, in the caller's transaction; what is found as before is not written.

    Each is locked before its facts are read: of two who change one clip at once (PostgreSQL), whoever is
    second reads what the first wrote.
    """
    for some in pages(sorted(set(clips))):
        before = locked(session, some)
        found = words_of(session, some)
        if fresh := [clip_id for clip_id, _ in found if clip_id not in before]:
            empty = [{"clip_id": clip_id, "own": "", "of_cases": [], "terms": ""} for clip_id in fresh]
            session.execute(insert(ClipSearch), empty)
            before |= locked(session, fresh)
        rows = [stored(before[clip_id]["number"], clip_id, one) for clip_id, one in found]
        if changed := [row for row in rows if row != before[row["clip_id"]]]:
            session.execute(update(ClipSearch), changed)


def locked(session: Session, clips: Sequence[str]) -> dict[str, dict[str, Any]]:
    columns = [col(getattr(ClipSearch, name)) for name in ClipSearch.model_fields]
    of = select(*columns).where(col(ClipSearch.clip_id).in_(clips)).order_by(col(ClipSearch.clip_id))
    return {row.clip_id: dict(row._mapping) for row in session.execute(of.with_for_update())}


def stored(number: int, clip_id: str, one: Made) -> dict[str, Any]:
    terms = " ".join(sorted({*one.terms, *block(number)}))
    return {
        "number": number, "clip_id": clip_id, "own": one.own, "of_cases": one.of_cases, "terms": terms
    }  # fmt: skip


OF: dict[str, Callable[[str], Any]] = {
    "case": lambda ref: select(col(Link.clip_id)).where(LINKS.whereclause, col(Link.case_uid) == ref),
    "officer": lambda ref: select(col(Clip.id)).where(col(Clip.officer_id) == ref),
    "device": lambda ref: select(col(Clip.id)).where(col(Clip.device_id) == ref),
}
"""Clips that a fact is a fact of."""


def step(session: Session, kind: str, ref: str, after: str, limit: int) -> str | None:
    """Make the next clips of a fact anew; the last of them, or None where there are no more."""
    ids = OF[kind](ref)
    column = ids.selected_columns[0]
    clips = list(
        session.execute(ids.where(column > after).distinct().order_by(column).limit(limit)).scalars()
    )
    refresh(session, clips)
    return clips[-1] if len(clips) == limit else None
