"""What stands beside the player: labels, links with their reasons, marks on its length, how long it stays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway import notes, retention, tracks
from gateway.law import Law
from gateway.linking.archivable import why_not
from gateway.linking.clocks import CAPTURED
from gateway.linking.placed import places
from gateway.models import (
    Activity,
    Attachment,
    CaseAlias,
    CaseRecord,
    Clip,
    CustodyEvent,
    Document,
    Link,
    LinkStatus,
    Officer,
    Original,
    State,
    now,
)
from gateway.retention import Judged
from gateway.rules.labels import is_matter_given
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA
from gateway.worklist.deciding import seen_until

LABELS = ("number", "time", "place", "person", "matter")
"""The five of R-01, in its order."""
LABELLED = ("case_no", "place", "matter", "transcript", "secrecy")
"""What a form of labels enters, besides the time."""
MARKS = ("sos", "mark", "mark_important", "tamper", "fall")
"""Signals of a device that stand on the bar; others tell of itself and not of what it saw."""


@dataclass(frozen=True, slots=True)
class Label:
    """One of the five of R-01."""

    name: str
    value: str | None
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the bar: `kind` has its words, `told` a name of its own, `back` where it is written."""

    at_s: float
    kind: str
    told: str = ""
    back: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    uid: str
    title: str
    number: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A link with what it points at; `case` is None where that is not the reader's to see."""

    link: Link
    case: Case | None
    activity: Activity | None
    document: Document | None
    losers: tuple[tuple[Case, dict[str, Any]], ...] = ()
    confirmed: CustodyEvent | None = None
    """By whom and when a person stood by what others made."""

    @property
    def may_be_undone(self) -> bool:
        return self.link.status is not LinkStatus.PROPOSED


@dataclass(frozen=True, slots=True)
class Beside:
    labels: tuple[Label, ...]
    lacks: list[dict[str, Any]]
    officer: Officer | None
    seen: int
    """The last line of the chain that decided something of it."""
    links: list[Card]
    history: list[Card]
    marks: list[Mark]
    track: list[tracks.Fix]
    stays: Judged | None
    floors: list[dict[str, Any]]
    """Every rule that was considered, the one that decides first; a case is called as people call it."""
    attachments: list[tuple[Attachment, Original]]


def beside(session: Session, viewer: Viewer, law: Law, clip: Clip, original: Original) -> Beside:
    seen = seen_until(session, clip.id)  # first: what is decided while the rest is read was not seen
    every = session.exec(select(Link).where(Link.clip_id == clip.id).order_by(col(Link.id).desc())).all()
    cards = cards_of(session, viewer, every)
    standing = [card for card in cards if card.link.ended_at is None]
    officer = session.get(Officer, clip.officer_id) if clip.officer_id else None
    place = places(session, law.packs, [clip]).get(clip.id)
    judged = stays(session, law, clip, original)
    return Beside(
        labels=labels(clip, place, officer, [card.link for card in standing]),
        lacks=why_not(every),
        officer=officer,
        seen=seen,
        links=standing,
        history=[card for card in cards if card.link.ended_at is not None],
        marks=marks(session, viewer, clip, standing),
        track=tracks.of_clip(session, clip),
        stays=judged,
        floors=floors(session, viewer, judged) if judged else [],
        attachments=attachments(session, clip.id),
    )


def cards_of(session: Session, viewer: Viewer, links: Sequence[Link]) -> list[Card]:
    uids = {link.case_uid for link in links} | {lost["case_uid"] for link in links for lost in link.losers}
    cases = cases_of(session, viewer, uids)
    steps = by_id(session, Activity, {link.activity_id for link in links})
    papers = by_id(session, Document, {link.document_id for link in links})
    confirmed = confirmations(session, links)
    return [
        Card(
            link,
            cases.get(link.case_uid),
            steps.get(link.activity_id) if link.case_uid in cases else None,
            papers.get(link.document_id) if link.case_uid in cases else None,
            tuple((cases[lost["case_uid"]], lost) for lost in link.losers if lost["case_uid"] in cases),
            confirmed.get(link.id),
        )
        for link in links
    ]


def confirmations(session: Session, links: Sequence[Link]) -> dict[str, CustodyEvent]:
    """Of what is confirmed: the last that a person said so; of what an undo restored, as it was before."""
    known = {link.id: link for link in links}
    wanted = select(CustodyEvent).where(
        col(CustodyEvent.subject).in_({link.clip_id for link in links}),
        CustodyEvent.event == "LINK_CONFIRMED",
    )
    lines = session.exec(wanted.order_by(col(CustodyEvent.seq))).all()
    last = {line.detail.get("link"): line for line in lines}
    found = {}
    for link in links:
        said: Link | None = link if link.status is LinkStatus.CONFIRMED else None
        while said is not None and said.id not in last:
            said = known.get(said.facts.get("restores", ""))
        if said is not None:
            found[link.id] = last[said.id]
    return found


def cases_of(session: Session, viewer: Viewer, uids: set[str]) -> dict[str, Case]:
    seen = select(CaseRecord.uid, CaseRecord.title).where(
        col(CaseRecord.uid).in_(uids), visible(viewer, CaseRecord)
    )
    titles = dict(session.exec(seen).all())
    wanted = select(CaseAlias).where(col(CaseAlias.case_uid).in_(titles)).order_by(col(CaseAlias.id).desc())
    numbers = {alias.case_uid: alias.raw for alias in session.exec(wanted)}
    return {uid: Case(uid, title, numbers.get(uid)) for uid, title in titles.items()}


def by_id(session: Session, model: Any, ids: set[str | None]) -> dict[str | None, Any]:
    found = session.exec(select(model).where(model.id.in_({one for one in ids if one})))
    return {row.id: row for row in found}


def labels(
    clip: Clip, place: str | None, officer: Officer | None, links: Sequence[Link]
) -> tuple[Label, ...]:
    """证明对象 is said of each link where there are any (LK-13)."""
    matters = [link.matter for link in links if link.status is not LinkStatus.WITHDRAWN]
    said = clip.matter or "；".join(dict.fromkeys(matter for matter in matters if matter))
    person = officer.name if officer else clip.officer_id
    return (
        Label("number", clip.case_no, not clip.case_no),
        Label("time", None, clip.started_at is None),
        Label("place", place, not place),
        Label("person", person, not person),
        Label("matter", said or None, not is_matter_given(clip.matter, matters)),
    )


def labels_in_form(clip: Clip) -> dict[str, str]:
    told = clip.declared.get(CAPTURED)
    at = captured(datetime.fromisoformat(told) if told else None)
    return {**{name: getattr(clip, name) or "" for name in LABELLED}, CAPTURED: at}


def captured(at: datetime | None) -> str:
    """In the site's zone; empty: nobody said."""
    return at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S") if at else ""


def shown(clip: Clip, links: Sequence[Card], typed: Collection[str]) -> dict[str, str]:
    """What the form of its labels shows: those that are said of this clip, and what was typed already."""
    needless = {"matter"} if links else set()
    if clip.kind != "AUDIO" and not clip.transcript:
        needless.add("transcript")
    return {name: value for name, value in labels_in_form(clip).items() if name not in needless - {*typed}}


def marks(session: Session, viewer: Viewer, clip: Clip, cards: Sequence[Card]) -> list[Mark]:
    """What the camera marked, what lines of papers are tied to, where steps of its cases begin and end."""
    found = [Mark(one.at_s, one.kind) for one in tracks.told_during(session, clip, MARKS)]
    noted = notes.notes_of(session, viewer, clip.id)
    found += [Mark(note.at_s, "note", note.line, notes.way_back(note)) for note in noted]
    if clip.started_at is not None and clip.duration_s:
        uids = {card.case.uid for card in cards if card.case}
        for step in steps_during(session, clip, uids):
            found += [
                Mark((at - clip.started_at).total_seconds(), kind, step.kind)
                for at, kind in ((step.started_at, "begins"), (step.ended_at, "ends"))
            ]
    for card in cards:
        if card.link.t0_s is not None and card.link.t1_s is not None:
            found += [Mark(card.link.t0_s, "part_begins"), Mark(card.link.t1_s, "part_ends")]
    length = clip.duration_s or 0.0
    return sorted((one for one in found if 0 <= one.at_s <= length), key=lambda one: one.at_s)


def steps_during(session: Session, clip: Clip, uids: set[str]) -> Sequence[Activity]:
    wanted = select(Activity).where(
        col(Activity.case_uid).in_(uids),
        col(Activity.withdrawn_at).is_(None),
        or_(
            col(Activity.started_at).between(clip.started_at, clip.ended_at),
            col(Activity.ended_at).between(clip.started_at, clip.ended_at),
        ),
    )
    return session.exec(wanted.limit(100)).all()


def stays(session: Session, law: Law, clip: Clip, original: Original) -> Judged | None:
    if original.state in {State.DESTROYED, State.DUPLICATE}:
        return None
    [judged] = retention.judge(session, law.packs, [clip.id], now())
    return judged


def floors(session: Session, viewer: Viewer, judged: Judged) -> list[dict[str, Any]]:
    told = [floor.stored() for floor in judged.deadline.floors]
    cases = cases_of(session, viewer, {one["facts"]["case"] for one in told if "case" in one["facts"]})
    for one in told:
        if uid := one["facts"].get("case"):
            case = cases.get(uid)
            one["facts"] |= {"case": case.number or f"《{case.title}》" if case else "—"}
    return told


def attachments(session: Session, clip_id: str) -> list[tuple[Attachment, Original]]:
    wanted = select(Attachment, Original).join(Original, col(Original.id) == Attachment.id)
    return [(one, original) for one, original in session.exec(wanted.where(Attachment.clip_id == clip_id))]
