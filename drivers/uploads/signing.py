"""Addresses that are good for one file of one device, for a while."""

import hashlib
import hmac
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permit:
    """What an address permits: these bytes, from this device, until then (seconds since 1970)."""

    device: str
    file_id: str
    size: int
    sha256: str
    expires: int


def signature(secret: bytes, permit: Permit) -> str:
    told = "\0".join((permit.device, permit.file_id, str(permit.size), permit.sha256, str(permit.expires)))
    return hmac.new(secret, told.encode(), hashlib.sha256).hexdigest()


def is_good(secret: bytes, permit: Permit, shown: str, now: float | None = None) -> bool:
    """Compared in constant time; an expired one is as bad as a forged one."""
    # as bytes: of texts it takes ASCII only, and raises for what a stranger may write
    same = hmac.compare_digest(signature(secret, permit).encode(), shown.encode("utf-8", "surrogatepass"))
    return same and (time.time() if now is None else now) < permit.expires
