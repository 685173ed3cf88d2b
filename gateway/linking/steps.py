"""Cases and their steps, by time, by who took part and by number: read once for many clips."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, or_, select

from gateway.database import columns
from gateway.law import Natures, UnitPacks
from gateway.linking import stated
from gateway.models import Activity, CaseAlias, CaseRecord, Document
from gateway.models.spans import touches
from gateway.rules import case_number
from gateway.rules.facts import ActivityFacts, CaseFacts, CaseStep
from gateway.rules.place import Position
from gateway.rules.proof import Paper

DAY = timedelta(days=1)

# columns, not objects: most of a round's time would go into making them
STEPS = columns(
    Activity.id, Activity.case_uid, Activity.kind, Activity.started_at, Activity.ended_at, Activity.officers,
    Activity.room_id, Activity.document_id, Activity.place, Activity.latitude, Activity.longitude,
    Activity.notice_given,
).order_by(col(Activity.started_at), col(Activity.id))  # fmt: skip
CASES = columns(
    CaseRecord.uid, CaseRecord.title, CaseRecord.unit_id, CaseRecord.handlers, CaseRecord.opened_on,
    CaseRecord.closed_on, CaseRecord.archived_on, CaseRecord.procedure,
)  # fmt: skip

PAPERS = columns(Document.id, Document.case_uid, Document.type, Document.number).order_by(col(Document.id))


class Steps:
    """Reads whole days of steps at a time and keeps them: clips come in the order of their days."""

    def __init__(
        self,
        session: Session,
        packs: UnitPacks,
        every: Sequence[case_number.Kinds],
    ) -> None:
        """`every` list of words in numbers there is."""
        self.session, self.packs, self.every = session, packs, every
        self.days: dict[date, dict[str, list[str]]] = {}
        """Day → officer, room or `*` → cases with a step then."""
        self.of_days: dict[date, list[CaseStep]] = {}
        self.cases: dict[str, CaseFacts] = {}
        self.numbers: dict[str, tuple[str, ...]] = {}
        self.rekeyed: dict[str, str | None] = {}
        self.of_keys: defaultdict[str, list[str]] = defaultdict(list)

    def rekey(self, keys: Mapping[str, str | None]) -> None:
        """Read numbers, by the id of the alias, as a pack would that is not in force yet."""
        self.rekeyed |= keys
        for alias, key in keys.items():
            if key is not None:
                self.of_keys[key].append(alias)

    def load(self, spans: Iterable[tuple[datetime, datetime]], numbers: Iterable[str]) -> None:
        """Read what is not here yet for these spans of time and these numbers, in a few queries."""
        days = {day for start, end in spans for day in days_of(start, end)} - self.days.keys()
        for first, last in runs(sorted(days)):
            self.read_days(first, last)
        self.read_numbers({number for number in numbers if number not in self.numbers})

    def read_days(self, first: date, last: date) -> None:
        begin, until = midnight(first), midnight(last) + DAY - timedelta(microseconds=1)
        for number in range((last - first).days + 1):
            self.days[first + number * DAY] = defaultdict(list)
        rows = self.session.execute(
            columns(
                Activity.case_uid, Activity.started_at, Activity.ended_at, Activity.officers, Activity.room_id
            )
            .where(
                touches(Activity.started_at, Activity.ended_at, begin, until),
                col(Activity.withdrawn_at).is_(None),
            )
            .order_by(col(Activity.started_at), col(Activity.id))
        )
        for case, started, ended, officers, room in rows:
            for day in days_of(max(started, begin), min(ended, until)):
                for key in ("*", *officers, *([room] if room else [])):
                    if case not in self.days[day][key]:
                        self.days[day][key].append(case)

    def read_numbers(self, numbers: set[str]) -> None:
        """Which cases each number stands for, by spelling or by all its parts."""
        if not numbers:
            return
        norms = {number: case_number.normalise(number) for number in numbers}
        keys = {number: case_number.readings(number, self.every) for number in numbers}
        asked = {key for readings in keys.values() for key in readings}
        named = [col(CaseAlias.norm).in_(set(norms.values())), col(CaseAlias.key).in_(asked)]
        if ids := [alias for key in asked if key in self.of_keys for alias in self.of_keys[key]]:
            named.append(col(CaseAlias.id).in_(ids))
        found = self.session.exec(
            select(CaseAlias.id, CaseAlias.case_uid, CaseAlias.norm, CaseAlias.key).where(or_(*named))
        )
        rows = [(uid, norm, self.rekeyed.get(alias, key)) for alias, uid, norm, key in found]
        for number in numbers:
            same = {uid for uid, norm, key in rows if norm == norms[number] or key in keys[number]}
            self.numbers[number] = tuple(sorted(same))

    def read_cases(self, uids: set[str]) -> None:
        wanted = uids - self.cases.keys()
        if not wanted:
            return
        numbers: defaultdict[str, list[tuple[str, str | None]]] = defaultdict(list)
        steps: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        urgent: set[str] = set()
        noticed: dict[str, bool] = {}
        returned: dict[str, datetime] = {}
        papers: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for chunk in chunks(sorted(wanted), 500):
            aliases = select(CaseAlias.id, CaseAlias.case_uid, CaseAlias.norm, CaseAlias.key)
            for alias, uid, norm, key in self.session.exec(
                aliases.where(col(CaseAlias.case_uid).in_(chunk)).order_by(col(CaseAlias.id))
            ):
                numbers[uid].append((norm, self.rekeyed.get(alias, key)))
            for row in self.session.execute(
                STEPS.where(col(Activity.case_uid).in_(chunk), col(Activity.withdrawn_at).is_(None))
            ):
                steps[row.case_uid].append(row)
            urgent |= stated.urgent(self.session, chunk)
            noticed |= stated.noticed(self.session, chunk)
            returned |= stated.returned(self.session, chunk)
            for paper in self.session.execute(PAPERS.where(col(Document.case_uid).in_(chunk))):
                papers[paper.case_uid].append(paper)
            for case in self.session.execute(CASES.where(col(CaseRecord.uid).in_(chunk))):
                self.cases[case.uid] = CaseFacts(
                    case_uid=case.uid,
                    title=case.title,
                    unit=case.unit_id,
                    numbers=tuple(norm for norm, _ in numbers[case.uid]),
                    keys=frozenset(key for _, key in numbers[case.uid] if key),
                    number_kinds=self.packs.number_kinds(case.unit_id),
                    handlers=frozenset(case.handlers),
                    procedure=case.procedure,
                    activities=tuple(
                        step_of(
                            row,
                            self.packs.natures(case.unit_id),
                            is_urgent=row.id in urgent,
                            notice=noticed.get(row.id),
                            back_at=returned.get(row.id),
                        )
                        for row in steps[case.uid]
                    ),
                    opened_on=case.opened_on,
                    closed_on=case.closed_on,
                    archived_on=case.archived_on,
                    papers=papers_of(papers[case.uid], self.packs.natures(case.unit_id)),
                )

    def with_step_of(self, refs: Iterable[str | None], start: datetime, end: datetime) -> set[str]:
        """Cases with a step of one of these officers or rooms on the days of a span."""
        return {
            uid
            for day in days_of(start, end)
            for ref in refs
            if ref is not None
            for uid in self.days[day].get(ref, ())
        }

    def of_people(self, refs: Set[str], start: datetime, end: datetime) -> list[ActivityFacts]:
        """Steps of a span in which one of these officers took part."""
        self.load([(start, end)], ())
        found = self.with_step_of(refs, start, end)
        self.read_cases(found)
        return [
            step
            for uid in sorted(found)
            for step in self.cases[uid].activities
            if step.start <= end and step.end >= start and not refs.isdisjoint(step.officers)
        ]

    def between(self, start: datetime, end: datetime) -> list[CaseStep]:
        """Steps of a span, in the order of their cases."""
        self.load([(start, end)], ())
        found = {
            step.activity_id: (case, step)
            for day in days_of(start, end)
            for case, step in self.of_day(day)
            if step.start <= end and step.end >= start
        }
        return sorted(found.values(), key=lambda one: (one[0].case_uid, one[1].start, one[1].activity_id))

    def of_day(self, day: date) -> list[CaseStep]:
        """Asked for by few clips: gathered when the first of them does."""
        if day not in self.of_days:
            begin, end = midnight(day), midnight(day) + DAY
            self.read_cases({*self.days[day].get("*", ())})
            self.of_days[day] = [
                (self.cases[uid], step)
                for uid in self.days[day].get("*", ())
                for step in self.cases[uid].activities
                if step.start < end and step.end >= begin
            ]
        return self.of_days[day]


def step_of(
    row: Row[Any],
    natures: Natures,
    *,
    is_urgent: bool,
    notice: bool | None = None,
    back_at: datetime | None = None,
) -> ActivityFacts:
    kind = natures.kind(row.kind)
    nature = kind.nature.value if kind else None
    is_placed = row.latitude is not None and row.longitude is not None
    return ActivityFacts(
        activity_id=row.id,
        kind=row.kind,
        start=row.started_at,
        end=row.ended_at,
        officers=frozenset(row.officers),
        lead=row.officers[0] if row.officers else None,
        room_id=row.room_id,
        document_id=row.document_id,
        place=row.place,
        position=Position(row.latitude, row.longitude) if is_placed else None,
        is_evidence=nature.penalty_evidence if nature else True,
        compulsory=nature.compulsory if nature else "none",
        proves=kind.proves.value if kind else None,
        notice_given=row.notice_given if notice is None else notice,
        is_urgent=is_urgent,
        back_at=back_at,
    )


def papers_of(rows: Iterable[Row[Any]], natures: Natures) -> tuple[Paper, ...]:
    return tuple(
        Paper(row.id, row.number and case_number.normalise(row.number), natures.proved_by(row.type))
        for row in rows
    )


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def days_of(start: datetime, end: datetime) -> list[date]:
    """Every day, in UTC, that a span touches."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    return [first + number * DAY for number in range((last - first).days + 1)]


def runs(days: list[date]) -> list[tuple[date, date]]:
    """Days that follow one another, as first and last."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and day - found[-1][1] == DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def chunks(items: list[str], size: int) -> list[list[str]]:
    return [items[place : place + size] for place in range(0, len(items), size)]
