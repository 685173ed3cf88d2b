"""The second factor: six digits that change every half minute (TOTP, RFC 6238), shown by an app."""

import hmac
import time

import pyotp
from sqlmodel import Session

from gateway.models import SecondFactor, User

ISSUER = "执法记录网关"
STEP_S = 30
EARLIER, LATER = -1, 1
"""Steps by which a phone's clock may differ (RFC 6238, 5.2)."""


def this_step() -> int:
    return int(time.time()) // STEP_S


def is_on(session: Session, user: User) -> bool:
    """Set, and once proven by a code."""
    kept = session.get(SecondFactor, user.id)
    return kept is not None and kept.step is not None


def prepare(session: Session, user: User) -> None:
    """A new secret that asks for nothing until a code of it was accepted; one that is in use stays.

    Each time another: what somebody once saw of an earlier one opens nothing later.
    """
    kept = session.get(SecondFactor, user.id) or SecondFactor(user_id=user.id, secret="")
    if kept.step is None:
        kept.secret = pyotp.random_base32()
        session.add(kept)


def prepared(session: Session, user: User) -> tuple[str, str] | None:
    """The secret that waits for its first code, and `otpauth://…`, which an app reads from a picture."""
    kept = session.get(SecondFactor, user.id)
    if kept is None or kept.step is not None:
        return None
    return kept.secret, pyotp.TOTP(kept.secret).provisioning_uri(name=user.name, issuer_name=ISSUER)


def accept(session: Session, user: User, code: str) -> bool:
    """Whether the code is of now and was not used: who looked over a shoulder comes too late."""
    kept = session.get(SecondFactor, user.id, with_for_update=True, populate_existing=True)
    if kept is None:
        return False
    totp, given = pyotp.TOTP(kept.secret), "".join(code.split()).encode()
    here = this_step()
    for step in range(here + EARLIER, here + LATER + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given) and step > (kept.step or 0):
            kept.step = step
            session.add(kept)
            return True
    return False


def remove(session: Session, user: User) -> None:
    if kept := session.get(SecondFactor, user.id):
        session.delete(kept)
