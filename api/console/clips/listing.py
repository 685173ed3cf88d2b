"""The list itself: the whole page, or its results alone while somebody types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import Session, col, select

from api.console.clips.asking import LIMIT, Asked, Asking, Chip, chips
from api.console.pages import fragment, page, reader_of
from api.signin import Db, Reader, Ruled
from gateway import search
from gateway.indexing.making import facts_of
from gateway.indexing.rows import ClipWords, missing
from gateway.law import Law
from gateway.linking.placed import places
from gateway.models import CaseRecord, Clip, Described, Device, Officer, Original, Rendition, State
from gateway.rules.findings import Verdict
from gateway.search.places import cases_like
from gateway.search.saved import saved
from gateway.visibility import Right, Viewer, visible
from gateway.worklist import deciding

router = APIRouter()

COUNTED = 1000
"""Beyond that it only says that there are more."""
THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class Line:
    """A clip as one line says it."""

    clip: Clip
    original: Original
    known: ClipWords
    device: str
    officer: str | None
    place: str | None
    cases: tuple[tuple[str, str | None], ...]
    """(uid, title); no title: of another unit."""
    has_picture: bool

    @property
    def name(self) -> str:
        """Of its file, without the folders of the device."""
        return self.original.name.rpartition("/")[2]

    @property
    def signs(self) -> list[tuple[str, str]]:
        """(tone, what it is called): what asks for a look, before what is just said."""
        state, verdicts = self.original.state, {link.verdict for link in self.known.links}
        found = [
            ("neutral", "destroyed", state is State.DESTROYED),
            ("stop", "aside", self.known.is_aside),
            ("work", "describing", self.is_new),
            ("look", "unlinked", self.is_judged and not self.cases),
            ("look", "review", Verdict.NEEDS_REVIEW in verdicts),
            ("look", "rejected", Verdict.REJECTED in verdicts),
            ("work", "unverified", state in {State.FOUND, State.ACQUIRED}),
            ("neutral", "important", self.clip.important),
        ]
        return [(tone, name) for tone, name, holds in found if holds]

    @property
    def is_new(self) -> bool:
        """Nobody knows yet what it is: nothing is missing before that."""
        gone = self.known.is_aside or self.original.state is State.DESTROYED
        return not gone and self.clip.described in {Described.RAW, Described.CHARACTERIZED}

    @property
    def is_judged(self) -> bool:
        return not self.is_new and self.original.state is not State.DESTROYED

    @property
    def lacks(self) -> list[str]:
        return missing(self.known) if self.is_judged else []


@dataclass(frozen=True, slots=True)
class Results:
    lines: list[Line]
    first: str | None
    next: str | None
    chips: list[Chip]
    is_narrowed: bool
    seen: dict[str, int]
    """The last line of each clip's chain that the list knows of, for who may label them."""


@router.get("/clips")
def clips_page(request: Request, viewer: Reader, database: Db, law: Ruled, asked: Asking) -> Response:
    with database.read() as session:
        names = names_of(session, viewer)
        found = results(session, viewer, law, asked, names)
        kept = saved(session, viewer)
    told: dict[str, Any] = {
        "asked": asked, "results": found, "names": names, "kept": kept, "labels": search.MISSING,
        "may_label": viewer.may(Right.LABEL), "may_watch": viewer.may(Right.VIEW), "query": asked.query(),
    }  # fmt: skip
    if request.headers.get("hx-request") and not request.headers.get("hx-history-restore-request"):
        part = fragment(reader_of(request), "clips_results.html", **told)
        headers = {"hx-replace-url": asked.address(), "vary": "hx-request, cookie"}
        return Response(part, media_type="text/html", headers=headers)
    return page(request, "clips.html", viewer, headers={"vary": "hx-request, cookie"}, **told)


@router.get("/clips-found")
def count(request: Request, viewer: Reader, database: Db, asked: Asking) -> Response:
    """How many there are, asked for after the list is shown."""
    with database.read() as session:
        found = search.at_most(session, viewer, asked.wanted(), COUNTED + 1)
    part = fragment(reader_of(request), "clips_count.html", count=min(found, COUNTED), more=found > COUNTED)
    return Response(part, media_type="text/html")


@router.get("/clips-cases")
def cases(request: Request, viewer: Reader, database: Db, law: Ruled, case: str = "") -> Response:
    """Cases to choose from while somebody types where clips belong."""
    with database.read() as session:
        found = cases_like(session, viewer, case, law.packs.number_kinds) if case.strip() else []
    return Response(fragment(reader_of(request), "clips_cases.html", cases=found), media_type="text/html")


def names_of(session: Session, viewer: Viewer) -> dict[str, dict[str, str]]:
    """What may be chosen from, and how what was chosen is called."""
    officers = select(Officer.id, Officer.name).where(visible(viewer, Officer)).order_by(Officer.name)
    devices = select(Device.id, Device.name).where(visible(viewer, Device)).order_by(Device.id)
    return {
        "officer": dict(session.exec(officers).all()),
        "device": {one: name or one for one, name in session.exec(devices) if one},
    }


def results(
    session: Session, viewer: Viewer, law: Law, asked: Asked, names: dict[str, dict[str, str]]
) -> Results:
    found = search.find(session, viewer, asked.wanted(), LIMIT, asked.cursor)
    if asked.case:
        seen = select(CaseRecord.title).where(CaseRecord.uid == asked.case, visible(viewer, CaseRecord))
        names = {**names, "case": {asked.case: session.exec(seen).first() or asked.case}}
    return Results(
        lines=lines(session, viewer, law, found.clips),
        first=asked.address() if asked.cursor else None,
        next=asked.address(cursor=found.next) if found.next else None,
        chips=list(chips(asked, names)),
        is_narrowed=bool(asked.given()),
        seen=deciding.seen_of(session, [clip.id for clip, _ in found.clips])
        if viewer.may(Right.LABEL)
        else {},
    )


def lines(session: Session, viewer: Viewer, law: Law, clips: Sequence[tuple[Clip, Original]]) -> list[Line]:
    ids = [clip.id for clip, _ in clips]
    known = {one.clip_id: one for one in facts_of(session, ids)}
    uids = {link.case for one in known.values() for link in one.links}
    seen = select(CaseRecord.uid, CaseRecord.title).where(
        col(CaseRecord.uid).in_(uids), visible(viewer, CaseRecord)
    )
    titles: dict[str, str] = dict(session.exec(seen).all())
    devices = named(session, Device, {clip.device_id for clip, _ in clips})
    officers = named(session, Officer, {clip.officer_id for clip, _ in clips if clip.officer_id})
    where = places(session, law.packs, [clip for clip, _ in clips])
    pictured = select(Rendition.clip_id).where(col(Rendition.clip_id).in_(ids), Rendition.kind == THUMBNAIL)
    pictures = set(session.exec(pictured))
    return [
        Line(
            clip=clip, original=original, known=known[clip.id],
            device=devices.get(clip.device_id) or clip.device_id, officer=officers.get(clip.officer_id or ""),
            place=where.get(clip.id),
            cases=tuple((uid, titles.get(uid)) for uid in cases_of(known[clip.id])),
            has_picture=clip.id in pictures and original.state is not State.DESTROYED,
        )
        for clip, original in clips
    ]  # fmt: skip


def cases_of(known: ClipWords) -> Iterator[str]:
    """Each once."""
    yield from dict.fromkeys(link.case for link in known.links)


def named(session: Session, model: type[Device] | type[Officer], ids: set[str]) -> dict[str, str]:
    return dict(session.exec(select(model.id, model.name).where(col(model.id).in_(ids))).all())
