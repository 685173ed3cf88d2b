"""What is changed of who may sign in, and of keys for programs: by commands and by the console alike."""

import secrets
import unicodedata

from sqlmodel import Session, SQLModel, col, delete, select

from api import second_factor
from api.signin import add_key, add_user, hasher
from gateway import custody
from gateway.device import Refused
from gateway.models import ApiKey, OidcBinding, Role, SignIn, Unit, User, now
from gateway.texts import as_read

SHORTEST = 8
LONGEST = 40
"""Letters of a name."""


def new_password() -> str:
    return secrets.token_urlsafe(12)


def add(
    session: Session, actor: str, name: str, password: str | None, role: Role, unit_id: str | None
) -> User:
    """Without a password it is for a program, which has a key. Raises Refused for a name that is no good."""
    must_be_told_apart(session, name)
    must_be_unit(session, unit_id)
    if password is not None:
        must_be_long(password)
    made = add_user(session, name, password, role, unit_id)
    return entered(session, "USER_ADD", actor, made)


def must_be_told_apart(session: Session, name: str) -> None:
    """It stands in every custody line and over every picture: what cannot be seen in it must not be there."""
    odd = [one for one in name if one != " " and unicodedata.category(one)[0] in "CZ"]
    if odd or not name.strip() or len(name) > LONGEST:
        raise Refused("access.odd_name", longest=LONGEST)
    read = as_read(name)
    for other in session.exec(select(User.name)):
        if as_read(other) == read:
            raise Refused("access.taken", name=other)


def must_be_unit(session: Session, unit_id: str | None) -> None:
    if unit_id is not None and session.get(Unit, unit_id) is None:
        raise Refused("ledger.unknown", kind="unit", ref=unit_id)


def must_be_long(password: str) -> None:
    if len(password) < SHORTEST:
        raise Refused("access.short_password", least=SHORTEST)


def set_password(session: Session, actor: str, user: User, password: str) -> User:
    """Every session of this person ends: who had the old one is out."""
    must_be_long(password)
    user.password_hash = hasher.hash(password)
    end_sessions(session, user)
    return entered(session, "USER_PASSWORD_SET", actor, user)


def place(session: Session, actor: str, user: User, role: Role, unit_id: str | None) -> User:
    """Another role or unit, from the next request on. Raises Refused where no administrator is left."""
    must_be_unit(session, unit_id)
    if role is not Role.ADMIN:
        must_leave_one(session, user)
    user.role, user.unit_id = role, unit_id
    return entered(session, "USER_PLACED", actor, user)


def disable(session: Session, actor: str, user: User, *, last_too: bool = False) -> User:
    """`last_too`: at the terminal, where another can be added; in the console nobody locks everybody out."""
    if not last_too:
        must_leave_one(session, user)
    user.disabled = True
    end_sessions(session, user)
    return entered(session, "USER_DISABLE", actor, user)


def enable(session: Session, actor: str, user: User) -> User:
    user.disabled = False
    return entered(session, "USER_ENABLE", actor, user)


def must_leave_one(session: Session, user: User) -> None:
    """Locked, so that two do not take out each other."""
    admins = select(User).where(User.role == Role.ADMIN, col(User.disabled).is_(False))
    there = session.exec(admins.with_for_update()).all()
    others = [one for one in there if one.id != user.id and one.password_hash]
    if user.role is Role.ADMIN and not user.disabled and not others:
        raise Refused("access.last_admin", name=user.name)


def make_key(session: Session, actor: str, user: User, label: str) -> tuple[ApiKey, str]:
    """The key's text is here for the only time."""
    key, text = add_key(session, user, label)
    entered(session, "USER_KEY", actor, user, key)
    return key, text


def revoke_key(session: Session, actor: str, key: ApiKey) -> None:
    """Once; a second time changes nothing."""
    if key.revoked_at is None:
        key.revoked_at = now()
        session.add(key)
        entered(session, "USER_KEY_REVOKED", actor, session.get_one(User, key.user_id), key)


def reset_code(session: Session, actor: str, user: User) -> User:
    """What is not there is not taken away: nothing is entered. Whoever came in by it is out."""
    if not second_factor.is_on(session, user):
        return user
    second_factor.remove(session, user)
    end_sessions(session, user)
    return entered(session, "USER_RESET_CODE", actor, user)


def unbind(session: Session, actor: str, user: User) -> User:
    """From the sign-in service; who came in by it is out, and the next to come under this name is bound."""
    bound = session.exec(select(OidcBinding).where(OidcBinding.user_id == user.id)).all()
    if bound:
        for one in bound:
            session.delete(one)
        end_sessions(session, user)
        detail = {"bound": [{"issuer": one.issuer, "sub": one.sub} for one in bound]}
        custody.append(session, custody.SITE, "USER_UNBOUND", actor, user.id, (), detail, gone=bound)
    return user


def end_sessions(session: Session, user: User) -> None:
    session.execute(delete(SignIn).where(col(SignIn.user_id) == user.id))


def entered(session: Session, event: str, actor: str, user: User, *rows: SQLModel) -> User:
    session.add(user)
    session.flush()
    custody.append(session, custody.SITE, event, actor, user.id, (user, *rows))
    return user
