"""The units' item lists: stored by edition, with custody."""

import hashlib
from datetime import datetime

from sqlmodel import Session, col, select

from gateway import custody, outbox
from gateway.device import Refused
from gateway.itemlists import Lists, in_force, item_of, warning_of
from gateway.models import ScopeItem, ScopeList, Unit, now
from gateway.scope.reading import ListRead

__all__ = ["Lists", "in_force", "item_of", "store_list", "warning_of"]


def store_list(
    session: Session, read: ListRead, name: str, content: bytes, unit: str, since: datetime, actor: str
) -> ScopeList:
    """Store one edition whole; one that was to hold from the same moment is corrected by it, not lost.

    Raises Refused for a list with faults and a unit that is not there.
    """
    if read.faults:
        raise Refused("scope.refused", count=len(read.faults))
    if session.get(Unit, unit) is None:
        raise Refused("scope.unknown_unit", unit=unit)
    old = session.exec(
        select(ScopeList)
        .where(
            ScopeList.unit_id == unit,
            ScopeList.valid_from == since,
            col(ScopeList.superseded_at).is_(None),
        )
        .with_for_update()
    ).all()
    for one in old:
        one.superseded_at = now()
    edition = ScopeList(
        unit_id=unit,
        valid_from=since,
        title=read.title,
        file_name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by=actor,
    )
    session.add_all((edition, *old))
    session.flush()
    items = [ScopeItem(list_id=edition.id, row=line.row, **line.cells) for line in read.lines]
    session.add_all(items)
    detail = {"unit": unit, "sha256": edition.sha256, "items": len(items)}
    custody.append(
        session, custody.SITE, "SCOPE_LIST_IMPORTED", actor, edition.id, (edition, *old, *items), detail
    )
    outbox.every_duty_moved(session)
    return edition
