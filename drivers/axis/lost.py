"""Footage whose journal cannot be read: it was acknowledged, so it is reported all the same."""

import json
import re
from contextlib import suppress
from pathlib import Path

from uuid_utils import uuid7

from drivers.axis.containers import Body, Container
from drivers.axis.shelf import BROKEN, JOURNAL, Shelf
from gateway.device import SignalReceived
from gateway.instants import moment
from gateway.store.durable import sync_folder
from gateway.wording import reason

LOST = "lost-"
"""Begins the names of folders into which it is moved: its sender may have begun the same container anew."""

ENTRY = re.compile(
    r'"name": (?P<name>"(?:[^"\\]|\\.)*"), "file": (?P<file>"(?:[^"\\]|\\.)*"), '
    r'"size": \d+, "md5": "(?P<md5>[0-9a-f]{32})", "sha256": "(?P<sha256>[0-9a-f]{64})"'
)


def salvage(shelf: Shelf) -> None:
    """What lies beside a broken journal becomes a container of its own. Raises OSError; may be repeated."""
    with shelf.lock:
        for folder in sorted({found.parent for found in shelf.root.glob(f"*/{BROKEN}*")}):
            if not folder.name.startswith(LOST):
                salvage_folder(shelf, folder)


def salvage_folder(shelf: Shelf, folder: Path) -> None:
    """The broken journal is moved last: whatever ends this before, it begins anew."""
    target = move(
        folder, {body.file for one in shelf.containers() if one.key == folder.name for body in one.bodies}
    )
    told = entries(folder)
    fresh = Container(target.name, target.name, uuid7().hex, {"status": "Complete"})
    container = shelf.known.get(target.name, fresh)
    known = {JOURNAL, *(body.file for body in container.bodies)}
    for path in sorted(target.iterdir()):
        if path.name not in known and not path.name.startswith(BROKEN):
            name, md5, sha256 = told.get(path.name, (path.name, "", ""))
            container.bodies.append(Body(name, path.name, path.stat().st_size, md5, sha256, {}))
    shelf.write(container)
    shelf.known[container.name] = container
    for broken in folder.glob(f"{BROKEN}*"):
        broken.rename(target / broken.name)
    with suppress(OSError):  # its sender began it anew
        folder.rmdir()
    sync_folder(target)
    sync_folder(shelf.root)


def move(folder: Path, known: set[str]) -> Path:
    """Everything that no journal knows goes to a folder of its own, named after the oldest broken one."""
    oldest = min(path.name for path in folder.glob(f"{BROKEN}*"))
    target = folder.with_name(f"{LOST}{folder.name}-{oldest.removeprefix(BROKEN)}")
    target.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.name not in known and path.name != JOURNAL and not path.name.startswith(BROKEN):
            path.rename(target / path.name)
    sync_folder(target)
    return target


def entries(folder: Path) -> dict[str, tuple[str, str, str]]:
    """(name, MD5, SHA-256) by file, as far as broken journals still tell."""
    return {
        json.loads(found["file"]): (json.loads(found["name"]), found["md5"], found["sha256"])
        for broken in sorted(folder.glob(f"{BROKEN}*"))
        for found in ENTRY.finditer(broken.read_text(errors="replace"))
    }


def signals(shelf: Shelf, device_id: str) -> list[SignalReceived]:
    """Kept once each: nobody knows whose footage it is, a person has to look."""
    return [
        SignalReceived(
            device_id=device_id, at=moment(), kind="journal_unreadable", event_id=container.name,
            detail={"why": reason("upload.journal_unreadable", folder=container.key,
                                  files=len(container.bodies))},
        )
        for container in shelf.containers() if container.name.startswith(LOST)
    ]  # fmt: skip
