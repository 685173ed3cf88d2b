"""Users and their keys: added, placed, disabled; by the functions of `gateway user`."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from api import accounts, second_factor
from api.console.administration.routes import router
from api.console.administration.showing import Admin, shown
from api.problems import not_found
from api.signin import Db
from gateway.database import Database
from gateway.device import Refused
from gateway.models import ApiKey, OidcBinding, Role, Unit, User
from gateway.visibility import Viewer
from gateway.wording import Reason

Name = Annotated[str, Form(min_length=1, max_length=100)]
Password = Annotated[str, Form(max_length=1024)]
Place = Annotated[str, Form(max_length=100)]


def page(
    request: Request,
    viewer: Viewer,
    database: Database,
    problem: Reason | None = None,
    key: tuple[str, str] | None = None,
) -> Response:
    """`key`: whose, and its text, which is here for the only time."""
    with database.read() as session:
        users = session.exec(select(User).order_by(User.disabled, col(User.name))).all()  # type: ignore[arg-type]
        keys = session.exec(
            select(ApiKey).where(col(ApiKey.revoked_at).is_(None)).order_by(col(ApiKey.made_at))
        ).all()
        units = session.exec(select(Unit).order_by(col(Unit.name))).all()
        bound = {one.user_id: one for one in session.exec(select(OidcBinding))}
        coded = {user.id for user in users if second_factor.is_on(session, user)}
    return shown(
        request, viewer, "people", problem, users=users, units=units, roles=list(Role), key=key, coded=coded,
        bound=bound,
        keys={user.id: [one for one in keys if one.user_id == user.id] for user in users},
    )  # fmt: skip


@router.get("/administration/people")
def people(request: Request, viewer: Admin, database: Db) -> Response:
    return page(request, viewer, database)


def done(
    request: Request, viewer: Viewer, database: Database, change: Callable[[Session], object]
) -> Response:
    try:
        with database.write() as session:
            change(session)
    except Refused as no:
        return page(request, viewer, database, no.reason)
    return RedirectResponse("/administration/people", 303)


def user_of(session: Session, name: str) -> User:
    found = session.exec(select(User).where(User.name == name).with_for_update()).one_or_none()
    if found is None:
        raise not_found("User")
    return found


@router.post("/administration/people")
def add(
    request: Request,
    viewer: Admin,
    database: Db,
    name: Name,
    role: Annotated[Role, Form()],
    unit: Place = "",
    password: Password = "",
) -> Response:
    """Without a password: for a program, which gets a key."""

    def change(session: Session) -> None:
        accounts.add(session, viewer.name, name.strip(), password or None, role, unit or None)

    return done(request, viewer, database, change)


@router.post("/administration/people/place")
def place(
    request: Request,
    viewer: Admin,
    database: Db,
    name: Name,
    role: Annotated[Role, Form()],
    unit: Place = "",
) -> Response:
    def change(session: Session) -> None:
        accounts.place(session, viewer.name, user_of(session, name), role, unit or None)

    return done(request, viewer, database, change)


@router.post("/administration/people/password")
def set_password(request: Request, viewer: Admin, database: Db, name: Name, new: Password) -> Response:
    def change(session: Session) -> None:
        accounts.set_password(session, viewer.name, user_of(session, name), new)

    return done(request, viewer, database, change)


@router.post("/administration/people/disable")
def disable(request: Request, viewer: Admin, database: Db, name: Name) -> Response:
    return done(
        request, viewer, database,
        lambda session: accounts.disable(session, viewer.name, user_of(session, name)),
    )  # fmt: skip


@router.post("/administration/people/enable")
def enable(request: Request, viewer: Admin, database: Db, name: Name) -> Response:
    return done(
        request, viewer, database,
        lambda session: accounts.enable(session, viewer.name, user_of(session, name)),
    )  # fmt: skip


@router.post("/administration/people/reset-code")
def reset_code(request: Request, viewer: Admin, database: Db, name: Name) -> Response:
    """Who lost the phone signs in with the password alone until a new one is set up."""
    return done(
        request, viewer, database,
        lambda session: accounts.reset_code(session, viewer.name, user_of(session, name)),
    )  # fmt: skip


@router.post("/administration/people/unbind")
def unbind(request: Request, viewer: Admin, database: Db, name: Name) -> Response:
    """Whoever comes next from the sign-in service under this name is bound to the account."""
    return done(
        request, viewer, database,
        lambda session: accounts.unbind(session, viewer.name, user_of(session, name)),
    )  # fmt: skip


@router.post("/administration/keys")
def make_key(request: Request, viewer: Admin, database: Db, name: Name, label: Name) -> Response:
    """Answers with the page itself: what was sent on would have to carry the key along."""
    with database.write() as session:
        user = user_of(session, name)
        _, text = accounts.make_key(session, viewer.name, user, label.strip())
    return page(request, viewer, database, key=(user.name, text))


@router.post("/administration/keys/revoke")
def revoke(request: Request, viewer: Admin, database: Db, key: Name) -> Response:
    """One that is gone already stays so."""

    def change(session: Session) -> None:
        if found := session.get(ApiKey, key, with_for_update=True):
            accounts.revoke_key(session, viewer.name, found)

    return done(request, viewer, database, change)
