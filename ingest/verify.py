"""The second read: what the disk really holds must give the digest of what was copied."""

from gateway.device import Refused
from gateway.models import now
from gateway.store.digests import digests
from ingest.stage import Context, Item, Outcome


def verify(item: Item, context: Context) -> Outcome:
    """Read the stored copy with the page cache dropped; SM3 and any declared MD5 come from this read."""
    original = item.original
    assert original.stored_as is not None
    context.store.remove_partials(original.stored_as)
    path = context.store.path(original.stored_as)
    declared = item.finding.declared.get("md5")
    names = ("sha256", "sm3", "md5") if declared else ("sha256", "sm3")
    try:
        found = digests(path, names, lambda done: context.tick(original.id, done))
    except FileNotFoundError:
        raise Refused("quarantine.stored_missing", path=path) from None
    if found["sha256"] != original.sha256:
        raise Refused("quarantine.digest_differs", expected=original.sha256, found=found["sha256"])
    if declared and found["md5"] != declared:
        raise Refused("quarantine.declared_differs", expected=declared, found=found["md5"])
    return Outcome(
        changes={"sm3": found["sm3"], "verified_at": now()},
        detail={"sha256": found["sha256"], "sm3": found["sm3"]},
    )
