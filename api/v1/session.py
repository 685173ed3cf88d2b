"""Sign-in and sign-out."""

import logging
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api import throttle
from api.problems import Problem
from api.signin import COOKIE, SESSION, Db, sign_in, sign_out, token_of, viewer_of
from gateway import custody
from gateway.database import Database
from gateway.models import FailedSignIns, now
from gateway.visibility import Viewer

log = logging.getLogger(__name__)

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
def begin(given: Credentials, request: Request, response: Response, database: Db) -> SessionOut:
    """Answers with a bearer token; browsers also get it as a cookie. Failures are recorded.

    After five in a row for one name from one address 429 says in `Retry-After` how long to wait.
    """
    tried = attempt(database, given.name, given.password, request.client.host if request.client else "")
    if tried.wait_s:
        wait = f"Wait {tried.wait_s} s, then try again."
        raise Problem(429, "Too many wrong passwords", wait, retry_after_s=tried.wait_s)
    if tried.token is None:
        raise Problem(401, "Name or password is wrong")
    set_session_cookie(request, response, tried.token)
    return SessionOut(token=tried.token, expires_in=int(SESSION.total_seconds()))


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """No script reads it, no other site's page sends it; over TLS it never leaves in the clear."""
    response.set_cookie(
        COOKIE, token, max_age=int(SESSION.total_seconds()), httponly=True, samesite="strict", path="/",
        secure=request.url.scheme == "https",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    token: str | None
    wait_s: int = 0
    """How long before the next may be made, where there were too many."""


def attempt(database: Database, name: str, password: str, address: str) -> Attempt:
    """One try to sign in, recorded however it ends; not even tried while its time has not come."""
    with database.write() as session:
        tries = throttle.tries_of(session, name, address)
        at = now()  # not before: others may have had their turn first
        wait_s = math.ceil(throttle.left_to_wait(tries, at).total_seconds())
        token = None if wait_s else try_it(session, name, password, tries, at)
    if wait_s:
        log.warning("sign-in of %r from %s not tried: %d failures", name[:100], address, tries.failures)
    return Attempt(token, wait_s)


def try_it(session: Session, name: str, password: str, tries: FailedSignIns, at: datetime) -> str | None:
    token = sign_in(session, name, password)
    if token is None:
        throttle.note_failure(session, tries, at)
    else:
        throttle.note_success(session, tries)
    event = "SIGNED_IN" if token else "SIGN_IN_REFUSED"
    custody.append(session, custody.SITE, event, name[:100], "session", (), {})
    return token


@router.get("/session", summary="Who am I")
def who(viewer: Annotated[Viewer, Depends(viewer_of)]) -> ViewerOut:
    units = None if viewer.units is None else sorted(viewer.units)
    return ViewerOut(name=viewer.name, role=viewer.role.value, units=units)


@router.delete("/session", status_code=204, summary="Sign out")
def end(request: Request, database: Db, _: Annotated[Viewer, Depends(viewer_of)]) -> None:
    with database.write() as session:
        sign_out(session, token_of(request) or "")
