"""Everything that a camera holds, each object under a path of its own, whatever it is called."""

import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from zoneinfo import ZoneInfo

from drivers.card import Entry
from drivers.mtp.camera import Camera, Said
from drivers.mtp.wire import FOLDER, ROOT, Garbled, ObjectInfo, read_moment
from gateway.device import DeviceUnavailable

NOT_IN_A_NAME = str.maketrans({"/": "\N{DIVISION SLASH}"})
DOTS = {".": "\N{ONE DOT LEADER}", "..": "\N{TWO DOT LEADER}"}


FILE = stat.S_IFREG | 0o444


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A file on the camera, or a folder that could not be looked into."""

    handle: int
    storage: int
    parent: int
    entry: Entry
    info: ObjectInfo | None = None
    """As it was told when it was listed."""

    @property
    def path(self) -> bytes:
        return self.entry.path


def survey(camera: Camera, zone: ZoneInfo) -> list[Object]:
    """Raises DeviceUnavailable if the camera leaves meanwhile, or shows nothing yet."""
    found = [one for storage, folder in storages(camera) for one in walk(camera, zone, storage, folder)]
    return told_apart(found)


def storages(camera: Camera) -> Iterator[tuple[int, bytes]]:
    """Each with the folder that stands for it: two may bear one name."""
    seen: set[bytes] = set()
    try:
        shown = camera.storages()
    except (Said, Garbled) as no:
        raise DeviceUnavailable("bay.mtp_failed", error=str(no)) from no
    if not shown:
        raise DeviceUnavailable("bay.mtp_locked")
    for storage, name in shown.items():
        folder = readable(name) or f"[storage {storage:08X}]".encode()
        if folder in seen:
            folder += f"~{storage:08X}".encode()
        seen.add(folder)
        yield storage, folder


def walk(camera: Camera, zone: ZoneInfo, storage: int, root: bytes) -> Iterator[Object]:
    """Every object once, though a camera may list one in several folders, or a folder in itself."""
    seen: set[int] = set()
    top: list[int] = []
    pending = [(ROOT, root)]
    while pending:
        parent, folder = pending.pop()
        try:
            handles = camera.children(storage, parent)
        except (Said, Garbled) as no:
            yield Object(handle=parent, storage=storage, parent=parent, entry=Entry(folder, 0, 0, 0, str(no)))
            continue
        top = handles if parent == ROOT else top
        elsewhere = set(handles) if parent == ROOT else set()
        yield from listed(camera, zone, (storage, parent, folder), handles, elsewhere, seen, pending)
    # a camera that tells all its objects as lying in the root, and of some no folder that has them
    left = [handle for handle in top if handle not in seen]
    yield from listed(camera, zone, (storage, ROOT, root), left, set(), seen, pending)


def listed(
    camera: Camera,
    zone: ZoneInfo,
    place: tuple[int, int, bytes],
    handles: Iterable[int],
    elsewhere: set[int],
    seen: set[int],
    pending: list[tuple[int, bytes]],
) -> Iterator[Object]:
    """The files among these objects; folders are left `pending`, what lies `elsewhere` to its own folder."""
    storage, parent, folder = place
    for handle in handles:
        if handle in seen:
            continue
        named = f"[object {handle:08X}]".encode()
        try:
            info = camera.info(handle)
            if info.parent in elsewhere - {handle}:
                continue
            named = readable(info.name) or named
            size = info.size if info.size is not None or info.format == FOLDER else camera.size(handle)
        except (Said, Garbled) as no:
            seen.add(handle)
            entry = Entry(folder + b"/" + named, 0, 0, 0, str(no))
            yield Object(handle=handle, storage=storage, parent=parent, entry=entry)
            continue
        seen.add(handle)
        path = folder + b"/" + named
        if info.format == FOLDER:
            pending.append((handle, path))
            continue
        entry = Entry(path, size or 0, read_moment(info.modified, zone), FILE)
        yield Object(handle=handle, storage=storage, parent=parent, entry=entry, info=info)


def readable(name: str) -> bytes:
    """A name as the last part of a path, which no name leads out of."""
    said = meant(name)
    return DOTS.get(said, said).translate(NOT_IN_A_NAME).encode("utf-8", "surrogatepass")


def meant(name: str) -> str:
    """UTF-8 or GBK that a firmware only widened, byte by byte, to UTF-16; any other name as it is."""
    if name.isascii() or any(ord(char) > 0xFF for char in name):
        return name
    narrow = name.encode("latin-1")
    for encoding in ("utf-8", "gbk"):
        with suppress(UnicodeDecodeError):
            return narrow.decode(encoding)
    return name


def told_apart(found: Iterable[Object]) -> list[Object]:
    """Paths that several objects bear are numbered, oldest first: handles may be others next time."""
    groups: dict[bytes, list[Object]] = defaultdict(list)
    for one in found:
        groups[one.path].append(one)
    taken, apart = set(groups), []
    for path, same in groups.items():
        first, *others = sorted(same, key=lambda one: (one.entry.mtime_ns, one.entry.size, one.handle))
        apart.append(first)
        for one in others:
            free = next(name for name in numbered(path) if name not in taken)
            taken.add(free)
            apart.append(replace(one, entry=replace(one.entry, path=free)))
    return sorted(apart, key=lambda one: one.path)


def numbered(path: bytes) -> Iterator[bytes]:
    """`a/0001~2.MP4`, `a/0001~3.MP4` …"""
    stem = stem_of(path)
    for number in count(2):
        yield stem + f"~{number}".encode() + path[len(stem) :]


def stem_of(path: bytes) -> bytes:
    """Without its ending; a name that begins with a dot has none."""
    folder, slash, name = path.rpartition(b"/")
    return folder + slash + (name.rpartition(b".")[0] or name)
