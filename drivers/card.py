"""Files lying on a card or in a folder: walking, telling what each is, reading sidecars."""

import dataclasses
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from drivers.names import is_system, kind_of, read_name
from gateway.device import (
    Declared,
    DeviceUnavailable,
    FileFound,
    FileListed,
    FoundFile,
    MediaKind,
    edge_digest,
    modified_ns,
    shown,
)
from gateway.store.regular import reading
from gateway.wording import Reason, reason

One = TypeVar("One")

SIDECAR_BYTES = 64 * 1024
MD5 = re.compile(rb"\b[0-9a-fA-F]{32}\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One name on the card. `path` is relative, exactly as the file system has it."""

    path: bytes
    size: int
    mtime_ns: int
    mode: int
    error: str | None = None
    """Why it could not even be looked at."""

    @property
    def readable(self) -> str:
        return shown(self.path)


def walk(root: Path) -> Iterator[Entry]:
    """Every entry below a folder but the folders themselves; links are not followed.

    Raises DeviceUnavailable if the root cannot be read: an empty listing after a
    surprise removal must not look like a wiped card.
    """
    pending = [b""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(os.path.join(bytes(root), folder)) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not folder or not root.is_dir():
                raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
            yield Entry(folder, 0, 0, 0, error.strerror)
            continue
        for entry in found:
            path = os.path.join(folder, entry.name)
            try:
                seen = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield Entry(path, 0, 0, 0, error.strerror)
                continue
            if stat.S_ISDIR(seen.st_mode):
                pending.append(path)
            else:
                yield Entry(path, seen.st_size, modified_ns(seen), seen.st_mode)


def grouped(entries: Iterable[One], size: int) -> Iterator[list[One]]:
    pending = iter(entries)
    while group := list(islice(pending, size)):
        yield group


def not_kept(entry: Entry) -> Reason | None:
    """Why a file is listed but not kept; None for one that is."""
    if entry.error:
        return reason("listed.unreadable", error=entry.error)
    if stat.S_ISLNK(entry.mode):
        return reason("listed.link")
    if not stat.S_ISREG(entry.mode):
        return reason("listed.special")
    if is_system(entry.readable):
        return reason("listed.system")
    if entry.size == 0:
        return reason("condition.empty")
    return None


def report(
    root: Path,
    entry: Entry,
    device_id: str,
    *,
    volume: str = "",
    offload: str | None = None,
    templates: Sequence[str] = (),
    adopt: bool = False,
    is_there: Callable[[], bool],
) -> FileFound | FileListed:
    """The event for one entry.

    Raises DeviceUnavailable if the device left meanwhile: then every name is gone, and that
    must not be taken for what the card holds.
    """
    why = not_kept(entry)
    local = root / os.fsdecode(entry.path)
    if why is None:
        try:
            with reading(local) as handle:
                edges = edge_digest(handle, entry.size)
            declared = declared_by(root, entry, templates)
        except FileNotFoundError:
            why = reason("listed.gone")
        except OSError as error:
            why = reason("listed.unreadable", error=error.strerror)
    if why is not None:
        if not is_there():
            raise DeviceUnavailable("wait.source_gone", done=0)
        return FileListed(
            device_id=device_id, offload=offload, path=entry.path,
            size=entry.size, mtime_ns=entry.mtime_ns, why=why,
        )  # fmt: skip
    return FileFound(
        found=FoundFile(
            device_id=device_id,
            path=entry.path,
            local=local,
            size=entry.size,
            mtime_ns=entry.mtime_ns,
            kind=kind_of(entry.readable),
            edges=edges,
            volume=volume,
            offload=offload,
            declared=declared,
            adopt=adopt,
        )
    )


def declared_by(root: Path, entry: Entry, templates: Sequence[str]) -> Declared:
    """Name first, then what a sidecar beside the file adds."""
    declared = read_name(entry.readable, templates)
    if not isinstance(kind_of(entry.readable), MediaKind):
        return declared
    local = root / os.fsdecode(entry.path)
    labels = [local.with_suffix(".json"), Path(f"{local}.json")]
    return with_sidecars(declared, map(head_of, labels), map(head_of, md5_sidecars(local)))


def with_sidecars(declared: Declared, labels: Iterable[bytes], digests: Iterable[bytes]) -> Declared:
    """What the files beside it add; they are given by their beginnings, empty for one that is not there."""
    for written in labels:
        declared = with_labels(declared, written)
    return dataclasses.replace(declared, md5=md5_in(digests) or declared.md5)


def md5_sidecars(local: Path) -> list[Path]:
    return [Path(f"{local}.md5"), local.with_suffix(".md5")]


def md5_beside(local: Path) -> str | None:
    """The digest in the sidecar of a file; none where there is none yet."""
    return md5_in(map(head_of, md5_sidecars(local)))


def md5_in(heads: Iterable[bytes]) -> str | None:
    return next((match.group(0).decode().lower() for head in heads if (match := MD5.search(head))), None)


def with_labels(declared: Declared, sidecar: bytes) -> Declared:
    """What a JSON sidecar adds; anything else in it stays in the kept file."""
    try:
        written = json.loads(sidecar or b"{}")
    except (ValueError, RecursionError):
        return declared
    if not isinstance(written, dict):
        return declared
    given = {
        name: value
        for name in ("case_no", "officer", "place", "matter")
        if (value := cleaned(written.get(name)))
    }
    return dataclasses.replace(
        declared,
        case_no=given.get("case_no", declared.case_no),
        officer=given.get("officer", declared.officer),
        place=given.get("place", declared.place),
        matter=given.get("matter", declared.matter),
    )


def cleaned(value: object) -> str:
    """A label as text that every database can hold."""
    text = value if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable()).strip()[:200]


def head_of(path: Path) -> bytes:
    """The beginning of a regular file; nothing of a link, a pipe, or what is not there."""
    try:
        with reading(path) as handle:
            return os.read(handle, SIDECAR_BYTES)
    except OSError:
        return b""
