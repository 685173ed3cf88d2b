"""The clip store: where originals and renditions lie."""

from gateway.store.local import CopyDiffers, LocalStore
from gateway.store.partial import Partial, promised_digest, vouch
from gateway.store.room import Claim, StoreFull, require

__all__ = [
    "Claim", "CopyDiffers", "LocalStore", "Partial", "StoreFull", "promised_digest", "require", "vouch",
]  # fmt: skip
