"""Sign-in and sign-out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.problems import Problem
from api.signin import COOKIE, SESSION, Db, sign_in, sign_out, token_of, viewer_of
from gateway import custody
from gateway.visibility import Viewer

router = APIRouter(tags=["session"])


class Credentials(BaseModel):
    name: str = Field(examples=["zhang"])
    password: str = Field(examples=["correct horse battery staple"])


class SessionOut(BaseModel):
    token: str
    expires_in: int = Field(description="seconds")


class ViewerOut(BaseModel):
    name: str
    role: str
    units: list[str] | None = Field(description="null: every unit")


@router.post("/session", summary="Sign in")
def begin(given: Credentials, response: Response, database: Db) -> SessionOut:
    """Answers with a bearer token; browsers also get it as a cookie. Failures are recorded."""
    with database.write() as session:
        token = sign_in(session, given.name, given.password)
        event = "SIGNED_IN" if token else "SIGN_IN_REFUSED"
        custody.append(session, custody.SITE, event, given.name[:100], "session", (), {})
    if token is None:
        raise Problem(401, "Name or password is wrong")
    response.set_cookie(
        COOKIE, token, max_age=int(SESSION.total_seconds()), httponly=True, samesite="strict", path="/"
    )
    return SessionOut(token=token, expires_in=int(SESSION.total_seconds()))


@router.get("/session", summary="Who am I")
def who(viewer: Annotated[Viewer, Depends(viewer_of)]) -> ViewerOut:
    units = None if viewer.units is None else sorted(viewer.units)
    return ViewerOut(name=viewer.name, role=viewer.role.value, units=units)


@router.delete("/session", status_code=204, summary="Sign out")
def end(request: Request, database: Db, _: Annotated[Viewer, Depends(viewer_of)]) -> None:
    with database.write() as session:
        sign_out(session, token_of(request) or "")
