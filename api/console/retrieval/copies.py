"""Copies with a mark: had made from a grant that allows it, and fetched as long as they are kept."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import col, select

from api.console import pages
from api.console.cases.telling import at
from api.console.forms import parsed, wrong
from api.console.terms import seconds
from api.console.ways import Back, safe
from api.signin import Db, Requester
from api.v1 import copies
from api.v1.copies import CopyIn
from gateway.models import ClipCopy, Original, now

router = APIRouter()

MOST = 100


@router.get("/retrieval/copies")
def copies_page(request: Request, viewer: Requester, database: Db) -> Response:
    found = (
        select(ClipCopy, Original.name)
        .join(Original, col(Original.id) == ClipCopy.clip_id)
        .where(ClipCopy.user_id == viewer.user_id)
        .order_by(col(ClipCopy.id).desc())
        .limit(MOST)
    )
    with database.read() as session:
        rows = session.exec(found).all()
    return pages.page(request, "retrieval_copies.html", viewer, rows=rows, at=now(), second=at)


@router.post("/retrieval/copies")
def ask(
    viewer: Requester,
    database: Db,
    clip: Annotated[str, Form(max_length=64)],
    start: Annotated[str, Form(max_length=12)] = "",
    end: Annotated[str, Form(max_length=12)] = "",
    back: Back = "/retrieval/copies",
) -> Response:
    copies.ask(clip, given(start, end), viewer, database)
    return RedirectResponse(safe(back), 303)


def given(start: str, end: str) -> CopyIn:
    """`75`, `1:15` or `1:02:03`; empty: from the beginning, to the end. Raises Problem."""
    told = parsed(lambda written: seconds(written) if written.strip() else None, start=start, end=end)
    try:
        return CopyIn(start_s=told["start"], end_s=told["end"])
    except ValidationError:  # it ends at its beginning
        raise wrong("end") from None
