"""The clip store: where originals and renditions lie."""

from gateway.store.local import LocalStore, StoreFull
from gateway.store.partial import Partial, promised_digest, vouch

__all__ = ["LocalStore", "Partial", "StoreFull", "promised_digest", "vouch"]
