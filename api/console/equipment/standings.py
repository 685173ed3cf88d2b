"""From when on a device is in service, in repair, lost, retired: its effect is shown before it is entered."""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import ValidationError

from api.console import pages
from api.console.equipment import trying
from api.console.equipment.effects import Shown
from api.console.equipment.form import Text, entry_of, moment
from api.console.forms import Wrong
from api.console.terms import for_field, terms
from api.seeing import must_see
from api.signin import Db, LedgerKeeper, Ruled
from api.v1 import equipment, links
from gateway.database import Database
from gateway.law import Law
from gateway.models import Device, DeviceState, Standing, now
from gateway.standing import AS_REGISTERED, StandingIn
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

PATH = "/devices/{device_id}/standing"


@dataclass(frozen=True, slots=True)
class Filled:
    """As it was filled in."""

    status: str = ""
    since: str = ""
    doc_no: str = ""
    why: str = ""
    replaces: str = ""


def filled(
    status: Text = "", since: Text = "", doc_no: Text = "", why: Text = "", replaces: Text = ""
) -> Filled:
    return Filled(status, since, doc_no, why, replaces)


Form_ = Annotated[Filled, Depends(filled)]


@dataclass(frozen=True)
class Line:
    """See `trying.Line`."""

    request: Request
    viewer: Viewer
    database: Database
    law: Law
    device: Device
    old: Standing | None
    told: Filled = field(default_factory=Filled)

    def given(self) -> links.Correction:
        wrong = [name for name in ("status", "since", "why") if not getattr(self.told, name).strip()]
        told: dict[str, Any] = {
            "device": self.device.id, "status": self.told.status, "why": self.told.why.strip(),
            "doc_no": self.told.doc_no.strip() or None,
        }  # fmt: skip
        try:
            told["since"] = moment(self.told.since, self.old.since if self.old else None, self.law.zone)
        except ValueError:
            wrong.append("since")
        if wrong:
            raise Wrong(wrong)
        try:
            given = StandingIn.model_validate(told)
        except ValidationError as error:
            raise Wrong([str(one["loc"][0]) for one in error.errors()]) from None
        return links.Correction(standing=given, replaces=self.told.replaces or None)

    def enter(self, given: links.Correction) -> str:
        assert given.standing is not None
        if given.replaces:
            made = equipment.correct_standing(given.replaces, given.standing, self.viewer, self.database)
        else:
            made = equipment.stand(self.device.id, given.standing, self.viewer, self.database)
        return f"/devices/{quote(self.device.id)}?part=standings&entered={made.id}#history"

    def form(
        self, status: int = 200, wrong: frozenset[str] = frozenset(), refused: Reason | None = None
    ) -> Response:
        return pages.page(
            self.request, "equipment_standing.html", self.viewer, status, line=self, form=self.told,
            wrong=wrong, refused=refused, states=list(DeviceState), as_registered=AS_REGISTERED,
            **terms(self.request),
        )  # fmt: skip

    def preview(self, given: links.Correction, found: Shown, *, anew: bool = False) -> Response:
        return pages.page(
            self.request, "equipment_standing_preview.html", self.viewer, 409 if anew else 200,
            device=self.device, old=self.old, given=given.standing, found=found, anew=anew,
            fields=asdict(self.told), action=f"/devices/{quote(self.device.id)}/standing",
            **terms(self.request),
        )  # fmt: skip


def line_of(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    device_id: str,
    told: Filled | None = None,
    replaces: str = "",
) -> Line:
    """Raises Problem for what the viewer may not see, and for an entry of another device."""
    ref = told.replaces if told else replaces
    with database.read() as session:
        device = must_see(session, viewer, Device, device_id)
        old: Standing | None = entry_of(session, viewer, Standing, ref, device_id)
    return Line(request, viewer, database, law, device, old, told or as_it_stands(old, law))


def as_it_stands(old: Standing | None, law: Law) -> Filled:
    if old is None:
        return Filled(since=for_field(now(), law.zone))
    return Filled(
        status=old.status.value, since=for_field(old.since, law.zone), doc_no=old.doc_no or "",
        why="" if old.why == AS_REGISTERED else old.why, replaces=old.id,
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
    """Empty for a new entry; as it stands for a correction."""
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
    return trying.enter(line_of(request, viewer, database, law, device_id, form), shown)
