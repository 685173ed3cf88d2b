"""One's own account: the password, and the second factor."""

import hmac
import math
from collections.abc import Callable
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, delete

from api import second_factor, throttle
from api.console.pages import page
from api.signin import Db, hasher, known, token_hash, token_of, viewer_of
from api.v1.session import address_of
from gateway import custody
from gateway.database import Database
from gateway.models import SignIn, User, now
from gateway.visibility import Viewer

router = APIRouter()

Anybody = Annotated[Viewer, Depends(viewer_of)]
Password = Annotated[str, Form(max_length=1024)]
SHORTEST = 8
DONE = ("password", "on", "off")
WRONG = ("password", "short", "same", "code")
GUESSED = ("password", "code")
Deed = Callable[[Session, User], str]
"""What was wrong, if anything."""


@router.get("/account")
def account_page(
    request: Request,
    viewer: Anybody,
    database: Db,
    done: Annotated[str, Query(max_length=20)] = "",
    wrong: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    return shown(
        request, viewer, database, done=done if done in DONE else "", wrong=wrong if wrong in WRONG else ""
    )


def shown(
    request: Request, viewer: Viewer, database: Database, *,
    done: str = "", wrong: str = "", wait_s: int = 0, secret: str = "",
) -> Response:  # fmt: skip
    """`secret`: the one that waits for its first code, shown to who just made it and to nobody else."""
    with database.read() as session:
        user = session.get_one(User, viewer.user_id)
        is_on = second_factor.is_on(session, user)
        waiting, address = second_factor.prepared(session, user) or ("", "")
    is_shown = bool(waiting) and hmac.compare_digest(waiting.encode(), secret.encode())
    headers = {"cache-control": "no-store"} | ({"retry-after": f"{wait_s}"} if wait_s else {})
    return page(
        request, "account.html", viewer, status=429 if wait_s else 200, headers=headers, is_on=is_on,
        has_password=user.password_hash is not None, secret=waiting if is_shown else None,
        picture=drawn(address) if is_shown else None, done=done, wrong=wrong, wait_s=wait_s,
    )  # fmt: skip


def drawn(address: str) -> str:
    """The QR code as an address of its own: `data:`, which the policy allows for pictures."""
    told: str = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return told


@router.post("/account/password")
def change_password(
    request: Request, viewer: Anybody, database: Db, old: Password, new: Password, again: Password
) -> Response:
    """Every other session of this person ends: who had the old one is out."""

    def deed(session: Session, user: User) -> str:
        if known(session, user.name, old) is None:
            return "password"
        if new != again or len(new) < SHORTEST:
            return "same" if new != again else "short"
        user.password_hash = hasher.hash(new)
        session.add(user)
        end_others(session, user, token_of(request) or "")
        custody.append(session, custody.SITE, "PASSWORD_CHANGED", viewer.name, user.id, (user,))
        return ""

    return tried(request, viewer, database, deed, "password")


def tried(
    request: Request, viewer: Viewer, database: Database, deed: Deed, done: str, secret: str = ""
) -> Response:
    """Counted together with the tries to sign in: who finds an open session guesses no faster there.

    What fits does not begin the counting anew: who knows the password could guess codes for ever by it.
    """
    with database.write() as session:
        tries = throttle.tries_of(session, viewer.name, address_of(request))
        at = now()
        wait_s = math.ceil(throttle.left_to_wait(tries, at).total_seconds())
        wrong = "" if wait_s else deed(session, session.get_one(User, viewer.user_id))
        if wrong in GUESSED:
            throttle.note_failure(session, tries, at)
            custody.append(session, custody.SITE, "ACCOUNT_REFUSED", viewer.name, viewer.user_id)
    if wait_s:
        return shown(request, viewer, database, wait_s=wait_s, secret=secret)
    if wrong and secret:
        return shown(request, viewer, database, wrong=wrong, secret=secret)
    return told(wrong=wrong) if wrong else told(done=done)


def end_others(session: Session, user: User, token: str) -> None:
    theirs = (col(SignIn.user_id) == user.id, col(SignIn.token_hash) != token_hash(token))
    session.execute(delete(SignIn).where(*theirs))


@router.post("/account/second-factor/prepare")
def prepare(request: Request, viewer: Anybody, database: Db, password: Password = "") -> Response:
    """With the password: who finds an open session must not be able to bind his own phone to it."""
    made: list[str] = []

    def deed(session: Session, user: User) -> str:
        if not is_theirs(session, user, password):
            return "password"
        second_factor.prepare(session, user)
        made.extend(second_factor.prepared(session, user) or ())
        return ""

    answer = tried(request, viewer, database, deed, "")
    return shown(request, viewer, database, secret=made[0]) if made else answer


def is_theirs(session: Session, user: User, password: str) -> bool:
    """Who signs in elsewhere alone has no password to ask for."""
    return user.password_hash is None or known(session, user.name, password) is not None


@router.post("/account/second-factor")
def switch_on(
    request: Request,
    viewer: Anybody,
    database: Db,
    code: Annotated[str, Form(max_length=20)],
    secret: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Only with a code of it: nobody locks himself out with a picture that he did not scan.

    `secret`: what the form showed; after a wrong digit it is shown again.
    """

    def deed(session: Session, user: User) -> str:
        if second_factor.is_on(session, user) or not second_factor.accept(session, user, code):
            return "code"
        custody.append(session, custody.SITE, "SECOND_FACTOR_SET", viewer.name, user.id, (user,))
        return ""

    return tried(request, viewer, database, deed, "on", secret)


@router.post("/account/second-factor/remove")
def switch_off(
    request: Request,
    viewer: Anybody,
    database: Db,
    code: Annotated[str, Form(max_length=20)],
    password: Password = "",
) -> Response:
    """With both: who finds an open session must not be able to."""

    def deed(session: Session, user: User) -> str:
        is_on = is_theirs(session, user, password) and second_factor.is_on(session, user)
        if not is_on or not second_factor.accept(session, user, code):
            return "code"
        second_factor.remove(session, user)
        custody.append(session, custody.SITE, "SECOND_FACTOR_REMOVED", viewer.name, user.id, (user,))
        return ""

    return tried(request, viewer, database, deed, "off")


def told(**what: str) -> Response:
    [(name, value)] = what.items()
    return RedirectResponse(f"/account?{name}={value}", 303)
