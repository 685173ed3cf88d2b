"""What every source does with the cases it brings: store them, or leave them for a person with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import Ended, put_case
from gateway.case_sources.rules import CaseRules
from gateway.config.sources import CaseSource
from gateway.database import Database
from gateway.models import CaseFeed, CaseRefusal, now
from gateway.wording import Reason


@dataclass(frozen=True, slots=True)
class Desk:
    """One source's way into the database."""

    database: Database
    rules: CaseRules
    source: CaseSource

    def take(self, session: Session, case: CaseIn) -> Ended:
        """Raises Refused."""
        actor = f"case_source:{self.source.id}"
        ended = put_case(session, case, actor, self.source.id, self.rules, self.source.units, is_home=True)
        self.settle(session, case.uid)
        return ended

    def settle(self, session: Session, what: str) -> None:
        """What was refused before has come after all."""
        for row in session.exec(self.open_refusals(what)):
            row.settled_at = now()
            session.add(row)

    def refuse(self, what: str, why: Reason, unit: str | None = None) -> None:
        """For a person, once for each cause however often it comes."""
        with self.database.write() as session:
            known: Sequence[CaseRefusal] = session.exec(self.open_refusals(what)).all()
            if not any(row.why == why for row in known):
                session.add(CaseRefusal(source_id=self.source.id, what=what[:500], unit_id=unit, why=why))

    def open_refusals(self, what: str) -> SelectOfScalar[CaseRefusal]:
        return select(CaseRefusal).where(
            CaseRefusal.source_id == self.source.id,
            CaseRefusal.what == what[:500],
            col(CaseRefusal.settled_at).is_(None),
        )

    def cursor(self) -> str | None:
        with self.database.read() as session:
            feed = session.get(CaseFeed, self.source.id)
            return feed.cursor if feed else None

    def read_up_to(self, cursor: str | None) -> None:
        with self.database.write() as session:
            feed = session.get(CaseFeed, self.source.id) or CaseFeed(source_id=self.source.id)
            feed.cursor, feed.read_at, feed.failing_since, feed.why = cursor, now(), None, None
            session.add(feed)

    def is_away(self, why: Reason) -> None:
        with self.database.write() as session:
            feed = session.get(CaseFeed, self.source.id) or CaseFeed(source_id=self.source.id)
            feed.failing_since, feed.why = feed.failing_since or now(), why
            session.add(feed)
