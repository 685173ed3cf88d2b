"""The same done to many clips: each in a transaction of its own, as for one clip; and all of it undone.

A clip for which it may not be done keeps the others from nothing: its reason is kept beside it. Nothing that
was done is ever erased: undoing it is done, too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, delete, select

from gateway import linking
from gateway.database import Database
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.linking import decisions
from gateway.models import BulkAction, BulkItem, Clip, Link, LinkStatus, Original
from gateway.rulepacks import RulePacks
from gateway.texts import Why
from gateway.visibility import Viewer, visible
from gateway.worklist import deciding

MOST = 200
"""Clips of one action: a page of them."""
Done = tuple[dict[str, Any] | None, str | None]
"""The labels before, or the link that was made."""
Act = Callable[[Session, Clip, Original], Done]


class LabelsIn(BaseModel):
    """What is said of each of them; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    place: str | None = Field(default=None, min_length=1, max_length=200)
    matter: str | None = Field(default=None, min_length=1, max_length=500)


class CaseIn(BaseModel):
    """The case to which all of them belong, whole."""

    model_config = ConfigDict(extra="forbid")
    case: str
    why: Why


def label(
    database: Database, viewer: Viewer, clips: Sequence[str], given: LabelsIn, seen: Mapping[str, int]
) -> str:
    """The id of the action. Clips that the viewer does not see are passed over.

    `seen`: the last line of each clip's chain that its reader's list knew of; what somebody else entered
    after it stays.
    """
    told = given.model_dump(exclude_none=True)

    def act(session: Session, clip: Clip, original: Original) -> Done:
        if "matter" in told and stands_linked(session, clip.id):
            raise Refused("bulk.matter_of_links")
        must_have_seen(session, clip.id, seen.get(clip.id, 0), told, viewer.name)
        before = {name: getattr(clip, name) for name in told}
        linking.enter_labels(session, clip, original, told, viewer.name)
        return before, None

    return carried_out(database, viewer, clips, {"labels": told}, act)


def must_have_seen(session: Session, clip: str, seen: int, told: Mapping[str, Any], actor: str) -> None:
    """Raises Refused where somebody else entered one of these labels after its reader looked."""
    for line in deciding.since(session, clip, seen):
        if line.event == "LABELLED_BY_PERSON" and line.actor != actor and told.keys() & line.detail.keys():
            raise Refused("bulk.labelled_since", by=line.actor, at=line.at.isoformat(timespec="seconds"))


def link(database: Database, viewer: Viewer, clips: Sequence[str], given: CaseIn, packs: RulePacks) -> str:
    place = decisions.LinkIn(case=given.case)

    def act(session: Session, clip: Clip, _: Original) -> Done:
        if stands_linked(session, clip.id, given.case):
            raise Refused("bulk.linked_already")
        return None, decisions.add(session, clip, place, packs, viewer.name, given.why).id

    return carried_out(database, viewer, clips, given.model_dump(), act)


def undo(database: Database, viewer: Viewer, action: BulkAction) -> str:
    """Labels back to what they were, links taken back; what somebody changed since then stays, and says so.

    Raises Refused where nothing is left of it, and for what itself undid something.
    """
    with database.read() as session:
        items = {one.clip_id: one for one in left_of(session, action)}
        if not items:
            raise Refused("link.nothing_to_undo")

    def act(session: Session, clip: Clip, original: Original) -> Done:
        item = items[clip.id]
        if item.link_id:
            made = session.exec(select(Link).where(Link.id == item.link_id).with_for_update()).one()
            decisions.must_stand(session, made)
            decisions.undo(session, made, viewer.name, WHY)
            return None, made.id
        set_to = action.given["labels"]
        if any(getattr(clip, name) != value for name, value in set_to.items()):
            raise Refused("bulk.changed_since")
        linking.enter_labels(session, clip, original, {**(item.before or {}), "why": WHY}, viewer.name)
        return set_to, None

    return carried_out(database, viewer, list(items), {"why": WHY}, act, undoes=action.id)


WHY = "撤销批量操作"


def carried_out(
    database: Database,
    viewer: Viewer,
    clips: Sequence[str],
    given: dict[str, Any],
    act: Act,
    undoes: str | None = None,
) -> str:
    with database.write() as session:
        action = begun_again(session, undoes) or BulkAction(user_id=viewer.user_id, given=given)
        action.undoes = undoes
        session.add(action)
    for clip_id in list(dict.fromkeys(clips))[:MOST]:
        try:
            with database.write() as session:
                one(session, viewer, action.id, clip_id, act)
        except Refused as no:
            with database.write() as session:
                session.add(BulkItem(action_id=action.id, clip_id=clip_id, refused=dict(no.reason)))
    return action.id


def begun_again(session: Session, undoes: str | None) -> BulkAction | None:
    """The undo that did not do all: what it had refused is tried anew."""
    if undoes is None:
        return None
    begun = session.exec(select(BulkAction).where(BulkAction.undoes == undoes)).one_or_none()
    if begun is not None:
        tried = (col(BulkItem.action_id) == begun.id, col(BulkItem.refused).is_not(None))
        session.execute(delete(BulkItem).where(*tried))
    return begun


def one(session: Session, viewer: Viewer, action: str, clip_id: str, act: Act) -> None:
    found = session.exec(
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(Clip.id == clip_id, visible(viewer, Clip))
        .with_for_update()
    ).one_or_none()
    if found is None:
        return
    must_be_there(session, clip_id)
    before, link_id = act(session, *found)
    session.add(BulkItem(action_id=action, clip_id=clip_id, before=before, link_id=link_id))


def stands_linked(session: Session, clip_id: str, case: str | None = None) -> bool:
    standing = select(Link.id).where(
        Link.clip_id == clip_id, col(Link.ended_at).is_(None), Link.status != LinkStatus.WITHDRAWN
    )
    return session.exec(standing.where(Link.case_uid == case) if case else standing).first() is not None


def items_of(session: Session, action: BulkAction) -> Sequence[BulkItem]:
    return session.exec(
        select(BulkItem).where(BulkItem.action_id == action.id).order_by(col(BulkItem.id))
    ).all()


def undone_by(session: Session, action: BulkAction) -> str | None:
    """What undid something of it: an undo of which nothing was done does not count."""
    return session.exec(
        select(BulkAction.id)
        .join(BulkItem, col(BulkItem.action_id) == BulkAction.id)
        .where(BulkAction.undoes == action.id, col(BulkItem.refused).is_(None))
    ).first()


def left_of(session: Session, action: BulkAction) -> Sequence[BulkItem]:
    """What was done and not undone."""
    if action.undoes:
        return ()
    undone = (
        select(BulkItem.clip_id)
        .join(BulkAction, col(BulkAction.id) == BulkItem.action_id)
        .where(BulkAction.undoes == action.id, col(BulkItem.refused).is_(None))
    )
    gone = set(session.exec(undone))
    return [one for one in items_of(session, action) if one.refused is None and one.clip_id not in gone]


def own(session: Session, viewer: Viewer, action_id: str) -> BulkAction | None:
    """What this person did to clips of which he sees at least one."""
    found = session.get(BulkAction, action_id)
    if found is None or found.user_id != viewer.user_id:
        return None
    ids = select(BulkItem.clip_id).where(BulkItem.action_id == action_id)
    seen = select(Clip.id).where(col(Clip.id).in_(ids), visible(viewer, Clip))
    return found if session.exec(seen.limit(1)).first() else None
