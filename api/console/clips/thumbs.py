"""The small picture beside a line, for who may watch."""

from fastapi import APIRouter, Request, Response
from sqlmodel import select

from api.console.clips.listing import THUMBNAIL
from api.media import media
from api.problems import not_found
from api.seeing import must_watch
from api.signin import Db, Watcher
from api.v1.clips import store_of
from gateway.holds import must_be_there
from gateway.models import Rendition

router = APIRouter()

KEPT = "private, max-age=60"
"""Somebody scrolls up and down; the next at this PC, or a clip that became secret, is asked anew soon."""


@router.get("/clips/{clip_id}/thumb")
def thumb(clip_id: str, request: Request, viewer: Watcher, database: Db) -> Response:
    """It is too small to be a viewing."""
    with database.read() as session:
        must_watch(session, viewer, clip_id)
        must_be_there(session, clip_id)
        its = select(Rendition).where(Rendition.clip_id == clip_id, Rendition.kind == THUMBNAIL)
        made = session.exec(its).one_or_none()
    if made is None:
        raise not_found("Rendition")
    answer = media(store_of(request).path(made.stored_as), made.stored_as, made.media_type)
    answer.headers["cache-control"], answer.headers["vary"] = KEPT, "cookie"
    return answer
