"""One row by its key, if the viewer may know of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session, col, select

from api.problems import Problem, not_found
from gateway import retrieval
from gateway.database import Database
from gateway.models import CaseRecord, Clip, Original, RequestedClip, ViewRequest
from gateway.rules.judgement import CLASSIFIED
from gateway.visibility import Right, Viewer, collected, granted, visible, watchable
from gateway.wording import reason, sentence


def must_see(session: Session, viewer: Viewer, model: type[Any], key: str, what: str | None = None) -> Any:
    """404 for what is not there and for what is another's alike; `what` it is called, if not by its model."""
    column = model.uid if model is CaseRecord else model.id
    found = session.exec(select(model).where(column == key, visible(viewer, model))).one_or_none()
    if found is None:
        raise not_found(what or model.__name__)
    return found


def must_have_collected(session: Session, viewer: Viewer, clip_id: str) -> None:
    """403 for who sees a clip by a case that it is linked to: whose footage it is says how long it stays."""
    found = select(Clip.id).where(Clip.id == clip_id, collected(viewer))
    if session.exec(found).first() is None:
        why = reason("hold.not_collected")
        raise Problem(403, sentence(why, "en"), sentence(why, "zh"), code=why["code"])


def must_be_within(viewer: Viewer, unit_id: str) -> None:
    """404 for a unit that is not among his."""
    if not viewer.is_over(unit_id):
        raise not_found("Unit")


WHY = {403: "retrieval.not_allowed", 404: "retrieval.not_visible"}


@contextmanager
def refusal_noted(
    database: Database, viewer: Viewer, *, clip_id: str | None = None, device_id: str | None = None
) -> Iterator[None]:
    """Who asks for footage and is not let stands in the chain; the answer is the same as ever."""
    try:
        yield
    except Problem as no:
        said = no.noted or str(no.more.get("code", ""))
        if code := said if said.startswith("retrieval.") else WHY.get(no.status_code):
            with database.write() as session:
                retrieval.refused(session, viewer.name, code, clip_id=clip_id, device_id=device_id)
        raise


def must_watch(session: Session, viewer: Viewer, clip_id: str) -> tuple[Clip, Original, ViewRequest | None]:
    """A clip whose picture this viewer may watch now, and by which grant where it is not his own right.

    404 for what is not there and what is another's alike; 403 with the reason where he may know that it is
    there: a state secret of his own unit, or a grant of his that has ended.
    """
    found = session.exec(
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(Clip.id == clip_id, watchable(viewer))
    ).one_or_none()
    if found is None:
        raise not_let(session, viewer, clip_id)
    own = select(Clip.id).where(Clip.id == clip_id, visible(viewer, Clip))
    is_own = viewer.may(Right.VIEW) and session.exec(own).first() is not None
    if is_own and found[0].secrecy != CLASSIFIED:
        return *found, None
    return *found, grant_of(session, viewer, found[0])


def grant_of(session: Session, viewer: Viewer, clip: Clip, *, copying: bool = False) -> ViewRequest | None:
    """The one that lasts longest; `copying`: of those that allow copies."""
    opens = (
        granted(viewer).with_only_columns(col(ViewRequest.id)).where(col(RequestedClip.clip_id) == clip.id)
    )
    found = select(ViewRequest).where(col(ViewRequest.id).in_(opens))
    if copying:
        found = found.where(col(ViewRequest.copying).is_(True))
    return session.exec(found.order_by(col(ViewRequest.valid_until).desc()).limit(1)).first()


def not_let(session: Session, viewer: Viewer, clip_id: str) -> Problem:
    named = select(RequestedClip.clip_id).join(ViewRequest, col(ViewRequest.id) == RequestedClip.request_id)
    had = named.where(
        RequestedClip.clip_id == clip_id,
        ViewRequest.user_id == viewer.user_id,
        col(ViewRequest.granted_at).is_not(None),
    )
    own = select(Clip.secrecy).where(Clip.id == clip_id, visible(viewer, Clip))
    if viewer.may(Right.VIEW) and session.exec(own).first() == CLASSIFIED:
        why = reason("retrieval.state_secret")
    elif session.exec(had).first() is not None:
        why = reason("retrieval.grant_over")
    elif not viewer.may(Right.VIEW):
        why = reason("access.not_allowed", role=viewer.role, right=Right.VIEW)
    else:
        return not_found("Clip")
    return Problem(403, sentence(why, "en"), sentence(why, "zh"), code=why["code"])
