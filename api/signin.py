"""Who asks: passwords, sessions, integrators' keys."""

import hashlib
import secrets
from datetime import timedelta
from typing import Annotated, cast

from fastapi import Depends, Request
from pwdlib import PasswordHash
from sqlmodel import Session, col, select

from api.problems import Problem
from api.seeing import must_watch, refusal_noted
from gateway.database import Database
from gateway.law import Law
from gateway.models import ApiKey, Role, SignIn, User, now
from gateway.visibility import Right, Viewer, units_below
from gateway.wording import reason, sentence

SESSION = timedelta(hours=12)
KEY_PREFIX = "gwk_"
COOKIE = "gateway_session"

hasher = PasswordHash.recommended()
# Checked when the name is unknown, so that the answer takes as long as for a known one.
NOBODY = hasher.hash(secrets.token_urlsafe(16))


def token_hash(token: str) -> str:
    """Tokens are random and long: a plain digest is enough to keep them unreadable in the database."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_user(session: Session, name: str, password: str | None, role: Role, unit_id: str | None) -> User:
    user = User(
        name=name, role=role, unit_id=unit_id, password_hash=hasher.hash(password) if password else None
    )
    session.add(user)
    session.flush()
    return user


def add_key(session: Session, user: User, label: str) -> tuple[ApiKey, str]:
    """A new key for a program, and its text: this is the only time it can be read."""
    text = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(user_id=user.id, key_hash=token_hash(text), label=label)
    session.add(key)
    session.flush()
    return key, text


def sign_in(session: Session, name: str, password: str) -> str | None:
    """A session token, or None; says nothing about which of the two was wrong."""
    user = session.exec(select(User).where(User.name == name)).one_or_none()
    stored = user.password_hash if user and user.password_hash and not user.disabled else NOBODY
    if not hasher.verify(password, stored) or user is None or stored is NOBODY:
        return None
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=token_hash(token), user_id=user.id, expires_at=now() + SESSION))
    return token


def sign_out(session: Session, token: str) -> None:
    if row := session.get(SignIn, token_hash(token)):
        session.delete(row)


def token_of(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.headers.get("x-api-key") or request.cookies.get(COOKIE)


def user_of(session: Session, token: str) -> User | None:
    hashed = token_hash(token)
    if token.startswith(KEY_PREFIX):
        found = session.exec(
            select(User)
            .join(ApiKey, col(ApiKey.user_id) == User.id)
            .where(ApiKey.key_hash == hashed, col(ApiKey.revoked_at).is_(None))
        ).one_or_none()
    else:
        found = session.exec(
            select(User)
            .join(SignIn, col(SignIn.user_id) == User.id)
            .where(SignIn.token_hash == hashed, SignIn.expires_at > now())
        ).one_or_none()
    return None if found is None or found.disabled else found


def database_of(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def viewer_of(request: Request) -> Viewer:
    token = token_of(request)
    if token is None:
        raise Problem(401, "Sign-in needed", "POST /api/v1/session, or send an API key.")
    with database_of(request).read() as session:
        user = user_of(session, token)
        if user is None:
            raise Problem(401, "Sign-in needed", "The session has ended or the key is not valid.")
        units = units_below(session, user.unit_id) if user.unit_id else None
    return Viewer(user.id, user.name, user.role, units)


Db = Annotated[Database, Depends(database_of)]


def law_of(request: Request) -> Law:
    return cast(Law, request.app.state.law)


Ruled = Annotated[Law, Depends(law_of)]


class Needs:
    """A dependency: the viewer, who must have one of these rights."""

    def __init__(self, *rights: Right) -> None:
        self.rights = rights

    def __call__(self, viewer: Annotated[Viewer, Depends(viewer_of)]) -> Viewer:
        if not any(viewer.may(right) for right in self.rights):
            why = reason("access.not_allowed", role=viewer.role, right=self.rights[0])
            raise Problem(403, sentence(why, "en"), sentence(why, "zh"), code=why["code"])
        return viewer


class NeedsToWatch(Needs):
    """Whose role may not watch footage, and tries to, stands in the chain; unless it was granted to him."""

    def __call__(  # type: ignore[override]
        self, request: Request, viewer: Annotated[Viewer, Depends(viewer_of)]
    ) -> Viewer:
        asked = {name: request.path_params.get(name) for name in ("clip_id", "device_id")}
        with refusal_noted(database_of(request), viewer, **asked):
            if asked["clip_id"] and not viewer.may(Right.VIEW) and viewer.may(Right.REQUEST):
                with database_of(request).read() as session:
                    must_watch(session, viewer, asked["clip_id"])
                return viewer
            return super().__call__(viewer)


Reader = Annotated[Viewer, Depends(Needs(Right.READ))]
Watcher = Annotated[Viewer, Depends(NeedsToWatch(Right.VIEW))]
Requester = Annotated[Viewer, Depends(Needs(Right.REQUEST))]
Decider = Annotated[Viewer, Depends(Needs(Right.VIEW))]
"""Who may watch, and may so be a head who decides what others watch."""
Operator = Annotated[Viewer, Depends(Needs(Right.OPERATE))]
Labeller = Annotated[Viewer, Depends(Needs(Right.LABEL))]
LedgerKeeper = Annotated[Viewer, Depends(Needs(Right.LEDGER))]
CaseWriter = Annotated[Viewer, Depends(Needs(Right.CASES))]
EndpointKeeper = Annotated[Viewer, Depends(Needs(Right.ENDPOINTS))]
ChainReader = Annotated[Viewer, Depends(Needs(Right.CUSTODY))]
Holder = Annotated[Viewer, Depends(Needs(Right.HOLD))]
Checker = Annotated[Viewer, Depends(Needs(Right.CHECK))]
Disposer = Annotated[Viewer, Depends(Needs(Right.DISPOSE))]
Approver = Annotated[Viewer, Depends(Needs(Right.APPROVE))]
Freezer = Annotated[Viewer, Depends(Needs(Right.FREEZE))]
Administrator = Annotated[Viewer, Depends(Needs(Right.ADMIN))]
Retirer = Annotated[Viewer, Depends(Needs(Right.DISPOSE, Right.APPROVE))]
