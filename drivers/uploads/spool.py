"""Files on their way from connected cameras: a part with its journal, then the whole file with what is known.

`{file}.part` grows in pieces that are each fsynced before they are acknowledged; `{file}.json` says what the
whole has to be and how much of it is safe. After a crash or a power cut the part is cut back to that.
"""

import errno
import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn

from gateway.device import Refused
from gateway.store import Claim, StoreFull, require
from gateway.store.digests import digests
from gateway.store.durable import drop_unfinished, sync_folder, write_whole

SAFE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
NAME = re.compile(r"[^\w.()\[\] +=@#-]", re.UNICODE)
UNREADABLE = frozenset({errno.EIO, errno.EBADMSG, errno.EUCLEAN, errno.ENODATA})
"""What a disk says of one file that it does not give back."""


class Misplaced(Exception):
    """The piece does not begin where the part ends."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Full(Exception):
    """No room for it now: the device keeps it and asks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a device said of a file, and how far we are."""

    device: str
    file_id: str
    name: str
    size: int
    sha256: str
    start: int | None = None
    end: int | None = None
    important: bool = False
    officer: str | None = None
    case_no: str | None = None
    told: str = ""
    """Its name as it came, what cannot be shown escaped."""
    safe: int = 0
    """Bytes of the part that are durable."""
    whole: bool = False
    """It is here, its digest was right."""
    may_delete: bool | None = None
    """What the device was told once the original was preserved."""
    told_at: float = 0.0
    """When it was told so (seconds since 1970)."""
    asked_at: float = 0.0
    """It has the file still: since when it is asked once more whether it may delete it."""


class Spool:
    """One folder per device. Every method raises OSError if the disk does."""

    def __init__(self, root: Path, reserve: int, quota: int) -> None:
        self.root, self.reserve, self.quota = root, reserve, quota
        self.locks: dict[tuple[str, str], threading.Lock] = {}
        self.lock = threading.Lock()
        self.lost: deque[tuple[Expected, str]] = deque()
        """What was set aside and is still to be told of, with the disk's error."""

    def place(self, device: str, file_id: str, ending: str) -> Path:
        """Raises Refused for an id that is none."""
        if not SAFE.match(device) or not SAFE.match(file_id):
            raise Refused("upload.bad_id", file=file_id[:64])
        return self.root / device / f"{file_id}{ending}"

    def whole(self, expected: Expected) -> Path:
        """Named after its digest, too: an id that is used again must not take another file's place."""
        ending = f".{expected.sha256[:16]}{suffix(expected.name)}"
        return self.place(expected.device, expected.file_id, ending)

    def guard(self, device: str, file_id: str) -> threading.Lock:
        with self.lock:
            return self.locks.setdefault((device, file_id), threading.Lock())

    def unguard(self, device: str, file_id: str) -> None:
        """Nothing more is written to it; whoever still holds the lock holds the same one."""
        with self.lock:
            self.locks.pop((device, file_id), None)

    def known(self, device: str, file_id: str) -> Expected | None:
        try:
            return Expected(**json.loads(self.place(device, file_id, ".json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        except OSError as error:
            if error.errno not in UNREADABLE:
                raise
            return None

    def keep(self, expected: Expected) -> None:
        path = self.place(expected.device, expected.file_id, ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(expected), ensure_ascii=False).encode())

    def expect(self, told: Expected) -> Expected:
        """Enter a file, or find how far it is. Other bytes under an id that was used begin anew.

        Raises Full when neither its device's quota nor the disk has room for it.
        """
        before = self.known(told.device, told.file_id)
        if before is not None and (before.size, before.sha256) == (told.size, told.sha256):
            return before
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            require(self.root, self.reserve, told.size)
        except StoreFull:
            raise Full("disk") from None
        if self.underway(told.device) + told.size > self.quota:
            raise Full("quota")
        guard = self.guard(told.device, told.file_id)
        if not guard.acquire(blocking=False):
            raise Full("busy")  # a piece of it is on its way: nobody waits for that
        try:
            self.place(told.device, told.file_id, ".part").unlink(missing_ok=True)
            self.keep(told)
        finally:
            guard.release()
        return told

    def begin_anew(self, told: Expected) -> Expected:
        """Expect again what had been taken over long ago. Raises Full."""
        self.place(told.device, told.file_id, ".json").unlink(missing_ok=True)
        return self.expect(told)

    def claim(self, handle: int, size: int) -> Claim:
        """Room for the rest of a part, which no other may take; raises StoreFull when its `with` begins."""
        return Claim(self.root, self.reserve, lambda: size - os.fstat(handle).st_size)

    def underway(self, device: str) -> int:
        """Bytes that one device was promised room for, or has here, and that are not yet in the store."""
        known = (self.known(device, journal.stem) for journal in (self.root / device).glob("*.json"))
        return sum(one.size for one in known if one and (not one.whole or self.whole(one).exists()))

    def offset(self, expected: Expected) -> int:
        return expected.size if expected.whole else expected.safe

    def open_part(self, expected: Expected, start: int) -> int:
        """A handle to write at `start`. Raises Misplaced when that is not where the safe bytes end."""
        if expected.whole or start != expected.safe:
            raise Misplaced(self.offset(expected))
        handle = os.open(
            self.place(expected.device, expected.file_id, ".part"), os.O_WRONLY | os.O_CREAT, 0o640
        )
        os.ftruncate(handle, start)  # what came after was never acknowledged
        os.lseek(handle, start, os.SEEK_SET)
        return handle

    def settle(self, expected: Expected, handle: int, end: int) -> Expected:
        """What was written is durable and stands in the journal: only now may it be acknowledged."""
        os.fsync(handle)
        fresh = replace(expected, safe=end)
        self.keep(fresh)
        return fresh

    def finish(self, expected: Expected) -> Expected:
        """Hash the whole; under its final name if it is right. Raises Refused and begins anew if not, or if
        the disk does not give it back.

        Safe to repeat: a crash may have come between any two of its steps.
        """
        part, target = self.place(expected.device, expected.file_id, ".part"), self.whole(expected)
        source = part if part.exists() else target
        try:
            found = digests(source, ("sha256",), lambda _: None)["sha256"] if source.exists() else "nothing"
        except OSError as error:
            self.set_aside(expected, source, error)
        if found != expected.sha256:
            source.unlink(missing_ok=True)
            self.keep(replace(expected, safe=0))
            raise Refused("upload.other_digest", file=expected.name, found=found[:16])
        if source is part:
            part.rename(target)
            sync_folder(target.parent)
        done = replace(expected, whole=True)
        self.keep(done)
        return done

    def set_aside(self, expected: Expected, source: Path, error: OSError) -> NoReturn:
        """Raises Refused: left for a person to look at, the file begins anew; its device still has it.

        Raises `error` again if it is not about this one file.
        """
        if error.errno not in UNREADABLE:
            raise error
        source.rename(source.with_name(f"{source.name}.{time.time_ns()}.unreadable"))
        sync_folder(source.parent)
        self.keep(replace(expected, safe=0, whole=False))
        self.lost.append((expected, error.strerror or str(error)))
        raise Refused("upload.unreadable", file=expected.name, error=error.strerror)

    def completed(self, expected: Expected) -> Expected:
        """A file of which all bytes are safe is finished, if a crash had kept it from that.

        Raises Refused as `finish`. One that is being brought just now is left to whoever brings it.
        """
        guard = self.guard(expected.device, expected.file_id)
        if not guard.acquire(blocking=False):
            return expected
        try:
            fresh = self.known(expected.device, expected.file_id) or expected
            return fresh if fresh.whole or fresh.safe < fresh.size else self.finish(fresh)
        finally:
            guard.release()

    def waiting(self) -> Iterator[Expected]:
        """Whole files that still lie here, and those of which all bytes are and nobody has said so yet."""
        for journal in sorted(self.root.glob("*/*.json")):
            expected = self.known(journal.parent.name, journal.stem)
            if expected is None:
                continue
            with suppress(Refused, OSError):  # it begins anew, or waits for a better disk
                expected = self.completed(expected)
            if expected.whole and self.whole(expected).exists():
                yield expected

    def forget(self, before: float) -> None:
        """Journals that nobody has spoken of since: of files that were let go of, or were given up."""
        drop_unfinished(self.root, "*/*.json")
        for journal in self.root.glob("*/*.json"):
            expected = self.known(journal.parent.name, journal.stem)
            if expected and journal.stat().st_mtime < before and not (
                expected.whole and self.whole(expected).exists()
            ):  # fmt: skip
                journal.unlink(missing_ok=True)
                self.place(expected.device, expected.file_id, ".part").unlink(missing_ok=True)


def suffix(name: str) -> str:
    """The ending of a name, if it is a plain one."""
    ending = Path(name).suffix.lower()
    is_plain = ending.isascii() and ending[1:].isalnum() and len(ending) <= 6
    return ending if is_plain and ending not in {".json", ".part"} else ".bin"


def readable_name(name: str, file_id: str) -> str:
    """A device's name for a file, of which nothing can be done but show it."""
    return NAME.sub("_", Path(name.replace("\\", "/")).name).strip(". ") or file_id
