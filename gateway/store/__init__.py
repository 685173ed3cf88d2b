"""The clip store: where originals and renditions lie."""

from gateway.store.local import CopyDiffers, LocalStore, StoreFull
from gateway.store.partial import Partial, promised_digest, vouch

__all__ = ["CopyDiffers", "LocalStore", "Partial", "StoreFull", "promised_digest", "vouch"]
