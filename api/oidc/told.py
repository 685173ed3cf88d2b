"""What passes between us, the browser and the sign-in service."""

import hmac
import logging
import re
import time
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

log = logging.getLogger(__name__)

Why = Literal["declined", "troubled", "away", "unclear", "expired", "nobody"]
STATUS: dict[Why, int] = {
    "declined": 403, "troubled": 502, "away": 503, "unclear": 502, "expired": 400, "nobody": 403
}  # fmt: skip
LASTS_S = 600
"""So long somebody may take to sign in there."""


class NotEntered(Exception):
    """Why a sign-in at the service came to nothing, as its page says it; the log says more."""

    def __init__(self, why: Why, cause: object) -> None:
        super().__init__(why)
        self.why = why
        log.warning("sign-in at the sign-in service: %s: %.300r", why, str(cause))


@dataclass(frozen=True, slots=True)
class Begun:
    """What the browser keeps meanwhile: an answer that is not for it, or comes twice, has none of these."""

    state: str
    nonce: str
    verifier: str
    at: int
    back: str

    def text(self) -> str:
        return urlencode({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def of(cls, text: str) -> "Begun | None":
        told = dict(parse_qsl(text))
        if set(told) != set(cls.__slots__) or not re.fullmatch("[0-9]{1,12}", told["at"]):
            return None
        return cls(told["state"], told["nonce"], told["verifier"], int(told["at"]), told["back"])

    def fits(self, state: str) -> bool:
        """In time, and this very one."""
        return hmac.compare_digest(state.encode(), self.state.encode()) and time.time() - self.at < LASTS_S


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom the service vouches for. `name` may change there, `sub` never does."""

    issuer: str
    sub: str
    name: str | None
