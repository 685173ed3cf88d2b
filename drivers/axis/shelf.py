"""What controllers brought: one folder per container, with a journal that says what is durable.

A body lies under its final name before the journal knows it, and the journal knows it before 201 is said.
Nothing is replaced: other bytes under a name that is taken lie beside the first ones.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Self

from uuid_utils import uuid7

from drivers.axis.containers import Body, Container, Corrupt, Meta, Missing, cleared
from drivers.uploads.spool import suffix
from gateway.store.durable import drop_unfinished, sync_folder, write_whole

log = logging.getLogger(__name__)

JOURNAL = "journal.json"
BROKEN = "broken-journal-"


class Draft:
    """A body on its way: hashed while it is written, nothing of it known to anybody before `Shelf.keep`."""

    def __init__(self, path: Path, ended: Callable[[], None]) -> None:
        self.path, self.ended = path, ended
        self.handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self.size, self.md5, self.sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()

    def write(self, content: bytes) -> None:
        """Raises OSError."""
        self.md5.update(content)
        self.sha256.update(content)
        self.size += len(content)
        left = memoryview(content)
        while left:
            left = left[os.write(self.handle, left) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended()
        os.close(self.handle)
        self.path.unlink(missing_ok=True)


class Shelf:
    """Every method raises OSError if the disk does. Safe to call from many threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.known: dict[str, Container] = {}
        self.drafts: Counter[str] = Counter()
        """How many bodies of a container are on their way."""

    def open(self) -> None:
        """Read the journals; what was on its way when the process ended was acknowledged to nobody."""
        self.root.mkdir(parents=True, exist_ok=True)
        for draft in self.root.glob("*/*.part"):
            draft.unlink(missing_ok=True)
        drop_unfinished(self.root, f"*/{JOURNAL}")
        with self.lock:
            self.known = {}
            for journal in sorted(self.root.glob(f"*/{JOURNAL}")):
                try:
                    told = json.loads(journal.read_text())
                    bodies = [Body(**body) for body in told.pop("bodies")]
                    container = Container(**told, bodies=bodies)
                except (ValueError, TypeError, KeyError) as error:
                    log.error("%s cannot be read (%s); its files are reported without it", journal, error)
                    journal.rename(journal.with_name(f"{BROKEN}{time.time_ns()}"))
                else:
                    self.known[container.name] = container
            self.drop_strays()

    def containers(self) -> list[Container]:
        with self.lock:
            return list(self.known.values())

    def container(self, name: str) -> Container:
        """Without the lock: whoever asks must not wait for another one's fsync. Raises Missing."""
        try:
            return self.known[name]
        except KeyError:
            raise Missing(name) from None

    def create(self, name: str, meta: Meta) -> bool:
        """Whether it is new; of a known one the metadata are brought up to date, as a POST does."""
        with self.lock:
            if name in self.known:
                self.describe(name, meta)
                return False
            key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:24]
            fresh = Container(name, key, uuid7().hex, cleared(meta))
            (self.root / key).mkdir(exist_ok=True)
            self.write(fresh)
            sync_folder(self.root)
            self.known[name] = fresh
            return True

    def describe(self, name: str, meta: Meta) -> Container:
        """Add to a container's metadata; an empty value removes (Swift). Raises Missing."""
        with self.lock:
            container = self.container(name)
            before = container.meta
            container.meta = cleared(before | meta)
            try:
                self.write(container)
            except OSError:
                container.meta = before
                raise
            return container

    def describe_body(self, name: str, body_name: str, meta: Meta) -> None:
        """An object's metadata are replaced as a whole (Swift). Raises Missing."""
        with self.lock:
            container = self.container(name)
            body = container.body(body_name)
            before, body.meta = body.meta, cleared(meta)
            try:
                self.write(container)
            except OSError:
                body.meta = before
                raise

    def draft(self, name: str) -> Draft:
        """Raises Missing where nobody created the container."""
        container = self.container(name)

        def ended() -> None:
            with self.lock:
                self.drafts[name] -= 1
                container.touched = time.time()

        draft = Draft(self.root / container.key / f"{uuid7().hex}.part", ended)
        with self.lock:
            self.drafts[name] += 1
        return draft

    def keep(self, name: str, body_name: str, draft: Draft, meta: Meta, promised: str | None) -> Body:
        """Make a written draft durable and known. The same bytes under the same name are kept once.

        Raises Corrupt if the sender's own MD5 is another, Missing.
        """
        md5, sha256 = draft.md5.hexdigest(), draft.sha256.hexdigest()
        if promised is not None and promised != md5:
            raise Corrupt(body_name)
        os.fsync(draft.handle)
        with self.lock:
            container = self.container(name)
            for one in container.bodies:
                if (one.name, one.sha256, one.size) == (body_name, sha256, draft.size):
                    if not one.entered and not self.path(container, one).exists():
                        draft.path.rename(self.path(container, one))  # a failing disk had lost it
                        sync_folder(self.path(container, one).parent)
                    one.meta = cleared(meta)
                    self.write(container)
                    return one
            body = Body(
                body_name, f"{uuid7().hex}{suffix(body_name)}", draft.size, md5, sha256, cleared(meta)
            )
            target = self.path(container, body)
            draft.path.rename(target)
            sync_folder(target.parent)
            container.bodies.append(body)
            try:
                self.write(container)
            except OSError:
                container.bodies.remove(body)  # the file stays: the journal may know it after all
                raise
            return body

    def account(self, container: Container, bodies: list[Body]) -> None:
        """Give what is about to be reported its offload; what comes after that is an account of its own."""
        with self.lock:
            fresh = [body for body in bodies if not body.offload]
            used = {body.offload for body in container.bodies if body.offload}
            offload = uuid7().hex if container.offload in used else container.offload
            for body in fresh:
                body.offload = offload
            if fresh:
                self.write(container)

    def path(self, container: Container, body: Body) -> Path:
        return self.root / container.key / body.file

    def digest(self, container: Container, body: Body) -> str:
        """Of a body whose own journal was lost, as long as it lies here; else what was received."""
        path = self.path(container, body)
        if body.sha256 or not path.exists():
            return body.sha256
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def mark(self, container: Container, bodies: list[Body], **state: bool) -> None:
        with self.lock:
            before = [(body, name, getattr(body, name)) for body in bodies for name in state]
            for body, name, _ in before:
                setattr(body, name, state[name])
            try:
                self.write(container)
            except OSError:
                for body, name, value in before:
                    setattr(body, name, value)
                raise

    def forget(self, before: float) -> None:
        """Journals of which everything was taken over long ago: a repeated upload is an upload again then."""
        for container in self.containers():
            if container.is_done and container.touched < before and not self.drafts[container.name]:
                with self.lock, suppress(OSError):
                    self.known.pop(container.name, None)
                    (self.root / container.key / JOURNAL).unlink(missing_ok=True)
                    (self.root / container.key).rmdir()

    def write(self, container: Container) -> None:
        container.touched = time.time()
        told = json.dumps(asdict(container), ensure_ascii=True).encode()
        write_whole(self.root / container.key / JOURNAL, told)

    def drop_strays(self) -> None:
        """Bodies that a crash kept out of the journal were acknowledged to nobody: they are sent again."""
        for container in self.known.values():
            folder = self.root / container.key
            known = {JOURNAL, *(body.file for body in container.bodies)}
            if not any(folder.glob(f"{BROKEN}*")):
                for path in folder.iterdir():
                    if path.name not in known:
                        path.unlink()
