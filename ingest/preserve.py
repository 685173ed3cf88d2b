"""Make an original permanent: manifest, read-only, second copy where one is configured."""

import hashlib
import json
from typing import Any

from gateway.device import DeviceUnavailable, Refused
from gateway.models import Original, now
from gateway.store import CopyDiffers, LocalStore
from gateway.store.durable import write_whole
from ingest.stage import Context, Item, Outcome


def preserve(item: Item, context: Context) -> Outcome:
    """After this the source may be released."""
    original = item.original
    key = original.stored_as
    assert key is not None
    content = json.dumps(manifest(item), ensure_ascii=False, sort_keys=True, indent=1).encode()
    write_whole(context.store.manifest_path(key), content)
    context.store.seal(key)
    if context.second is not None:
        second_copy(original, content, context.second, context)
    return Outcome(
        changes={
            "manifest": hashlib.sha256(content).hexdigest(),
            "second_copy": True if context.second else None,
            "preserved_at": now(),
        },
        detail={"manifest": hashlib.sha256(content).hexdigest(), "copies": 2 if context.second else 1},
    )


def second_copy(original: Original, content: bytes, second: LocalStore, context: Context) -> None:
    """1:1 backup (R-55), read back cold before it counts."""
    if not second.is_present:
        raise DeviceUnavailable("wait.second_copy_gone", path=second.root)
    key = original.stored_as
    assert key is not None

    def tick(done: int) -> None:
        context.tick(original.id, done)

    assert original.sha256 is not None
    try:
        context.store.copy_to(second, key, original.sha256, tick)
    except CopyDiffers:
        raise Refused("quarantine.second_copy_differs", path=second.path(key)) from None
    write_whole(second.manifest_path(key), content)
    second.seal(key)


def manifest(item: Item) -> dict[str, Any]:
    """What stands beside the original, so that it can be understood and checked without a database.

    Only what the row says: two workers that do this twice write the same bytes.
    """
    original, finding = item.original, item.finding
    return {
        "clip": original.id,
        "device": original.device_id,
        "offload": finding.offload_id,
        "name": original.name,
        "path": finding.path.hex(),
        "size": original.size,
        "mtime_ns": finding.mtime_ns,
        "sha256": original.sha256,
        "sm3": original.sm3,
        "found_at": original.found_at.isoformat(),
        "acquired_at": original.acquired_at.isoformat() if original.acquired_at else None,
        "verified_at": original.verified_at.isoformat() if original.verified_at else None,
    }
