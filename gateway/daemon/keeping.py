"""Whether the stores really hold what the database says they do, asked before a device may erase its own.

The database says what was true when it was preserved. A disk rots, is replaced or is not mounted.
"""

import logging
from datetime import timedelta
from enum import Enum, auto

from gateway import custody
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Original, State, now
from gateway.store import LocalStore
from gateway.store.digests import digests
from ingest import errands

log = logging.getLogger(__name__)

ACTOR = "gateway"
FRESH = timedelta(hours=1)
"""What was preserved within it was read back from both disks just now; what is older is read once more."""


class Held(Enum):
    WHOLE = auto()
    AWAY = auto()
    """A disk is not there: nobody knows, of any file."""
    UNREAD = auto()
    """A disk does not read this one: nobody knows."""
    LOST = auto()
    """It was told, and the original or its second copy is not what the database says any more."""


class Keeping:
    def __init__(self, database: Database, store: LocalStore, second: LocalStore | None) -> None:
        self.database, self.store, self.second = database, store, second

    def holds(self, original: Original, *, twice: bool) -> Held:
        """`twice`: the second copy has to be whole as well. What is found lost is on record then."""
        places = [self.store, self.second] if twice else [self.store]
        if any(place is None or not place.is_present for place in places):
            return Held.AWAY
        for place in places:
            assert place is not None
            try:
                is_whole = self.is_whole(place, original)
            except OSError as error:
                log.error(
                    "%s: %s cannot be read (%s): nothing is erased for it", original.id, place.root, error
                )
                return Held.UNREAD
            if not is_whole:
                self.tell(place, original)
                return Held.LOST
        return Held.WHOLE

    def is_whole(self, place: LocalStore, original: Original) -> bool:
        """Raises OSError."""
        assert original.stored_as is not None
        path = place.path(original.stored_as)
        try:
            if path.stat().st_size != original.size:
                return False
            if original.preserved_at is not None and timedelta() <= now() - original.preserved_at < FRESH:
                return True
            return digests(path, ("sha256",), lambda _: None)["sha256"] == original.sha256
        except FileNotFoundError:
            return False

    def tell(self, place: LocalStore, original: Original) -> None:
        """A rotten original is set aside; of a lost second copy another is owed."""
        log.error(
            "%s in %s is not what was stored: it is not erased elsewhere", original.stored_as, place.root
        )
        if place is self.store:
            try:
                errands.verify_now(self.database, self.store, original.id, ACTOR)
            except Refused as no:
                log.warning("%s: %s", original.id, no)
            return
        with self.database.write() as session:
            row = session.get_one(Original, original.id, with_for_update=True)
            if row.state is State.PRESERVED and row.second_copy:
                row.second_copy = None
                session.add(row)
                chain = custody.device_chain(row.device_id)
                custody.append(session, chain, "SECOND_COPY_LOST", ACTOR, row.id, (row,))
