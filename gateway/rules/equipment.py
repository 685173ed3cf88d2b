"""What a device must be: allowed, good enough, bought by the book, in use (AL-1, AL-7, AL-9…AL-11)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.rules.findings import Finding, finding

DAYS_A_YEAR = timedelta(days=365.25)


def type_rule(kind: str, allowed: Collection[str]) -> Finding:
    """AL-1, R-30: one of the seven types."""
    code = "equipment.type_allowed" if kind in allowed else "equipment.type_unknown"
    return finding("AL-1", kind in allowed, code, type=kind)


def spec_rule(spec: Mapping[str, float | None], least: Mapping[str, float | None]) -> Finding:
    """AL-7: 达标. What the registry does not tell of a device cannot be called good."""
    asked = {name: value for name, value in least.items() if value is not None}
    told = {name: value for name in asked if (value := spec.get(name)) is not None}
    below = [f"{name} {value:g} < {asked[name]:g}" for name, value in told.items() if value < asked[name]]
    if below:
        return finding("AL-7", False, "equipment.spec_below", measures=", ".join(below))
    unknown = [name for name in asked if name not in told]
    if unknown:
        return finding("AL-7", False, "equipment.spec_unknown", measures=", ".join(unknown))
    return finding("AL-7", True, "equipment.spec_good")


def idle_rule(last_used: date | None, in_service_from: date | None, on: date, idle_days: float) -> Finding:
    """AL-10: nothing was recorded with it and nobody took it out for more than `idle_days`."""
    since = max((day for day in (last_used, in_service_from) if day is not None), default=None)
    if since is None:
        return finding("AL-10", False, "equipment.never_used")
    days = (on - since).days
    code = "equipment.idle" if days > idle_days else "equipment.in_use"
    return finding("AL-10", days <= idle_days, code, days=days, since=since)


def life_rule(acquired_on: date | None, left_on: date, years: float | None) -> Finding:
    """R-43: a device serves for its time before it is replaced; of body cameras no time is known."""
    if years is None:
        return finding("R-43", True, "equipment.life_open")
    if acquired_on is None:
        return finding("R-43", False, "equipment.life_unknown", years=f"{years:g}")
    served = (left_on - acquired_on) / DAYS_A_YEAR
    code = "equipment.life_served" if served >= years else "equipment.life_short"
    return finding("R-43", served >= years, code, served=f"{served:.1f}", years=f"{years:g}")


def procurement_rule(doc_no: str | None) -> Finding:
    """AL-11: 国有资产配置审批 is recorded."""
    if doc_no:
        return finding("AL-11", True, "equipment.procured", doc=doc_no)
    return finding("AL-11", False, "equipment.unprocured")


def keeper_rule(keeper: str | None) -> Finding:
    """R-44: somebody looks after each device."""
    if keeper:
        return finding("R-44", True, "equipment.keeper", officer=keeper)
    return finding("R-44", False, "equipment.no_keeper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What has to be known of a device before it leaves for good."""

    doc_no: str | None
    was_lost: bool
    holder: str | None
    """Who has it still, by the ledger."""
    was_read: bool
    """Something of it came to us, or it was docked once."""
    unfinished: int
    """Files of it that are not preserved yet."""
    unsealed: int
    """Docking sessions without a receipt that is whole."""
    left_on_it: tuple[str, ...]
    """What lay on it when it was docked last and was not erased since."""


def retirement_rules(facts: Leaving) -> tuple[Finding, ...]:
    """AL-9: a disposal document; all media ingested and cleared, with receipts.

    Of a lost device nothing more can be read: the document alone tells of it.
    """
    code = "retirement.document" if facts.doc_no else "retirement.no_document"
    papers = finding("AL-9", bool(facts.doc_no), code, doc=facts.doc_no or "")
    if facts.was_lost:
        return papers, finding("AL-9", True, "retirement.was_lost")
    media: tuple[tuple[bool, str, dict[str, object]], ...] = (
        (facts.holder is not None, "retirement.held", {"holder": facts.holder}),
        (not facts.was_read, "retirement.unread", {}),
        (facts.unfinished > 0, "retirement.unfinished", {"count": facts.unfinished}),
        (facts.unsealed > 0, "retirement.unsealed", {"count": facts.unsealed}),
        (
            bool(facts.left_on_it),
            "retirement.not_cleared",
            {"count": len(facts.left_on_it), "first": next(iter(facts.left_on_it), "")},
        ),
    )
    wrong = tuple(finding("AL-9", False, code, **told) for is_so, code, told in media if is_so)
    return papers, *(wrong or (finding("AL-9", True, "retirement.cleared"),))
