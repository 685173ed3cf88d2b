"""One row by its key, if the viewer may know of it."""

from typing import Any

from sqlmodel import Session, select

from api.problems import not_found
from gateway.models import CaseRecord
from gateway.visibility import Viewer, visible


def must_see(session: Session, viewer: Viewer, model: type[Any], key: str, what: str | None = None) -> Any:
    """404 for what is not there and for what is another's alike; `what` it is called, if not by its model."""
    column = model.uid if model is CaseRecord else model.id
    found = session.exec(select(model).where(column == key, visible(viewer, model))).one_or_none()
    if found is None:
        raise not_found(what or model.__name__)
    return found
