"""A new line of the ledger, or the correction of one: who has a device, from when to when."""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import ValidationError
from sqlmodel import Session

from api.console import pages
from api.console.equipment import trying
from api.console.equipment.effects import Shown
from api.console.equipment.form import HOLDERS, Text, choices, entry_of, moment
from api.console.forms import Wrong
from api.console.terms import for_field, terms
from api.seeing import must_see
from api.signin import Db, LedgerKeeper, Ruled
from api.v1 import devices, links
from gateway import roster
from gateway.database import Database
from gateway.holdings import holder_of
from gateway.law import Law
from gateway.ledger import AllocationIn
from gateway.models import Allocation, AllocationKind, Device
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

PATH = "/devices/{device_id}/allocate"
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


@dataclass(frozen=True)
class Line:
    """See `trying.Line`."""

    request: Request
    viewer: Viewer
    database: Database
    law: Law
    device: Device
    old: Allocation | None
    old_holder: str
    choices: dict[str, list[tuple[str, str]]]
    """Holders by kind: value, name."""
    told: Filled = field(default_factory=Filled)

    def given(self) -> links.Correction:
        holder, _, ref = self.told.holder.partition(":")
        wrong = [] if holder in HOLDERS and ref else ["holder"]
        told: dict[str, Any] = {name: getattr(self.told, name).strip() or None for name in TEXTS}
        for name in MOMENTS:
            before = getattr(self.old, name) if self.old else None
            try:
                told[name] = moment(getattr(self.told, name), before, self.law.zone)
            except ValueError:
                wrong.append(name)
        if not self.told.valid_from:
            wrong.append("valid_from")
        if self.old and told["why"] is None:
            wrong.append("why")
        if wrong:
            raise Wrong(wrong)
        asked = {"device": self.device.id, "kind": self.told.kind, holder: ref, **told}
        try:
            given = AllocationIn.model_validate(asked)
        except ValidationError as error:
            raise Wrong([str(one["loc"][0]) for one in error.errors()]) from None
        return links.Correction(allocation=given, replaces=self.told.replaces or None)

    def enter(self, given: links.Correction) -> str:
        assert given.allocation is not None
        if given.replaces:
            made = devices.correct_allocation(given.replaces, given.allocation, self.viewer, self.database)
        else:
            made = devices.add_allocation(given.allocation, self.viewer, self.database)
        return f"/devices/{quote(self.device.id)}?entered={made.id}"

    def form(
        self, status: int = 200, wrong: frozenset[str] = frozenset(), refused: Reason | None = None
    ) -> Response:
        return pages.page(
            self.request, "equipment_allocate.html", self.viewer, status, line=self, form=self.told,
            wrong=wrong, refused=refused, kinds=list(AllocationKind), **terms(self.request),
        )  # fmt: skip

    def preview(self, given: links.Correction, found: Shown, *, anew: bool = False) -> Response:
        return pages.page(
            self.request, "equipment_allocate_preview.html", self.viewer, 409 if anew else 200,
            device=self.device, old=self.old, given=given.allocation, found=found, anew=anew,
            was=self.old_holder, will=self.chosen(), fields=asdict(self.told),
            action=f"/devices/{quote(self.device.id)}/allocate", **terms(self.request),
        )  # fmt: skip

    def chosen(self) -> str:
        names = dict(choice for several in self.choices.values() for choice in several)
        return names.get(self.told.holder, self.told.holder.partition(":")[2])


def line_of(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    device_id: str,
    told: Filled | None = None,
    replaces: str = "",
) -> Line:
    """Raises Problem for what the viewer may not see, and for a line of another device."""
    ref = told.replaces if told else replaces
    with database.read() as session:
        device = must_see(session, viewer, Device, device_id)
        old: Allocation | None = entry_of(session, viewer, Allocation, ref, device_id)
        known = choices(session, viewer)
        before = holder_name(session, old)
    return Line(request, viewer, database, law, device, old, before, known, told or as_it_stands(old, law))


def holder_name(session: Session, old: Allocation | None) -> str:
    if old is None:
        return ""
    kind, ref = holder_of(old)
    return roster.names_of(session, HOLDERS[kind.value], [ref]).get(ref, ref)


def as_it_stands(old: Allocation | None, law: Law) -> Filled:
    if old is None:
        return Filled()
    kind, ref = holder_of(old)
    return Filled(
        kind=old.kind.value, holder=f"{kind.value}:{ref}", valid_from=for_field(old.valid_from, law.zone),
        valid_to=for_field(old.valid_to, law.zone), doc_no=old.doc_no or "",
        approved_by=old.approved_by or "", replaces=old.id,
    )  # fmt: skip


@router.get(PATH)
def form_page(
    device_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    replaces: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Empty for a new line; as it stands for a correction."""
    return line_of(request, viewer, database, law, device_id, replaces=replaces).form()


@router.post(PATH + "/preview")
def preview(
    device_id: str, request: Request, viewer: LedgerKeeper, database: Db, law: Ruled, form: Form_
) -> Response:
    """What it would do to links; nothing is entered."""
    return trying.preview(line_of(request, viewer, database, law, device_id, form))


@router.post(PATH + "/change")
def change(
    device_id: str, request: Request, viewer: LedgerKeeper, database: Db, law: Ruled, form: Form_
) -> Response:
    """Back from what was shown to the form as it was filled in."""
    return line_of(request, viewer, database, law, device_id, form).form()


@router.post(PATH)
def enter(
    device_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    form: Form_,
    shown: Annotated[str, Form(max_length=64)],
) -> Response:
    """Enters it if it would still do what was shown; otherwise shows what it would do now."""
    return trying.enter(line_of(request, viewer, database, law, device_id, form), shown)
