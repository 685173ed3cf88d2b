"""The second read: what the disk really holds must give the digest of what was copied."""

from collections.abc import Sequence

from gateway.device import DeviceUnavailable, Refused
from gateway.models import Original, now
from gateway.store import CopyDiffers
from gateway.store.digests import digests
from ingest.stage import Context, Item, Outcome


def verify(item: Item, context: Context) -> Outcome:
    """Read the stored copy with the page cache dropped; SM3 and any declared MD5 come from this read.

    What had been made permanent and is not whole any more comes back from its second copy, if that is whole.
    """
    original = item.original
    assert original.stored_as is not None
    context.store.remove_partials(original.stored_as)
    declared = item.finding.declared.get("md5")
    names = ("sha256", "sm3", "md5") if declared else ("sha256", "sm3")
    found, restored = read(original, context, names), {}
    if original.second_copy and found.get("sha256") != original.sha256 and restore(original, context):
        restored = {"restored": True, "was": found.get("sha256")}
        found = read(original, context, names)
    if not found:
        raise Refused("quarantine.stored_missing", path=context.store.path(original.stored_as))
    if found["sha256"] != original.sha256:
        raise Refused("quarantine.digest_differs", expected=original.sha256, found=found["sha256"])
    if declared and found["md5"] != declared:
        raise Refused("quarantine.declared_differs", expected=declared, found=found["md5"])
    return Outcome(
        changes={"sm3": found["sm3"], "verified_at": now()},
        detail={"sha256": found["sha256"], "sm3": found["sm3"], **restored},
    )


def read(original: Original, context: Context, names: Sequence[str]) -> dict[str, str]:
    """Its digests, or none where it does not lie in the store."""
    assert original.stored_as is not None
    try:
        path = context.store.path(original.stored_as)
        return digests(path, names, lambda done: context.tick(original.id, done))
    except FileNotFoundError:
        return {}


def restore(original: Original, context: Context) -> bool:
    """Whether the second copy took the original's place; while its disk is away, the work waits for it."""
    if context.second is None:
        return False
    if not context.second.is_present:
        raise DeviceUnavailable("wait.second_copy_gone", path=context.second.root)
    assert original.stored_as is not None
    assert original.sha256 is not None
    try:
        context.second.copy_to(
            context.store, original.stored_as, original.sha256, lambda done: context.tick(original.id, done)
        )
    except (CopyDiffers, FileNotFoundError):
        return False
    return True
