"""One's own account: the password, and the second factor."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, delete

from api import second_factor
from api.console.pages import page
from api.signin import Db, hasher, known, token_hash, token_of, viewer_of
from gateway import custody
from gateway.models import SignIn, User
from gateway.visibility import Viewer

router = APIRouter()

Anybody = Annotated[Viewer, Depends(viewer_of)]
Password = Annotated[str, Form(max_length=1024)]
SHORTEST = 8
DONE = ("password", "on", "off")
WRONG = ("password", "short", "same", "code")


@router.get("/account")
def account_page(
    request: Request,
    viewer: Anybody,
    database: Db,
    done: Annotated[str, Query(max_length=20)] = "",
    wrong: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    with database.read() as session:
        user = session.get_one(User, viewer.user_id)
        is_on = second_factor.is_on(session, user)
        secret, address = second_factor.prepared(session, user) or (None, None)
    return page(
        request, "account.html", viewer, headers={"cache-control": "no-store"},
        is_on=is_on, secret=secret, picture=drawn(address) if address else None,
        done=done if done in DONE else "", wrong=wrong if wrong in WRONG else "",
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
    with database.write() as session:
        user = known(session, viewer.name, old)
        wrong = (
            "password" if user is None else "same" if new != again else "short" if len(new) < SHORTEST else ""
        )
        if user is not None and not wrong:
            user.password_hash = hasher.hash(new)
            session.add(user)
            end_others(session, user, token_of(request) or "")
            custody.append(session, custody.SITE, "PASSWORD_CHANGED", viewer.name, user.id, (user,))
    return told(wrong=wrong) if wrong else told(done="password")


def end_others(session: Session, user: User, token: str) -> None:
    theirs = (col(SignIn.user_id) == user.id, col(SignIn.token_hash) != token_hash(token))
    session.execute(delete(SignIn).where(*theirs))


@router.post("/account/second-factor/prepare")
def prepare(viewer: Anybody, database: Db) -> Response:
    with database.write() as session:
        second_factor.prepare(session, session.get_one(User, viewer.user_id))
    return RedirectResponse("/account#second-factor", 303)


@router.post("/account/second-factor")
def switch_on(viewer: Anybody, database: Db, code: Annotated[str, Form(max_length=20)]) -> Response:
    """Only with a code of it: nobody locks himself out with a picture that he did not scan."""
    with database.write() as session:
        user = session.get_one(User, viewer.user_id)
        fits = not second_factor.is_on(session, user) and second_factor.accept(session, user, code)
        if fits:
            custody.append(session, custody.SITE, "SECOND_FACTOR_SET", viewer.name, user.id, (user,))
    return told(done="on") if fits else told(wrong="code")


@router.post("/account/second-factor/remove")
def switch_off(
    viewer: Anybody, database: Db, password: Password, code: Annotated[str, Form(max_length=20)]
) -> Response:
    """With both: who finds an open session must not be able to."""
    with database.write() as session:
        user = known(session, viewer.name, password)
        fits = (
            user is not None
            and second_factor.is_on(session, user)
            and second_factor.accept(session, user, code)
        )
        if user is not None and fits:
            second_factor.remove(session, user)
            custody.append(session, custody.SITE, "SECOND_FACTOR_REMOVED", viewer.name, user.id, (user,))
    return told(done="off") if fits else told(wrong="code")


def told(**what: str) -> Response:
    [(name, value)] = what.items()
    return RedirectResponse(f"/account?{name}={value}", 303)
