"""Second copies for what was preserved before one was configured (1:1 backup, R-55)."""

import hashlib
import logging
import threading

from sqlmodel import col, select

from gateway import custody
from gateway.database import Database
from gateway.device import DeviceUnavailable, Refused
from gateway.guard import guarded
from gateway.models import Original, State
from gateway.store import LocalStore, StoreFull
from gateway.wording import sentence
from ingest import errands
from ingest.preserve import second_copy
from ingest.stage import Context, Stopping

log = logging.getLogger(__name__)

PERIOD_S = 60.0


class Backup:
    """One thread, one copy after another, never while footage is coming in."""

    def __init__(self, database: Database, context: Context, actor: str) -> None:
        self.database, self.context, self.actor = database, context, actor
        self.told: dict[str, str] = {}
        self.thread = threading.Thread(target=self.work, name="backup", daemon=True)

    def start(self) -> None:
        if self.context.second is not None:
            self.thread.start()

    def work(self) -> None:
        pause = 1.0
        while not self.context.stop.wait(pause):
            guarded(log, "second copies", self.round)
            pause = PERIOD_S

    def round(self) -> None:
        """Everything that is owed now; what cannot be copied is told and comes again in the next round."""
        second, last = self.context.second, ""
        assert second is not None
        while second.is_present and not self.context.copying() and (original := self.owed(last)):
            last = original.id
            try:
                self.make_up(original, second)
            except Stopping:
                return
            except Refused as no:  # the stored bytes are not what they were: they are judged, with custody
                self.tell(original, sentence(no.reason))
                errands.verify_now(self.database, self.context.store, original.id, self.actor)
            except (DeviceUnavailable, StoreFull, OSError) as error:
                self.tell(original, str(error))

    def tell(self, original: Original, what: str) -> None:
        """Once for each clip and cause: the next round comes in a minute."""
        if self.told.get(original.id) != what:
            self.told[original.id] = what
            log.error("%s: no second copy: %s", original.id, what)

    def owed(self, after: str) -> Original | None:
        with self.database.read() as session:
            wanted = select(Original).where(
                Original.state == State.PRESERVED, col(Original.second_copy).is_(None), Original.id > after
            )
            return session.exec(wanted.order_by(col(Original.id)).limit(1)).first()

    def make_up(self, original: Original, second: LocalStore) -> None:
        assert original.stored_as is not None
        content = self.context.store.manifest_path(original.stored_as).read_bytes()
        if hashlib.sha256(content).hexdigest() != original.manifest:
            raise DeviceUnavailable("wait.manifest_differs")
        second_copy(original, content, second, self.context)
        with self.database.write() as session:
            row = session.get_one(Original, original.id, with_for_update=True)
            if row.second_copy or row.state is not State.PRESERVED:
                return
            row.second_copy = True
            session.add(row)
            chain = custody.device_chain(row.device_id)
            custody.append(session, chain, "SECOND_COPY_MADE", self.actor, row.id, (row,), {"copies": 2})
        log.info("%s: second copy made", original.id)
