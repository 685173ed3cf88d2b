"""The correction of a check-out or its return: another officer, another time, never came back."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import ValidationError

from api.console import pages
from api.console.equipment import trying
from api.console.equipment.effects import Shown
from api.console.equipment.form import Text, choices, entry_of, moment
from api.console.forms import Wrong
from api.console.terms import for_field, terms
from api.seeing import must_see
from api.signin import Db, LedgerKeeper, Ruled
from api.v1 import devices, links
from gateway import roster
from gateway.database import Database
from gateway.law import Law
from gateway.ledger import CheckoutIn
from gateway.models import Checkout, Condition, Device, Officer
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

PATH = "/devices/{device_id}/checkouts/{checkout_id}"


@dataclass(frozen=True, slots=True)
class Filled:
    """As it was filled in."""

    officer: str = ""
    out_at: str = ""
    in_at: str = ""
    """Empty: it is not back."""
    in_condition: str = ""
    purpose: str = ""
    why: str = ""


def filled(
    officer: Text = "",
    out_at: Text = "",
    in_at: Text = "",
    in_condition: Text = "",
    purpose: Text = "",
    why: Text = "",
) -> Filled:
    return Filled(officer, out_at, in_at, in_condition, purpose, why)


Form_ = Annotated[Filled, Depends(filled)]


@dataclass(frozen=True)
class Line:
    """See `trying.Line`."""

    request: Request
    viewer: Viewer
    database: Database
    law: Law
    device: Device
    old: Checkout
    officers: list[tuple[str, str]]
    told: Filled = field(default_factory=Filled)

    def given(self) -> links.Correction:
        """What the form does not ask stays as it was; so do the seconds of a time that nobody touched."""
        wrong = [] if self.told.officer else ["officer"]
        times: dict[str, datetime | None] = {}
        for name in ("out_at", "in_at"):
            try:
                times[name] = moment(getattr(self.told, name), getattr(self.old, name), self.law.zone)
            except ValueError:
                wrong.append(name)
        if not self.told.out_at:
            wrong.append("out_at")
        if not self.told.why.strip():
            wrong.append("why")
        if wrong:
            raise Wrong(wrong)
        asked = {
            **self.old.model_dump(include=set(CheckoutIn.model_fields)), **times, "device": self.device.id,
            "officer": self.told.officer, "purpose": self.told.purpose.strip() or None,
            "why": self.told.why.strip(), **self.returned(),
        }  # fmt: skip
        try:
            return links.Correction(checkout=CheckoutIn.model_validate(asked), replaces=self.old.id)
        except ValidationError as error:
            raise Wrong([str(one["loc"][0]) for one in error.errors()]) from None

    def returned(self) -> dict[str, Any]:
        """Of what is not back nobody received anything."""
        if not self.told.in_at:
            return dict.fromkeys(("in_condition", "received_by", "in_station_id"))
        received = self.old.received_by if self.old.in_at else self.viewer.name
        return {"in_condition": self.told.in_condition or None, "received_by": received}

    def enter(self, given: links.Correction) -> str:
        assert given.checkout is not None
        made = devices.correct_checkout(self.old.id, given.checkout, self.viewer, self.database)
        return f"/devices/{quote(self.device.id)}?part=checkouts&entered={made.id}#history"

    def form(
        self, status: int = 200, wrong: frozenset[str] = frozenset(), refused: Reason | None = None
    ) -> Response:
        return pages.page(
            self.request, "equipment_checkout.html", self.viewer, status, line=self, form=self.told,
            wrong=wrong, refused=refused, conditions=list(Condition), who=self.name(self.old.officer_id),
            **terms(self.request),
        )  # fmt: skip

    def preview(self, given: links.Correction, found: Shown, *, anew: bool = False) -> Response:
        return pages.page(
            self.request, "equipment_checkout_preview.html", self.viewer, 409 if anew else 200,
            device=self.device, old=self.old, given=given.checkout, found=found, anew=anew,
            was=self.name(self.old.officer_id), will=self.name(self.told.officer),
            fields=asdict(self.told), action=f"/devices/{quote(self.device.id)}/checkouts/{self.old.id}",
            **terms(self.request),
        )  # fmt: skip

    def name(self, officer: str) -> str:
        return dict(self.officers).get(officer, officer)


def line_of(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    device_id: str,
    checkout_id: str,
    told: Filled | None = None,
) -> Line:
    """Raises Problem for what the viewer may not see, and for a check-out of another device."""
    with database.read() as session:
        device = must_see(session, viewer, Device, device_id)
        old: Checkout = entry_of(session, viewer, Checkout, checkout_id, device_id)
        officers = [(value.partition(":")[2], name) for value, name in choices(session, viewer)["officer"]]
        if old.officer_id not in dict(officers):
            left = roster.names_of(session, Officer, [old.officer_id])
            officers.insert(0, (old.officer_id, left.get(old.officer_id, old.officer_id)))
    return Line(request, viewer, database, law, device, old, officers, told or as_it_stands(old, law))


def as_it_stands(old: Checkout, law: Law) -> Filled:
    return Filled(
        officer=old.officer_id, out_at=for_field(old.out_at, law.zone), in_at=for_field(old.in_at, law.zone),
        in_condition=old.in_condition or "", purpose=old.purpose or "",
    )  # fmt: skip


@router.get(PATH)
def form_page(
    device_id: str, checkout_id: str, request: Request, viewer: LedgerKeeper, database: Db, law: Ruled
) -> Response:
    return line_of(request, viewer, database, law, device_id, checkout_id).form()


@router.post(PATH + "/preview")
def preview(
    device_id: str,
    checkout_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    form: Form_,
) -> Response:
    """What it would do to links; nothing is entered."""
    return trying.preview(line_of(request, viewer, database, law, device_id, checkout_id, form))


@router.post(PATH + "/change")
def change(
    device_id: str,
    checkout_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    form: Form_,
) -> Response:
    """Back from what was shown to the form as it was filled in."""
    return line_of(request, viewer, database, law, device_id, checkout_id, form).form()


@router.post(PATH)
def enter(
    device_id: str,
    checkout_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    form: Form_,
    shown: Annotated[str, Form(max_length=64)],
) -> Response:
    return trying.enter(line_of(request, viewer, database, law, device_id, checkout_id, form), shown)
