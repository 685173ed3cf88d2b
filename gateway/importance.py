"""Important files (重点文件): what a person names by an order, beside what the device itself says (R-56).

The device's own mark stays in `declared`; a clip is important if either says so. A person's word does not
depend on whether the device could be reached: it holds for what has come, and for what comes later.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway import custody
from gateway.models import Clip, Finding, OrderRow, Original

ORDER = "mark_important"


def take_named(session: Session, order: OrderRow) -> None:
    """Lock the clips that an order names, before its line of custody: stages take both in this order, too."""
    if ids := named(session, order):
        session.exec(select(Clip).where(col(Clip.id).in_(ids)).order_by(col(Clip.id)).with_for_update()).all()


def mark_named(session: Session, order: OrderRow) -> None:
    """Mark what has come already of the files that an order names, whose line of custody stands."""
    for original_id in named(session, order):
        mark(session, original_id, order.asked_by, {"order": order.id})


def named(session: Session, order: OrderRow) -> Sequence[str]:
    """The originals that hold the bytes of what is named; a camera's path here begins with the file's id."""
    files: Sequence[str] = order.arguments.get("files", ()) if order.kind == ORDER else ()
    ranges: list[Any] = [
        (col(Finding.path) >= f"{file}/".encode()) & (col(Finding.path) < f"{file}0".encode())
        for file in files
    ]
    if not ranges:
        return ()
    wanted = select(Original).join(Finding, col(Finding.original_id) == Original.id)
    found = session.exec(wanted.where(Finding.device_id == order.device_id, or_(*ranges)))
    return sorted({one.duplicate_of or one.id for one in found})


def mark_if_named(session: Session, finding: Finding) -> None:
    """For a file that comes after it was named; its line of custody stands, so who names it now finds it."""
    file = finding.path.partition(b"/")[0].decode("ascii", "replace")
    orders = select(OrderRow).where(OrderRow.kind == ORDER, OrderRow.device_id == finding.device_id)
    for order in session.exec(orders.order_by(col(OrderRow.id))).all():
        if finding.original_id and file in order.arguments.get("files", ()):
            mark(session, finding.original_id, order.asked_by, {"order": order.id})


def carry_over(session: Session, duplicate: Original, twin: Original, actor: str) -> None:
    """The same content came twice: if either is important, the clip that is kept is."""
    gone, kept = session.get(Clip, duplicate.id), session.get(Clip, twin.id)
    if gone is not None and kept is not None and gone.important and not kept.important:
        mark(session, twin.id, actor, {"duplicate": duplicate.id})


def mark(session: Session, original_id: str, actor: str, detail: dict[str, str]) -> None:
    clip = session.get(Clip, original_id, with_for_update=True)
    if clip is None:
        return
    clip.important = True
    session.add(clip)
    original = session.get_one(Original, original_id)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, "MARKED_IMPORTANT", actor, clip.id, (clip,), detail)
