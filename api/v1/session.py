"""Sign-in and sign-out."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api import second_factor, throttle
from api.problems import Problem
from api.signin import (
    COOKIE,
    SESSION,
    Db,
    begin_half,
    begin_session,
    half_of,
    known,
    sign_out,
    token_of,
    viewer_of,
)
from gateway import custody
from gateway.database import Database
from gateway.models import FailedSignIns, now
from gateway.visibility import Viewer
from gateway.wording import reason, sentence

log = logging.getLogger(__name__)

router = APIRouter(tags=["session"])


class Credentials(BaseModel):
    name: str = Field(examples=["zhang"])
    password: str = Field(examples=["correct horse battery staple"])
    code: str | None = Field(
        default=None, max_length=20, description="of who has a second factor", examples=["123456"]
    )


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
    tried = attempt(database, given.name, given.password, address_of(request), given.code)
    if tried.half is not None:
        why = reason("session.code_needed")
        raise Problem(401, sentence(why, "en"), sentence(why, "zh"), code=why["code"])
    if tried.wait_s:
        wait = f"Wait {tried.wait_s} s, then try again."
        raise Problem(429, "Too many wrong passwords", wait, retry_after_s=tried.wait_s)
    if tried.token is None:
        raise Problem(401, "Name, password or code is wrong")
    set_session_cookie(request, response, tried.token)
    return SessionOut(token=tried.token, expires_in=int(SESSION.total_seconds()))


def set_session_cookie(request: Request, response: Response, token: str) -> None:
    """No script reads it, no other site's page sends it; over TLS it never leaves in the clear."""
    response.set_cookie(
        COOKIE, token, max_age=int(SESSION.total_seconds()), httponly=True, samesite="strict", path="/",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


@dataclass(frozen=True, slots=True)
class Attempt:
    token: str | None = None
    wait_s: int = 0
    """How long before the next may be made, where there were too many."""
    half: str | None = None
    """The password was right and a code is needed: what to come back with."""


Try = Callable[[Session], Attempt]


def attempt(database: Database, name: str, password: str, address: str, code: str | None = None) -> Attempt:
    """One try to sign in, recorded however it ends; not even tried while its time has not come."""
    return tried(database, name, address, lambda session: by_password(session, name, password, code))


def attempt_code(database: Database, half: str, code: str, address: str) -> Attempt:
    """The second step of who has a second factor. Raises Problem 401 once it has taken too long."""
    with database.read() as session:
        user = half_of(session, half)
    if user is None:
        raise Problem(401, "Sign-in needed", "The password was given too long ago.")
    return tried(database, user.name, address, lambda session: by_code(session, half, code))


def tried(database: Database, name: str, address: str, try_it: Try) -> Attempt:
    with database.write() as session:
        tries = throttle.tries_of(session, name, address)
        at = now()  # not before: others may have had their turn first
        wait_s = math.ceil(throttle.left_to_wait(tries, at).total_seconds())
        made = Attempt(wait_s=wait_s) if wait_s else judged(session, name, try_it(session), tries, at)
    if wait_s:
        log.warning("sign-in of %r from %s not tried: %d failures", name[:100], address, tries.failures)
    return made


def judged(session: Session, name: str, made: Attempt, tries: FailedSignIns, at: datetime) -> Attempt:
    """Half a sign-in is neither: else a stolen password would begin the counting of wrong codes anew."""
    if made.half is not None:
        return made
    if made.token is None:
        throttle.note_failure(session, tries, at)
    else:
        throttle.note_success(session, tries)
    event = "SIGNED_IN" if made.token else "SIGN_IN_REFUSED"
    custody.append(session, custody.SITE, event, name[:100], "session", (), {})
    return made


def by_password(session: Session, name: str, password: str, code: str | None) -> Attempt:
    user = known(session, name, password)
    if user is None:
        return Attempt()
    if not second_factor.is_on(session, user):
        return Attempt(begin_session(session, user))
    if code is None:
        return Attempt(half=begin_half(session, user))
    return Attempt(begin_session(session, user) if second_factor.accept(session, user, code) else None)


def by_code(session: Session, half: str, code: str) -> Attempt:
    user = half_of(session, half)
    if user is None or not second_factor.accept(session, user, code):
        return Attempt()
    sign_out(session, half)
    return Attempt(begin_session(session, user))


@router.get("/session", summary="Who am I")
def who(viewer: Annotated[Viewer, Depends(viewer_of)]) -> ViewerOut:
    units = None if viewer.units is None else sorted(viewer.units)
    return ViewerOut(name=viewer.name, role=viewer.role.value, units=units)


@router.delete("/session", status_code=204, summary="Sign out")
def end(request: Request, database: Db, _: Annotated[Viewer, Depends(viewer_of)]) -> None:
    with database.write() as session:
        sign_out(session, token_of(request) or "")
