"""Counts one indicator after the other; what several of them need is read once."""

from functools import cached_property

from sqlmodel import Session

from gateway import compliance
from gateway.compliance import Sheet, Span
from gateway.reports import clips, duties, loading, registers
from gateway.reports.clips import ClipSeen
from gateway.reports.figures import Code, Member, Side
from gateway.reports.loading import Packs
from gateway.reports.registers import ViewingSeen
from gateway.reports.scope import Asked
from gateway.rulepacks import RulePack
from gateway.rules.scope import Mode
from gateway.scope.board import Row, board
from gateway.scope.facts import Wanted


class Counting:
    def __init__(self, session: Session, asked: Asked) -> None:
        self.session, self.asked = session, asked
        self.packs = Packs(session, asked)

    @cached_property
    def used(self) -> tuple[RulePack, ...]:
        return self.packs.used(self.asked.units)

    @cached_property
    def rows(self) -> list[Row]:
        asked = self.asked
        wanted = Wanted(since=asked.period.since, until=asked.period.until, units=asked.units)
        return board(self.session, asked.viewer, asked.law, wanted, asked.as_of)

    @cached_property
    def sheet(self) -> Sheet:
        """As things stood at the end of the period's last day."""
        law, period = self.asked.law, self.asked.period
        last = registers.last_day(period.until, law.zone)
        span = Span(period.since.astimezone(law.zone).date(), last, law.zone)
        return compliance.sheet(self.session, law.packs, span, seen=self.asked.units)

    @cached_property
    def clips(self) -> list[ClipSeen]:
        return loading.clips(self.session, self.asked, self.packs)

    @cached_property
    def viewed(self) -> list[ViewingSeen]:
        return loading.viewings(self.session, self.asked)

    def item_of(self, row: Row) -> str:
        return self.packs.item(row.step.unit_id, row.step.kind)

    def members(self, code: Code) -> tuple[Member, ...]:
        at, zone = self.asked.as_of, self.asked.law.zone
        match code:
            case Code.EQUIPPED:
                return registers.equipped(self.sheet)
            case Code.TO_SPEC:
                return registers.to_spec(self.sheet)
            case Code.FULLY_RECORDED:
                return duties.recorded(self.rows, Mode.FULL, at, self.item_of)
            case Code.KEY_PARTS_RECORDED:
                return duties.recorded(self.rows, Mode.PARTIAL, at, self.item_of)
            case Code.LINKED:
                return clips.linked(self.clips)
            case Code.LABELLED:
                return clips.labelled(self.clips)
            case Code.UPLOADED_IN_TIME:
                return clips.uploaded(self.clips)
            case Code.INTACT:
                return registers.intact(loading.checks(self.session, self.asked))
            case Code.EXCEPTED:
                return duties.excepted(self.rows, self.item_of)
            case Code.HANDED_BACK:
                return registers.handed_back(loading.checkouts(self.session, self.asked), at, zone)
            case Code.VIEWINGS_APPROVED:
                return registers.viewings(self.viewed, Side.EXCLUDED, "figure.no_approval_on_record")
            case Code.VIEWINGS:
                return registers.viewings(self.viewed, Side.BOTH, "")
            case Code.ARCHIVE_OVERDUE:
                since, until = self.asked.period.since, min(self.asked.period.until, at)
                files = loading.cases(self.session, self.asked, self.packs)
                return registers.archive_overdue(files, since, until, zone)
