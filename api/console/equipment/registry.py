"""The register of devices: what there is, where each stands, who has it now."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.console import pages
from api.console.terms import terms, unit_choices
from api.seeing import must_see
from api.signin import Db, Reader, Ruled
from gateway import roster
from gateway.models import DeviceState, Unit

router = APIRouter()

TYPES = (
    "body_camera", "handheld_terminal", "camera", "camcorder", "audio_recorder", "cctv", "storage",
)  # fmt: skip
"""R-30."""


class Asked(BaseModel):
    q: str = Field(default="", max_length=100)
    unit: str = ""
    status: DeviceState | Literal[""] = ""
    type: str = Field(default="", max_length=40)
    held: Literal["", "out", "unassigned"] = ""
    after: str = Field(default="", max_length=200)

    @property
    def wanted(self) -> roster.Wanted:
        return roster.Wanted(
            self.q.strip(), self.unit or None, self.status or None, self.type or None, self.held or None
        )


@router.get("/equipment")
def registry_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    with database.read() as session:
        if asked.unit:
            must_see(session, viewer, Unit, asked.unit)
        found, following = roster.roster(session, viewer, law, asked.wanted, asked.after)
        facts: dict[str, Any] = {
            "units": unit_choices(session, viewer),
            "counts": roster.counts(session, viewer, asked.unit or None),
        }
    kept = asked.model_dump(mode="json", exclude={"after"})
    return pages.page(
        request, "equipment.html", viewer, found=found, following=following, asked=asked, kept=kept,
        states=list(DeviceState), types=TYPES, **facts, **terms(request),
    )  # fmt: skip
