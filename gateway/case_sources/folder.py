"""A watched folder of signed files: good ones go to `done/`, others to `refused/`, with the reason."""

import hashlib
import logging
import os
from pathlib import Path

from sqlmodel import Session, select

from gateway.case_sources.files import cases_in
from gateway.case_sources.signatures import Checker
from gateway.case_sources.taking import Desk
from gateway.config import ConfigError
from gateway.config.sources import FolderSource
from gateway.device import DeviceUnavailable, Refused
from gateway.models import CaseFile, now
from gateway.store.durable import make_folder, sync_folder, write_whole
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

SIGNED = ".sig"
KINDS = (".json", ".csv")
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".swp", ".crdownload")
"""Names under which programs write what is not whole yet."""
LARGEST = 64 * 2**20


class Inbox:
    """The sender writes the file, then `<file>.sig` beside it: the signature is the word that it is whole."""

    def __init__(self, settings: FolderSource, desk: Desk) -> None:
        self.settings, self.desk = settings, desk
        self.checker = Checker(settings.signature)
        self.pause_s = settings.scan_seconds
        self.done, self.refused = settings.path / "done", settings.path / "refused"
        self.seen: dict[str, tuple[tuple[int, int], float]] = {}
        """Name → (size and time, since when it is so): what still grows is left alone."""

    def round(self, at: float | None = None) -> None:
        """Everything that lies there whole. Raises DeviceUnavailable where the folder cannot be read."""
        at = now().timestamp() if at is None else at
        if not self.settings.path.is_dir():  # never made by us: it may be a share that is not mounted
            raise DeviceUnavailable("case_source.folder", path=self.settings.path, error="no such folder")
        try:
            make_folder(self.done)
            make_folder(self.refused)
            quiet = self.quiet(at)
            for name, since in sorted(quiet.items()):
                self.look(name, at - since, quiet)
        except OSError as error:
            raise DeviceUnavailable("case_source.folder", path=self.settings.path, error=error) from error
        self.desk.read_up_to(None)

    def quiet(self, at: float) -> dict[str, float]:
        """Files that are as they were in the round before, and since when."""
        here: dict[str, tuple[tuple[int, int], float]] = {}
        quiet: dict[str, float] = {}
        for entry in os.scandir(self.settings.path):
            if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                continue
            if entry.is_dir(follow_symlinks=False):
                continue
            found = entry.stat(follow_symlinks=False)
            state = (found.st_size, found.st_mtime_ns)
            before = self.seen.get(entry.name)
            if before and before[0] == state:
                quiet[entry.name] = before[1]
            here[entry.name] = before if before and before[0] == state else (state, at)
        self.seen = here
        return quiet

    def look(self, name: str, quiet_s: float, quiet: dict[str, float]) -> None:
        path = self.settings.path / name
        late = quiet_s >= self.settings.patience_seconds
        if name.endswith(SIGNED):
            if late and not path.with_suffix("").exists():
                self.refuse(path, reason("case_file.no_file"))
        elif path.suffix.lower() not in KINDS:
            self.refuse(path, reason("case_file.kind", known=", ".join(KINDS)))
        elif path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            self.refuse(path, reason("case_file.no_plain_file", most=LARGEST >> 20))
        elif self.was_taken(path):
            self.put_away(path, self.done)
        elif name + SIGNED in quiet:
            self.take(path, signature_of(path).read_bytes()[:4096])
        elif late and not signature_of(path).exists():
            self.refuse(path, reason("case_file.unsigned", seconds=int(self.settings.patience_seconds)))

    def take(self, path: Path, signature: bytes) -> None:
        content = path.read_bytes()
        if not self.checker.accepts(content, signature):
            self.refuse(path, reason("case_file.wrong_signature"))
            return
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            cases = cases_in(Path(path.name), content)
            with self.desk.database.write() as session:
                if known := self.known(session, sha256):
                    raise Refused("case_file.duplicate", name=known.name, at=known.taken_at.isoformat())
                session.add(CaseFile(source_id=self.settings.id, sha256=sha256, name=path.name))
                ended = [self.desk.take(session, case) for case in cases]
                self.desk.settle(session, path.name)
        except ConfigError as wrong:
            self.refuse(path, reason("case_file.wrong", errors=wrong))
        except Refused as no:
            self.refuse(path, no.reason)
        else:
            log.info(
                "%s: %d cases, %d new or changed", path.name, len(ended), sum(one.changed for one in ended)
            )
            self.put_away(path, self.done)

    def known(self, session: Session, sha256: str) -> CaseFile | None:
        same = select(CaseFile).where(CaseFile.source_id == self.settings.id, CaseFile.sha256 == sha256)
        return session.exec(same).first()

    def was_taken(self, path: Path) -> bool:
        """We were interrupted between taking it and moving it."""
        with self.desk.database.read() as session:
            known = self.known(session, hashlib.sha256(path.read_bytes()).hexdigest())
            return known is not None and not known.put_away and known.name == path.name

    def put_away(self, path: Path, folder: Path) -> None:
        """The signature goes first: a file that still lies here is found again, a signature alone is not."""
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.move(path, folder)
        with self.desk.database.write() as session:
            if found := self.known(session, sha256):
                found.put_away = True
                session.add(found)

    def refuse(self, path: Path, why: Reason) -> None:
        log.warning("%s: %s", path, sentence(why, "en"))
        self.desk.refuse(path.name, why)
        target = free_name(self.refused, path.name)
        said = f"{sentence(why, 'zh')}\n{sentence(why, 'en')}\n"
        write_whole(target.with_name(f"{target.name}.why.txt"), said.encode())
        self.move(path, self.refused, target)

    def move(self, path: Path, folder: Path, target: Path | None = None) -> None:
        target = target or free_name(folder, path.name)
        if signature_of(path).exists():
            signature_of(path).rename(signature_of(target))
        path.rename(target)
        sync_folder(folder)
        sync_folder(path.parent)
        self.seen.pop(path.name, None)


def signature_of(path: Path) -> Path:
    return path.with_name(path.name + SIGNED)


def free_name(folder: Path, name: str) -> Path:
    """Nothing that lies there already is written over."""
    target, count = folder / name, 1
    while target.exists() or target.is_symlink() or target.with_name(f"{target.name}.why.txt").exists():
        count += 1
        target = folder / f"{count}-{name}"
    return target
