"""Searches that somebody keeps for himself."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints, ValidationError

from api.console.clips.asking import Asked
from api.console.ways import Back, safe
from api.parameters import must_be_storable
from api.signin import Db, Reader
from gateway.search import saved

router = APIRouter()

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30), Form()]


@router.post("/searches")
def keep(
    viewer: Reader, database: Db, name: Name, query: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Only what the list understands is kept."""
    told: dict[str, Any] = {key: value for key, value in parse_qsl(query) if key in Asked.model_fields}
    told["missing"] = [value for key, value in parse_qsl(query) if key == "missing"]
    try:
        asked = Asked.model_validate(told)
    except ValidationError as no:
        raise RequestValidationError(no.errors()) from None
    must_be_storable(told)
    with database.write() as session:
        saved.save(session, viewer, name, asked.query())
    return RedirectResponse(asked.address(), 303)


@router.post("/searches/{search_id}/remove")
def remove(search_id: str, viewer: Reader, database: Db, back: Back = "/clips") -> Response:
    with database.write() as session:
        saved.remove(session, viewer, search_id)
    return RedirectResponse(safe(back), 303)
