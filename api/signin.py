"""Who asks: passwords, sessions, integrators' keys."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from pwdlib import PasswordHash
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from api.problems import Problem
from api.seeing import must_watch, refusal_noted
from gateway.database import Database
from gateway.law import Law
from gateway.models import ApiKey, Role, SignIn, User, now
from gateway.visibility import Right, Viewer, units_below
from gateway.wording import reason, sentence

log = logging.getLogger(__name__)

SESSION = timedelta(hours=12)
IDLE = timedelta(minutes=30)
"""Unless the site says otherwise (`api.idle_minutes`)."""
HALF = timedelta(minutes=5)
"""So long the code may take after the password."""
SCREEN = timedelta(days=365)
NOTED = timedelta(minutes=1)
"""That somebody is there is written down no more often."""
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


def known(session: Session, name: str, password: str) -> User | None:
    """Whose name and password these are; says nothing about which of the two was wrong."""
    user = session.exec(select(User).where(User.name == name)).one_or_none()
    stored = user.password_hash if user and user.password_hash and not user.disabled else NOBODY
    return user if hasher.verify(password, stored) and stored is not NOBODY else None


def begin_session(session: Session, user: User) -> str:
    """Its token."""
    return new_token(session, user, SESSION)


def begin_half(session: Session, user: User) -> str:
    """The password was right, the code is still asked for; its token opens nothing else."""
    return new_token(session, user, HALF, awaits_code=True)


def begin_screen(session: Session, user: User, dock: str) -> str:
    """For the screen before a dock, which nobody signs in at: its token opens that dock's kiosk."""
    return new_token(session, user, SCREEN, dock=dock)


def new_token(session: Session, user: User, lasts: timedelta, **more: Any) -> str:
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=token_hash(token), user_id=user.id, expires_at=now() + lasts, **more))
    return token


def screen_of(session: Session, token: str, dock: str) -> Viewer | None:
    """With the rights of who opened it, as they are now."""
    row = session.get(SignIn, token_hash(token))
    user = session.get(User, row.user_id) if row and row.dock == dock and row.expires_at > now() else None
    return None if user is None or user.disabled else viewing_as(session, user)


def viewing_as(session: Session, user: User) -> Viewer:
    units = units_below(session, user.unit_id) if user.unit_id else None
    return Viewer(user.id, user.name, user.role, units)


def half_of(session: Session, token: str) -> User | None:
    row = session.get(SignIn, token_hash(token))
    if row is None or not row.awaits_code or row.expires_at <= now():
        return None
    user = session.get(User, row.user_id)
    return None if user is None or user.disabled else user


def sign_out(session: Session, token: str) -> None:
    if row := session.get(SignIn, token_hash(token)):
        session.delete(row)


def token_of(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.headers.get("x-api-key") or request.cookies.get(COOKIE)


@dataclass(frozen=True, slots=True)
class Asker:
    user: User
    since: datetime | None
    """When something was last asked in this session; None for a key."""


def asker_of(session: Session, token: str, idle: timedelta = IDLE) -> Asker | None:
    """None for what opens nothing: forged, revoked, ended, too long unused, of somebody disabled."""
    hashed, at = token_hash(token), now()
    if token.startswith(KEY_PREFIX):
        keyed = select(User).join(ApiKey, col(ApiKey.user_id) == User.id)
        user = session.exec(
            keyed.where(ApiKey.key_hash == hashed, col(ApiKey.revoked_at).is_(None))
        ).one_or_none()
        return None if user is None or user.disabled else Asker(user, None)
    row = session.get(SignIn, hashed)
    if row is None or row.awaits_code or row.dock or row.expires_at <= at:
        return None
    seen = row.seen_at or row.started_at
    user = session.get(User, row.user_id)
    return None if user is None or user.disabled or seen <= at - idle else Asker(user, seen)


def database_of(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def idle_of(request: Request) -> timedelta:
    return cast(timedelta, request.app.state.idle)


def viewer_of(request: Request) -> Viewer:
    """Who asks; that he is there is noted."""
    return asking(request, is_there=True)


def looking(request: Request) -> Viewer:
    """Who has a page open that asks by itself: it does not show that somebody is there."""
    return asking(request, is_there=False)


def asking(request: Request, *, is_there: bool) -> Viewer:
    token, database = token_of(request), database_of(request)
    if token is None:
        raise Problem(401, "Sign-in needed", "POST /api/v1/session, or send an API key.")
    with database.read() as session:
        asker = asker_of(session, token, idle_of(request))
        if asker is None:
            raise Problem(401, "Sign-in needed", "The session has ended or the key is not valid.")
        viewer = viewing_as(session, asker.user)
    if is_there and asker.since is not None and asker.since < now() - NOTED:
        note_presence(database, token)
    return viewer


def note_presence(database: Database, token: str) -> None:
    """Where it cannot be written nobody is kept from reading for it."""
    try:
        with database.write() as session:
            session.execute(
                update(SignIn).where(col(SignIn.token_hash) == token_hash(token)).values(seen_at=now())
            )
    except SQLAlchemyError as error:
        log.warning("that somebody is there could not be noted: %s", error)


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


class NeedsWholeSite(Needs):
    """What concerns every unit: who administers one of them could otherwise give himself the others."""

    def __call__(self, viewer: Annotated[Viewer, Depends(viewer_of)]) -> Viewer:
        if viewer.units is not None:
            why = reason("access.whole_site")
            raise Problem(403, sentence(why, "en"), sentence(why, "zh"), code=why["code"])
        return super().__call__(viewer)


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
