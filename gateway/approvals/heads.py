"""Who decides as head of which unit: entered by name, for requests are decided by persons, not by roles."""

from collections import defaultdict

from sqlmodel import Session, col, select

from gateway import custody
from gateway.device import Refused
from gateway.law import parents_of
from gateway.models import Clip, Device, Unit, User, ViewApprover, now
from gateway.rulepacks import lineage_of
from gateway.rules.approval import Heads
from gateway.visibility import RIGHTS, Right, Viewer


def heads(session: Session) -> Heads:
    """Of each unit, those whose accounts work: whoever left decides nothing more."""
    found = session.exec(
        select(ViewApprover.unit_id, ViewApprover.user_id)
        .join(User, col(User.id) == ViewApprover.user_id)
        .where(col(ViewApprover.ended_at).is_(None), col(User.disabled).is_(False))
    )
    by_unit: dict[str, set[str]] = defaultdict(set)
    for unit, user in found:
        by_unit[unit].add(user)
    return by_unit


def is_head(session: Session, viewer: Viewer, unit: str | None, known: Heads | None = None) -> bool:
    """Of that unit, or of one above it."""
    known = heads(session) if known is None else known
    return any(viewer.user_id in known.get(one, ()) for one in lineage_of(unit, parents_of(session)))


def may_lift_secrecy(session: Session, viewer: Viewer, clip: Clip) -> bool:
    """Ours: who could have approved that it is watched: lifting opens it to everybody who may watch."""
    return is_head(session, viewer, session.get_one(Device, clip.device_id).unit_id)


def appoint(session: Session, name: str, unit: str, actor: str) -> ViewApprover:
    """Raises Refused for who or what is not there, and for who may not watch footage himself."""
    user = session.exec(select(User).where(User.name == name)).one_or_none()
    if user is None or user.disabled:
        raise Refused("retrieval.no_person", name=name)
    if session.get(Unit, unit) is None:
        raise Refused("scope.unknown_unit", unit=unit)
    if Right.VIEW not in RIGHTS[user.role]:
        raise Refused("retrieval.head_may_not_watch", name=name, role=user.role)
    custody.take(session, custody.SITE)
    if user.id in heads(session).get(unit, ()):
        raise Refused("retrieval.head_already", name=name, unit=unit)
    new = ViewApprover(user_id=user.id, unit_id=unit, entered_by=actor)
    session.add(new)
    custody.append(
        session, custody.SITE, "VIEW_HEAD_ENTERED", actor, new.id, [new], {"user": name, "unit": unit}
    )
    return new


def dismiss(session: Session, appointment: ViewApprover, actor: str) -> None:
    """Once; what was decided stays decided."""
    if appointment.ended_at is not None:
        return
    appointment.ended_at, appointment.ended_by = now(), actor
    session.add(appointment)
    custody.append(session, custody.SITE, "VIEW_HEAD_ENDED", actor, appointment.id, [appointment])
