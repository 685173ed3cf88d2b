"""What a key does: a decision by the API's own functions on what its reader saw, and then the next item."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, select
from starlette.datastructures import FormData

from api.console.pages import reader_of
from api.console.purposes import purpose_of
from api.console.work.showing import (
    Desk,
    answer,
    counts,
    done_of,
    is_part,
    laid,
    lines_told,
    may_see,
    part,
    path_of,
    queue_of,
    walk,
)
from api.problems import not_found
from api.seeing import must_see, refusal_noted
from api.signin import Db, Labeller, Ruled
from gateway import linking, orders, retrieval
from gateway.database import Database
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.law import Law
from gateway.linking import decisions
from gateway.models import CaseRecord, Clip, Link, LinkStatus, Original, Postponed, now
from gateway.texts import Why
from gateway.visibility import Right, Viewer, visible
from gateway.wording import Reason
from gateway.wording.console import word
from gateway.worklist import deciding, queues
from gateway.worklist.deciding import Did
from gateway.worklist.item import standing
from gateway.worklist.marks import Queue

router = APIRouter()

LATER = timedelta(hours=20)
"""Put off until the next working day begins."""
REASON = TypeAdapter(Why)
LABELS = ("place", "transcript")


async def form_of(request: Request) -> FormData:
    """Of links there may be several: each has a field of its own."""
    return await request.form()


Filled = Annotated[FormData, Depends(form_of)]
Ref = Annotated[str, Form(max_length=64)]


@router.post("/work/{queue}/decide")
def decide(
    request: Request,
    queue: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    form: Filled,
    clip: Ref,
    seen: Annotated[int, Form(ge=0)],
    act: Annotated[str, Form(max_length=200)],
) -> Response:
    """One decision; who comes second is shown what the first one decided, and has decided nothing."""
    wanted = asked(viewer, queue)
    why = why_of(form, act.partition(":")[0], reader_of(request).language)
    try:
        with database.write() as session:
            original = original_of(session, viewer, clip)
            must_be_there(session, clip)
            deciding.lock(session, original)
            if others := deciding.since(session, clip, seen):
                desk = Desk(queue=wanted, problem=deciding.overtaken(others))
                desk.others = lines_told(session, viewer, others)
                return again(request, session, viewer, law, desk, clip)
            Decision(session, viewer, law, original, form, why).carry_out(act)
            did = deciding.done(session, clip, seen)
    except Refused as no:
        return refused(request, database, viewer, law, wanted, clip, no.reason)
    return following(request, database, viewer, law, wanted, clip, did)


def asked(viewer: Viewer, queue: str) -> Queue:
    wanted = queue_of(queue)
    if not may_see(viewer, wanted):
        raise not_found("Queue")
    return wanted


def why_of(form: FormData, act: str, language: str) -> str:
    """What was written, or that it was a quick decision of which nobody wrote the reason."""
    try:
        return REASON.validate_python(form.get("why", ""))
    except ValidationError:
        known = act if act in DEFAULTS else "label"
        return word("en" if language == "en" else "zh", f"work.why_{known}")


DEFAULTS = ("confirm", "withdraw", "link", "label", "undo", "secret", "open")


def original_of(session: Session, viewer: Viewer, clip: str) -> Original:
    found: Original = must_see(session, viewer, Original, clip, "Clip")
    return found


class Decision:
    """By the functions that the API calls, with their checks and their custody."""

    def __init__(
        self, session: Session, viewer: Viewer, law: Law, original: Original, form: FormData, why: str
    ) -> None:
        self.session, self.viewer, self.law, self.original = session, viewer, law, original
        self.form, self.why, self.actor = form, why, viewer.name

    def carry_out(self, act: str) -> None:
        kind, _, about = act.partition(":")
        match kind:
            case "confirm":
                self.confirm(self.link(about))
            case "withdraw":
                decisions.withdraw(self.session, self.link(about), self.actor, self.why)
            case "link":
                self.put(about.strip())
            case "label":
                self.label()
            case "secret":
                self.enter({"secrecy": "state_secret"})
            case "open":
                self.enter({"secrecy": "none"})
            case "retry" if self.viewer.may(Right.OPERATE):
                orders.ask(self.session, "retry", self.actor, clip_id=self.original.id)
            case _:
                raise not_found("Decision")

    def link(self, link_id: str) -> Link:
        found = self.session.get(Link, link_id)
        if found is None or found.clip_id != self.original.id:
            raise not_found("Link")
        decisions.must_stand(self.session, found)
        return found

    def given(self, name: str) -> str:
        value = self.form.get(name, "")
        return value.strip()[:500] if isinstance(value, str) else ""

    def confirm(self, link: Link) -> None:
        matter = self.given(f"matter.{link.id}") or None
        decisions.confirm(self.session, link, self.law.packs, self.actor, self.why, matter)

    def put(self, case: str) -> None:
        """Where one case is proposed and another is chosen, that is a correction of the one."""
        seen = select(CaseRecord.uid).where(CaseRecord.uid == case, visible(self.viewer, CaseRecord))
        if self.session.exec(seen).first() is None:
            raise Refused("worklist.no_case", case=case)
        place = decisions.LinkIn(case=case, activity=self.given(f"step.{case}") or None)
        packs, clip = self.law.packs, self.clip()
        proposed = [one for one in self.standing() if one.status is LinkStatus.PROPOSED]
        if len(proposed) == 1:
            decisions.correct(self.session, proposed[0], place, packs, self.actor, self.why)
        else:
            decisions.add(self.session, clip, place, packs, self.actor, self.why)

    def standing(self) -> list[Link]:
        return list(standing(self.session, self.original.id))

    def label(self) -> None:
        """Labels of the clip, and of each link what it proves: who says that stands by the link."""
        told: dict[str, object] = {name: value for name in LABELS if (value := self.given(name))}
        if at := self.given("captured_at"):
            told["captured_at"] = moment(at, self.law.zone)
        if matter := self.given("matter"):
            told["matter"] = matter
        proved = [one for one in self.standing() if self.says_anew(one)]
        if not told and not proved:
            raise Refused("worklist.nothing_given")
        if told:
            self.enter(told)
        for link in proved:
            self.confirm(link)

    def says_anew(self, link: Link) -> bool:
        return self.given(f"matter.{link.id}") not in {"", link.matter or ""}

    def enter(self, told: dict[str, object]) -> None:
        given = {**told, "why": self.why}
        linking.enter_labels(self.session, self.clip(), self.original, given, self.actor)

    def clip(self) -> Clip:
        found = self.session.get(Clip, self.original.id)
        if found is None:
            raise not_found("Clip")
        return found


def moment(written: str, zone: ZoneInfo) -> datetime:
    """As a date field writes it, in the site's zone."""
    try:
        return datetime.fromisoformat(written).replace(tzinfo=zone)
    except ValueError:
        raise Refused("worklist.nothing_given") from None


def following(
    request: Request, database: Database, viewer: Viewer, law: Law, queue: Queue, clip: str, did: Did | None
) -> Response:
    """The next item, or the same while something of it is left to decide here."""
    with database.read() as session:
        kept = queue in STAYING and queues.has(session, queue, clip)
        next_one = clip if kept else walk(session, viewer, law, queue, clip)
        if next_one is None:  # the end: what came in meanwhile, or was passed over
            next_one = walk(session, viewer, law, queue, None)
            next_one = None if next_one == clip else next_one
        if not is_part(request):
            after = f"?clip={next_one}" if next_one else "?"
            return RedirectResponse(
                f"/work/{queue}{after}&did={did}" if did else f"/work/{queue}{after}", 303
            )
        desk = Desk(queue=queue, done=done_of(session, viewer, did), counts=counts(session, viewer, law))
        laid(session, viewer, law, desk, next_one)
    return answer(request, viewer, desk)


STAYING = (Queue.REVIEW, Queue.PROPOSED, Queue.REJECTED)


def again(request: Request, session: Session, viewer: Viewer, law: Law, desk: Desk, clip: str) -> Response:
    desk.counts = counts(session, viewer, law)
    laid(session, viewer, law, desk, clip)
    return answer(request, viewer, desk)


def refused(
    request: Request, database: Database, viewer: Viewer, law: Law, queue: Queue, clip: str, why: Reason
) -> Response:
    with database.read() as session:
        return again(request, session, viewer, law, Desk(queue=queue, problem=why), clip)


@router.post("/work/{queue}/undo")
def undo(
    request: Request,
    queue: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    clip: Ref,
    did: Annotated[str, Form(max_length=120)],
) -> Response:
    """Back to the clip as it was before one's last decision; never what somebody decided after it."""
    wanted, done = asked(viewer, queue), Did.read(did)
    if done is None or done.clip_id != clip:
        raise not_found("Decision")
    why = why_of(FormData(), "undo", reader_of(request).language)
    try:
        with database.write() as session:
            original = original_of(session, viewer, clip)
            must_be_there(session, clip)
            deciding.lock(session, original)
            deciding.undo(session, original, done, viewer.name, why)
            undone = deciding.done(session, clip, done.last)
    except Refused as no:
        return refused(request, database, viewer, law, wanted, clip, no.reason)
    with database.read() as session:
        desk = Desk(
            queue=wanted,
            done=done_of(session, viewer, undone, is_undo=True),
            counts=counts(session, viewer, law),
        )
        laid(session, viewer, law, desk, clip)
    if not is_part(request):
        return RedirectResponse(f"{path_of(desk)}&did={undone}", 303)
    return answer(request, viewer, desk)


@router.post("/work/{queue}/later")
def later(request: Request, queue: str, viewer: Labeller, database: Db, law: Ruled, clip: Ref) -> Response:
    """Put off: it is passed over in one's own walk until tomorrow; nobody else's work changes."""
    wanted = asked(viewer, queue)
    with database.write() as session:
        original_of(session, viewer, clip)
        key = (viewer.user_id, wanted.value, clip)
        row = session.get(Postponed, key) or Postponed(
            user_id=viewer.user_id, queue=wanted.value, item_id=clip, until=now()
        )
        row.until = now() + LATER
        session.add(row)
    return following(request, database, viewer, law, wanted, clip, None)


@router.post("/work/{queue}/watch")
def watch(request: Request, queue: str, viewer: Labeller, database: Db, law: Ruled, clip: Ref) -> Response:
    """Begin a viewing (调阅): only what is played is watched, and stands in the chain."""
    wanted, purpose = asked(viewer, queue), purpose_of(request, viewer)
    with refusal_noted(database, viewer, clip_id=clip), database.write() as session:
        original = original_of(session, viewer, clip)
        must_be_there(session, clip)
        found = session.get(Clip, clip)
        if found is None:
            raise not_found("Clip")
        may = purpose is not None and viewer.may(Right.VIEW)
        viewing = (
            retrieval.begin(session, found, original, viewer.user_id, viewer.name, purpose or "")
            if may
            else None
        )
    here = f"/work/{wanted}?clip={clip}"
    if not is_part(request):
        return RedirectResponse(f"{here}&viewing={viewing.id}" if viewing else here, 303)
    with database.read() as session:
        desk = laid(session, viewer, law, Desk(queue=wanted), clip)
        desk.viewing = viewing
    return part(request, viewer, desk, "work_player.html")
