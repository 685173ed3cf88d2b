"""One row by its key, if the viewer may know of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session, select

from api.problems import Problem, not_found
from gateway import retrieval
from gateway.database import Database
from gateway.models import CaseRecord
from gateway.visibility import Viewer, visible


def must_see(session: Session, viewer: Viewer, model: type[Any], key: str, what: str | None = None) -> Any:
    """404 for what is not there and for what is another's alike; `what` it is called, if not by its model."""
    column = model.uid if model is CaseRecord else model.id
    found = session.exec(select(model).where(column == key, visible(viewer, model))).one_or_none()
    if found is None:
        raise not_found(what or model.__name__)
    return found


WHY = {403: "retrieval.not_allowed", 404: "retrieval.not_visible"}


@contextmanager
def refusal_noted(
    database: Database, viewer: Viewer, *, clip_id: str | None = None, device_id: str | None = None
) -> Iterator[None]:
    """Who asks for footage and is not let stands in the chain; the answer is the same as ever."""
    try:
        yield
    except Problem as no:
        if code := WHY.get(no.status_code):
            with database.write() as session:
                retrieval.refused(session, viewer.name, code, clip_id=clip_id, device_id=device_id)
        raise
