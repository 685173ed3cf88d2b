"""Which account here somebody has whom the sign-in service vouches for: one that was made here, or none."""

from sqlmodel import Session, select

from api import second_factor
from api.oidc.told import Somebody
from api.signin import begin_half, begin_session
from api.v1.session import Attempt
from gateway import custody
from gateway.database import Database
from gateway.models import OidcBinding, Role, User


def enter(database: Database, told: Somebody, *, asks_code: bool) -> Attempt:
    """Recorded however it ends; `asks_code`: of who has a second factor here."""
    with database.write() as session:
        user, why = account_of(session, told)
        made = Attempt() if user is None else begun(session, user, asks_code=asks_code)
        if made.half is None:
            event = "SIGNED_IN" if made.token else "SIGN_IN_REFUSED"
            actor = user.name if user else (told.name or told.sub)
            detail = {"issuer": told.issuer, "sub": told.sub, **({"why": why} if why else {})}
            custody.append(session, custody.SITE, event, actor[:100], "session", (), detail)
    return made


def begun(session: Session, user: User, *, asks_code: bool) -> Attempt:
    if asks_code and second_factor.is_on(session, user):
        return Attempt(half=begin_half(session, user))
    return Attempt(begin_session(session, user))


def account_of(session: Session, told: Somebody) -> tuple[User | None, str]:
    """Or why there is none. `sub` decides; the name only does the first time."""
    theirs = select(OidcBinding).where(OidcBinding.issuer == told.issuer, OidcBinding.sub == told.sub)
    bound = session.exec(theirs).one_or_none()
    if bound is not None:
        user = session.get_one(User, bound.user_id)
        return (None, "disabled") if user.disabled else (user, "")
    if not told.name:
        return None, "no_name"
    named = session.exec(select(User).where(User.name == told.name).with_for_update()).one_or_none()
    if named is None:
        return None, "unknown"
    if named.disabled or named.role is Role.INTEGRATOR:
        return None, "disabled" if named.disabled else "program"
    return first_time(session, named, told)


def first_time(session: Session, user: User, told: Somebody) -> tuple[User | None, str]:
    """Locked above: of two who come at once under one name, one is bound."""
    theirs = select(OidcBinding).where(OidcBinding.issuer == told.issuer, OidcBinding.user_id == user.id)
    other = session.exec(theirs.execution_options(populate_existing=True)).one_or_none()
    if other is not None:
        return (user, "") if other.sub == told.sub else (None, "bound_to_another")
    made = OidcBinding(issuer=told.issuer, sub=told.sub, user_id=user.id)
    session.add(made)
    session.flush()
    detail = {"issuer": told.issuer, "sub": told.sub}
    custody.append(session, custody.SITE, "USER_BOUND", user.name, user.id, (made,), detail)
    return user, ""
