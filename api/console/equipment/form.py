"""The form of one line of the ledger: who has a device, from when to when."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Form, Request, Response
from pydantic import ValidationError
from sqlmodel import Session, col, select

from api.console import pages
from api.console.terms import for_field, local, terms
from api.seeing import must_see
from gateway import roster
from gateway.database import Database
from gateway.holdings import holder_of, serving
from gateway.law import Law
from gateway.ledger import AllocationIn
from gateway.models import Allocation, AllocationKind, Device, Officer, Room, Unit, now
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA, Reason

Text = Annotated[str, Form(max_length=500)]
HOLDERS: dict[str, type[Any]] = {"officer": Officer, "room": Room, "unit": Unit}
MOMENTS = ("valid_from", "valid_to")
TEXTS = ("doc_no", "approved_by", "why")


@dataclass(frozen=True, slots=True)
class Filled:
    """As it was filled in."""

    kind: str = AllocationKind.PERSONAL.value
    holder: str = ""
    """officer:ID, room:ID, unit:ID"""
    valid_from: str = ""
    valid_to: str = ""
    doc_no: str = ""
    approved_by: str = ""
    why: str = ""
    replaces: str = ""

    def given(self, device: str, law: Law) -> AllocationIn:
        """Raises Wrong."""
        holder, _, ref = self.holder.partition(":")
        wrong = [] if holder in HOLDERS and ref else ["holder"]
        told: dict[str, Any] = {name: getattr(self, name).strip() or None for name in TEXTS}
        for name in MOMENTS:
            try:
                told[name] = local(getattr(self, name), law.zone)
            except ValueError:
                wrong.append(name)
        if not self.valid_from:
            wrong.append("valid_from")
        if self.replaces and told["why"] is None:
            wrong.append("why")
        if wrong:
            raise Wrong(wrong)
        try:
            return AllocationIn.model_validate({"device": device, "kind": self.kind, holder: ref, **told})
        except ValidationError as error:
            raise Wrong([str(one["loc"][0]) for one in error.errors()]) from None


class Wrong(Exception):
    """Fields that are not as they have to be."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = frozenset(names)


def filled(
    kind: Text = AllocationKind.PERSONAL.value,
    holder: Text = "",
    valid_from: Text = "",
    valid_to: Text = "",
    doc_no: Text = "",
    approved_by: Text = "",
    why: Text = "",
    replaces: Text = "",
) -> Filled:
    return Filled(kind, holder, valid_from, valid_to, doc_no, approved_by, why, replaces)


Form_ = Annotated[Filled, Depends(filled)]


@dataclass(frozen=True, slots=True)
class About:
    """Which device, and which line of its ledger is to be corrected, if one is."""

    device: Device
    old: Allocation | None
    old_holder: str
    choices: dict[str, list[tuple[str, str]]]
    """Holders by kind: value, name."""


def about(database: Database, viewer: Viewer, device_id: str, replaces: str) -> About:
    """Raises Problem for what the viewer may not see, and for a line of another device."""
    with database.read() as session:
        device = must_see(session, viewer, Device, device_id)
        old = must_see(session, viewer, Allocation, replaces, "Entry") if replaces else None
        if old is not None and old.device_id != device_id:
            must_see(session, viewer, Allocation, "", "Entry")
        return About(device, old, holder_name(session, old), choices(session, viewer))


def holder_name(session: Session, old: Allocation | None) -> str:
    if old is None:
        return ""
    kind, ref = holder_of(old)
    return roster.names_of(session, HOLDERS[kind.value], [ref]).get(ref, ref)


def choices(session: Session, viewer: Viewer) -> dict[str, list[tuple[str, str]]]:
    officers = select(Officer).where(visible(viewer, Officer), serving(now().astimezone(CHINA).date()))
    people = session.exec(officers.order_by(col(Officer.unit_id), col(Officer.id))).all()
    units = roster.names_of(session, Unit, {one.unit_id for one in people})
    found = {
        "officer": [
            (
                f"officer:{one.id}",
                f"{one.name} · {one.number or one.id} · {units.get(one.unit_id, '')}",
            )
            for one in people
        ]
    }
    for kind in ("room", "unit"):
        model = HOLDERS[kind]
        rows = session.exec(select(model.id, model.name).where(visible(viewer, model)).order_by(model.id))
        found[kind] = [(f"{kind}:{ref}", name) for ref, name in rows]
    return found


def as_it_stands(row: Allocation, law: Law) -> Filled:
    kind, ref = holder_of(row)
    return Filled(
        kind=row.kind.value, holder=f"{kind.value}:{ref}", valid_from=for_field(row.valid_from, law.zone),
        valid_to=for_field(row.valid_to, law.zone), doc_no=row.doc_no or "",
        approved_by=row.approved_by or "", replaces=row.id,
    )  # fmt: skip


def show(
    request: Request,
    viewer: Viewer,
    seen: About,
    form: Filled,
    status: int = 200,
    wrong: frozenset[str] = frozenset(),
    refused: Reason | None = None,
) -> Response:
    return pages.page(
        request, "equipment_allocate.html", viewer, status, seen=seen, form=form, wrong=wrong,
        refused=refused, kinds=list(AllocationKind), **terms(request),
    )  # fmt: skip
