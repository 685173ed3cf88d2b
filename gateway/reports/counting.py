"""Counts one indicator after the other; what several of them need is read once."""

from collections.abc import Callable, Mapping
from functools import cached_property

from sqlmodel import Session

from gateway import compliance
from gateway.compliance import Sheet, Span
from gateway.reports import clips, duties, loading, registers
from gateway.reports.clips import ClipSeen
from gateway.reports.figures import Code, Member
from gateway.reports.packs import Packs
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
        return FIGURES[code](self)

    def archive_overdue(self) -> tuple[Member, ...]:
        asked = self.asked
        files = loading.cases(self.session, asked, self.packs)
        until = min(asked.period.until, asked.as_of)
        return registers.archive_overdue(files, asked.period.since, until, asked.law.zone)


FIGURES: Mapping[Code, Callable[[Counting], tuple[Member, ...]]] = {
    Code.EQUIPPED: lambda of: registers.equipped(of.sheet),
    Code.TO_SPEC: lambda of: registers.to_spec(of.sheet),
    Code.FULLY_RECORDED: lambda of: duties.recorded(of.rows, Mode.FULL, of.asked.as_of, of.item_of),
    Code.KEY_PARTS_RECORDED: lambda of: duties.recorded(of.rows, Mode.PARTIAL, of.asked.as_of, of.item_of),
    Code.LINKED: lambda of: clips.linked(of.clips),
    Code.LABELLED: lambda of: clips.labelled(of.clips),
    Code.UPLOADED_IN_TIME: lambda of: clips.uploaded(of.clips),
    Code.INTACT: lambda of: registers.intact(loading.checks(of.session, of.asked)),
    Code.EXCEPTED: lambda of: duties.excepted(of.rows, of.item_of),
    Code.HANDED_BACK: lambda of: registers.handed_back(
        loading.checkouts(of.session, of.asked), of.asked.as_of, of.asked.law.zone
    ),
    Code.VIEWINGS_APPROVED: lambda of: registers.viewings_approved(of.viewed),
    Code.VIEWINGS: lambda of: registers.viewings(of.viewed),
    Code.ARCHIVE_OVERDUE: Counting.archive_overdue,
}
