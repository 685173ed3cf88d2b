"""The page of a party (执法对象): its cases, what is owed of them, and its footage."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console import pages
from api.console.cases.telling import tools
from api.problems import not_found
from api.signin import Db, Reader, Ruled
from gateway import roster
from gateway.casefile.footage import names_of
from gateway.casefile.party import party_file
from gateway.models import Unit

router = APIRouter()
Number = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/parties/{party_id}")
def party_page(
    party_id: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    page: Number = 1,
    clips: Number = 1,
) -> Response:
    with database.read() as session:
        found = party_file(session, viewer, law, party_id, page, clips)
        if found is None:
            raise not_found("Party")
        shown = [shot.clip for shot in found.shots]
        names = names_of(session, {one.device_id for one in shown}, {one.officer_id or "" for one in shown})
        units = roster.names_of(session, Unit, [one.case.unit_id for one in found.cases])
    return pages.page(
        request, "parties_page.html", viewer, found=found, names=names, units=units, **tools(request),
    )  # fmt: skip
