"""Days that the law gives in a case: to decide, serve, deal with registered evidence, report (R-23, R-26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from gateway.rules.findings import Finding, noted


@dataclass(frozen=True, slots=True)
class Limit:
    """One period of a rule pack, the rule it rests on and whether anybody read that text."""

    rule: str
    span: timedelta
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Span:
    """From what it runs, and when it was done; None: not yet, or not on record."""

    begun: datetime
    done: datetime | None


Codes = tuple[str, str]
"""Of what was done late, and of what is not on record."""
DECISION: Codes = ("case.decision_late", "case.decision_overdue")
SERVICE: Codes = ("case.service_late", "case.service_overdue")
PRESERVE: Codes = ("case.preserve_late", "case.preserve_overdue")
EMERGENCY: Codes = ("case.emergency_late", "case.emergency_overdue")


def days_rule(codes: Codes, limit: Limit, span: Span, at: datetime, zone: tzinfo) -> Finding | None:
    """Of whole days, the first not counted; None while it runs or was kept."""
    last = span.begun.astimezone(zone).date() + timedelta(days=limit.span.days)
    until = (span.done or at).astimezone(zone).date()
    return None if until <= last else missed(codes, limit, span, at, last=last.isoformat())


def hours_rule(codes: Codes, limit: Limit, span: Span, at: datetime) -> Finding | None:
    """To the minute."""
    last = span.begun + limit.span
    if (span.done or at) <= last:
        return None
    return missed(codes, limit, span, at, last=last.isoformat())


def missed(codes: Codes, limit: Limit, span: Span, at: datetime, last: str) -> Finding:
    told = {"begun": span.begun.isoformat(), "last": last, "basis": limit.source}
    told["doubt"] = "" if limit.verified else "（待核实 not verified）"
    if span.done is None:
        return noted(limit.rule, False, codes[1], at=at.isoformat(), **told)
    return noted(limit.rule, False, codes[0], done=span.done.isoformat(), **told)


def served(decided: datetime, told: list[tuple[str, datetime | None]], notice: Sequence[str]) -> Span | None:
    """Of the decision's services, each method and day. None: by public notice, or a day that nobody wrote."""
    if any(day is None or any(word in method for word in notice) for method, day in told):
        return None
    return Span(decided, min((day for _, day in told if day is not None), default=None))


def dealt_with(registered: list[datetime], handled: list[datetime]) -> list[Span]:
    """Each notice of registration with the first paper after it that says what became of the evidence."""
    return [Span(one, min((day for day in handled if day >= one), default=None)) for one in registered]
