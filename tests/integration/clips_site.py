"""What the pages of the list of clips need beside what the API's tests have: thumbnails, and what was done to many."""

from sqlmodel import Session, select

from gateway.models import BulkAction, BulkItem, Rendition, Role, User
from gateway.models import SavedSearch as Saved


def seed_many(session: Session) -> None:
    """Of each unit's clip a thumbnail; a user of each role has said a place of it, together with no other."""
    for proxy in session.exec(select(Rendition).where(Rendition.kind == "proxy")).all():
        told = proxy.model_dump(exclude={"id", "kind", "media_type"})
        session.add(Rendition(**told, kind="thumbnail", media_type="image/jpeg"))
    for role in Role:
        user = session.exec(select(User).where(User.name == f"user-{role.value}")).one()
        for unit in ("u", "v"):
            name = f"many-{role.value}-{unit}"
            session.add(BulkAction(id=name, user_id=user.id, given={"labels": {"place": "桥东区"}}))
            session.flush()
            session.add(BulkItem(action_id=name, clip_id=f"clip-{unit}", before={"place": None}))
    session.add(Saved(id="kept-u", user_id=user.id, name="食品", query="q=食品"))
