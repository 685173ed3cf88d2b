"""The clip store: where originals and renditions lie."""

from gateway.store.local import CopyDiffers, LocalStore
from gateway.store.partial import Partial, promised_digest, vouch
from gateway.store.regular import open_regular, reading
from gateway.store.room import Claim, StoreFull, require

__all__ = [
    "Claim", "CopyDiffers", "LocalStore", "Partial", "StoreFull", "open_regular", "promised_digest",
    "reading", "require", "vouch",
]  # fmt: skip
