"""Searches that people keep, each for himself."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.device import Refused
from gateway.models import SavedSearch
from gateway.texts import as_read, unseen_in
from gateway.visibility import Viewer

MOST = 20
"""More than that nobody reads."""


def saved(session: Session, viewer: Viewer) -> Sequence[SavedSearch]:
    its = select(SavedSearch).where(SavedSearch.user_id == viewer.user_id)
    return session.exec(its.order_by(col(SavedSearch.name))).all()


def save(session: Session, viewer: Viewer, name: str, query: str) -> None:
    """Raises Refused for one too many, for a name with what is not seen, and for one there is."""
    if unseen_in(name):
        raise Refused("search.odd_name")
    have = {as_read(one.name): one for one in saved(session, viewer)}
    if (there := have.get(as_read(name))) is None and len(have) >= MOST:
        raise Refused("search.too_many", most=MOST)
    if there is not None and there.query != query:
        raise Refused("search.name_taken", name=there.name)
    if there is None:
        session.add(SavedSearch(user_id=viewer.user_id, name=name, query=query))


def remove(session: Session, viewer: Viewer, search_id: str) -> None:
    """Another's, and one that is gone, are left alone."""
    found = session.get(SavedSearch, search_id)
    if found is not None and found.user_id == viewer.user_id:
        session.delete(found)
