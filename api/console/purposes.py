"""Why somebody watches: asked once, kept in the browser until he signs out, stamped on every viewing."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from api.console.ways import Back, safe
from api.signin import Watcher
from gateway.texts import Why
from gateway.visibility import Viewer

router = APIRouter()

PURPOSE = "gateway_purpose"
WHY = TypeAdapter(Why)


def purpose_of(request: Request, viewer: Viewer) -> str | None:
    """What this person said last in this browser; None: he has to be asked. Another's purpose is not his."""
    who, _, purpose = unquote(request.cookies.get(PURPOSE, "")).partition(" ")
    try:
        return WHY.validate_python(purpose) if who == viewer.user_id else None
    except ValidationError:
        return None


@router.post("/purpose")
def state_purpose(
    request: Request, viewer: Watcher, purpose: Annotated[Why, Form()], back: Back = "/"
) -> Response:
    """It only fills in what each viewing needs; the viewing itself is what stands in the chain."""
    answer = RedirectResponse(safe(back), 303)
    answer.set_cookie(
        PURPOSE, quote(f"{viewer.user_id} {purpose}"),
        httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/",
    )  # fmt: skip
    return answer
