"""Carries one item through its pipeline and commits every stage: state and custody in one transaction."""

import errno
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from gateway.config import IngestSettings
from gateway.database import Database
from gateway.device import DeviceUnavailable, Refused
from gateway.models import Clip, Device, Finding, Original, Rendition, State, Work, now
from gateway.rulepacks import RulePacks
from gateway.scarce import Scarce
from gateway.store import LocalStore, StoreFull
from gateway.wording import Reason, reason, sentence
from ingest.commit import commit, quarantine
from ingest.dispatch import LONGEST_WAIT_S
from ingest.engine import Interrupted
from ingest.pipeline import stage_at
from ingest.stage import Context, Item, Outcome, Stage, Stopping
from ingest.turns import Turns

log = logging.getLogger(__name__)

RETRY_WAIT_S = {"wait.busy": 5, "wait.source_gone": LONGEST_WAIT_S, "wait.source_changed": 3600}
"""A device that left wakes its work itself when it is back (intake); no poll is needed."""
STORE_FULL = {errno.ENOSPC, errno.EDQUOT}
STORE_SICK = {errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN}
WAIT_S = 20


class Runner:
    """`advance` is what the job engine calls; it may be called twice for the same work at any time."""

    def __init__(
        self,
        database: Database,
        context: Context,
        packs: RulePacks,
        settings: IngestSettings,
        executor: str,
        on_ended: Callable[[], None],
    ) -> None:
        self.database, self.context, self.packs = database, context, packs
        self.settings, self.executor, self.on_ended = settings, executor, on_ended
        self.bringing_in: set[str] = set()
        self.room = Scarce("store")
        self.turns = {
            "acquire": Turns(settings.sources, settings.copies),
            "preserve": Turns(settings.second_reads, settings.second_reads),
            "describe": Turns(1, 1),
        }

    def advance(self, item_id: str, pipeline: str, run: int) -> None:
        """Run stage after stage until the pipeline ends, waits or fails; each is committed by itself."""
        try:
            while item := self.load(item_id, pipeline, run):
                stage = stage_at(pipeline, state_of(item, pipeline))
                if stage is None or not self.in_turn(item, pipeline, stage):
                    break
            self.tidy(item_id, pipeline)
        except Stopping:
            raise Interrupted from None
        self.on_ended()

    @property
    def is_copying(self) -> bool:
        """Bytes are on their way from a device: what can wait, waits."""
        return bool(self.bringing_in)

    def in_turn(self, item: Item, pipeline: str, stage: Stage) -> bool:
        """One stage, once it is its turn; what waited is loaded anew: much may have happened meanwhile."""
        turns = self.turns["acquire" if stage.before == State.FOUND else pipeline]
        important = item.clip is not None and item.clip.important
        with turns.turn(item.device.id, self.context.stop, important=important) as waited:
            fresh = self.load(item.work.item_id, pipeline, item.work.run) if waited else item
            if fresh is None or state_of(fresh, pipeline) != stage.before:
                return fresh is not None
            return self.run_stage(fresh, pipeline, stage)

    def load(self, item_id: str, pipeline: str, run: int) -> Item | None:
        """The item, if this start is still the one that counts."""
        with self.database.read() as session:
            work = session.get(Work, (item_id, pipeline))
            if work is None or not work.open or work.run != run:
                return None
            return item_of(session, work)

    def run_stage(self, item: Item, pipeline: str, stage: Stage) -> bool:
        """One stage to its end; True when the next may follow."""
        if stage.before == State.FOUND:
            self.bringing_in.add(item.original.id)
        try:
            self.check_store()
            outcome = stage.run(item, self.context)
            return self.finish(item, pipeline, stage, outcome)
        except Stopping:
            raise
        except DeviceUnavailable as gone:
            self.wait(item, gone.reason)
        except StoreFull as full:
            self.wait(item, reason("wait.store_full", free=size(full.free), need=size(full.need)))
        except Refused as no:
            self.set_aside(item, pipeline, no.reason)
        except OSError as error:
            self.store_failed(item, pipeline, stage, error)
        except Exception as error:
            log.exception("%s of %s failed", stage.name, item.original.id)
            self.failed(item, pipeline, error)
        finally:
            self.bringing_in.discard(item.original.id)
        return False

    def check_store(self) -> None:
        if not self.context.store.is_present:
            raise DeviceUnavailable("wait.store_gone", path=self.context.store.root)

    def finish(self, item: Item, pipeline: str, stage: Stage, outcome: Outcome) -> bool:
        won = commit(self.database, self.packs, item, pipeline, stage, outcome)
        self.room.goes_on(item.original.id)
        if not won:
            log.info("%s of %s: somebody else was first", stage.name, item.original.id)
            self.drop_unknown(outcome)
        return won

    def wait(self, item: Item, why: Reason) -> None:
        """No failure is counted; the sweep starts it again, or the intake when the device is back."""
        if why["code"] == "wait.store_full":
            self.room.waits(item.original.id, sentence(why, "en"))
        else:
            self.room.leaves(item.original.id)
        delay = RETRY_WAIT_S.get(why["code"], WAIT_S)
        self.start_later(item, waiting=why, not_before=now() + timedelta(seconds=delay))

    def store_failed(self, item: Item, pipeline: str, stage: Stage, error: OSError) -> None:
        """A disk that is full, read-only or away is no fault of the clip: it waits."""
        if error.errno in STORE_FULL:
            free = shutil.disk_usage(self.context.store.root).free
            self.wait(item, reason("wait.store_full", free=size(free), need=size(item.original.size)))
        elif error.errno in STORE_SICK or not self.context.store.is_present:
            self.wait(item, reason("wait.store_error", error=error.strerror))
        else:
            log.error("%s of %s failed", stage.name, item.original.id, exc_info=error)
            self.failed(item, pipeline, error)

    def failed(self, item: Item, pipeline: str, error: Exception) -> None:
        failures = item.work.failures + 1
        said = f"{type(error).__name__}: {error}"[:300]
        if failures >= self.settings.retries:
            self.set_aside(item, pipeline, reason("quarantine.failed", error=said))
            return
        delay = min(LONGEST_WAIT_S, self.settings.retry_seconds * 2 ** (failures - 1))
        self.start_later(
            item,
            failures=failures,
            waiting=reason("wait.retry", error=said),
            not_before=now() + timedelta(seconds=delay),
        )

    def start_later(self, item: Item, **changes: Any) -> None:
        with self.database.write() as session:
            work = session.get(Work, (item.work.item_id, item.work.pipeline), with_for_update=True)
            if work is None or work.run != item.work.run:
                return  # another start counts now: the device came back meanwhile
            for name, value in changes.items():
                setattr(work, name, value)
            work.run, work.updated_at = work.run + 1, now()

    def drop_unknown(self, outcome: Outcome) -> None:
        """What a losing run derived goes, unless the winner's row points at the very same file."""
        for made in outcome.renditions:
            with self.database.read() as session:
                known = session.exec(
                    select(Rendition.id).where(Rendition.stored_as == made.stored_as)
                ).first()
            if known is None:
                self.context.store.path(made.stored_as).unlink(missing_ok=True)

    def clear_renditions(self, item_id: str) -> None:
        with self.database.read() as session:
            known = set(session.exec(select(Rendition.stored_as).where(Rendition.clip_id == item_id)))
        self.context.store.remove_stray_renditions(item_id, known)

    def set_aside(self, item: Item, pipeline: str, why: Reason) -> None:
        self.room.leaves(item.original.id)
        if quarantine(self.database, item, pipeline, why):
            log.warning("%s of %s set aside: %s", item.original.name, item.device.id, sentence(why, "en"))

    def tidy(self, item_id: str, pipeline: str) -> None:
        """Remove what an ended pipeline leaves in the store, then close the work. Safe to repeat."""
        with self.database.read() as session:
            work = session.get(Work, (item_id, pipeline))
            original = session.get_one(Original, item_id)
            if work is None or not work.open or not ended(session, original, pipeline):
                return
        if pipeline == "preserve":
            clear(self.context.store, self.context.second, original)
        else:
            self.clear_renditions(item_id)
        with self.database.write() as session:
            work = session.get_one(Work, (item_id, pipeline), with_for_update=True)
            work.open, work.waiting, work.updated_at = False, None, now()


def ended(session: Session, original: Original, pipeline: str) -> bool:
    if pipeline == "preserve":
        return original.state.value in {"PRESERVED", "DUPLICATE", "QUARANTINED"}
    clip = session.get_one(Clip, original.id)
    return clip.described.value in {"READY", "QUARANTINED"}


def clear(store: LocalStore, second: LocalStore | None, original: Original) -> None:
    """Unfinished files go, and a duplicate's bytes (the same content is kept once); an original never."""
    key = original.stored_as or store.original_key(original.id, original.suffix)
    for place in filter(None, (store, second)):
        place.remove_partials(key)
    if original.state.value == "DUPLICATE":
        for place in filter(None, (store, second)):
            place.path(key).unlink(missing_ok=True)
            place.manifest_path(key).unlink(missing_ok=True)


def state_of(item: Item, pipeline: str) -> str:
    if pipeline == "preserve":
        return item.original.state
    assert item.clip is not None
    return item.clip.described


def item_of(session: Session, work: Work) -> Item:
    original = session.get_one(Original, work.item_id)
    clip = session.get(Clip, work.item_id)
    finding = session.exec(
        select(Finding).where(Finding.original_id == work.item_id).order_by(col(Finding.id).desc()).limit(1)
    ).one()
    device = session.get_one(Device, clip.device_id if clip else original.device_id)
    item = Item(original=original, finding=finding, work=work, device=device, clip=clip)
    if clip is None or not finding.declared.get("encrypted"):
        return item
    return replace(item, key=key_beside(session, finding), decrypted=decrypted_copy(session, clip))


def key_beside(session: Session, finding: Finding) -> Original | None:
    """The object that carries a clip's key: it bears the clip's name, with the ending `.key`."""
    names = (finding.path.rpartition(b".")[0] + b".key", finding.path + b".key")
    wanted = select(Original).join(Finding, col(Finding.original_id) == Original.id)
    wanted = wanted.where(Finding.device_id == finding.device_id, col(Finding.path).in_(names))
    found = session.exec(wanted.order_by(col(Finding.id).desc()).limit(1)).first()
    twin = found.duplicate_of if found else None
    return session.get(Original, twin) if twin else found


def decrypted_copy(session: Session, clip: Clip) -> Rendition | None:
    wanted = select(Rendition).where(Rendition.clip_id == clip.id, Rendition.kind == "decrypted")
    return session.exec(wanted).first()


def size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
