"""What is weak and what follows from it: chosen by stated rules, every number with its place (ours)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.reports.annual import Annual, Column
from gateway.reports.figures import COUNTS, Code, Figure, Part
from gateway.reports.paper import Share, as_percent
from gateway.wording import Reason, reason, sentence
from gateway.wording.reports import FIGURES
from gateway.wording.sampling import CAUSES, word

LOWEST, REASONS, COMMONEST = 3, 5, 3
"""How many of each kind a reader can act upon: ours, no text says."""
BLANK = re.compile("‹[^›]*›")
NOT_RANKED = COUNTS | {Code.EXCEPTED}
"""Counts have no rate; that much was lawfully left out is no fault."""

FOLLOWS = {
    "battery": "proposal.battery", "low_battery": "proposal.battery", "storage": "proposal.storage",
    "storage_low": "proposal.storage", "fault": "proposal.fault", "": "proposal.unexplained",
}  # fmt: skip
"""What follows from a common cause of gaps."""


@dataclass(frozen=True, slots=True)
class Weakness:
    said: Reason
    chosen: Reason
    """The rule that chose it."""
    count: int | None
    of: int | None
    rate: float | None
    where: str
    """`query: place in its answer` of count, total and rate."""
    proposal: str | None = None
    """Code of what follows."""


def weaknesses(annual: Annual) -> list[Weakness]:
    return [
        *lowest(annual), *reasons(annual), *falls(annual), *gaps(annual), *doubts(annual), *unlinked(annual),
        *archive(annual), *equipment(annual),
    ]  # fmt: skip


def proposals(found: Sequence[Weakness]) -> list[tuple[str, list[int]]]:
    """Each once, with the numbers of the weaknesses that it follows from."""
    because: dict[str, list[int]] = {}
    for number, one in enumerate(found, 1):
        if one.proposal is not None:
            because.setdefault(one.proposal, []).append(number)
    return list(because.items())


def name(code: Code) -> str:
    return FIGURES[code].name[0]


def ranked(annual: Annual) -> list[Figure]:
    """The figures with a rate below 100 %, the lowest first."""
    rated = [one for one in annual.report.figures if one.code not in NOT_RANKED and one.rate is not None]
    return sorted((one for one in rated if rate(one) < 1), key=lambda one: (rate(one), one.code))


def rate(figure: Figure) -> float:
    assert figure.rate is not None
    return figure.rate


def lowest(annual: Annual) -> Iterator[Weakness]:
    ref = annual.whole.query.ref
    for figure in ranked(annual)[:LOWEST]:
        code = figure.code
        yield Weakness(
            reason("weak.figure", name=name(code)), reason("weak.by_lowest", number=LOWEST),
            figure.numerator, figure.denominator, figure.rate, f"{ref}: {code}", proposal_of(code),
        )  # fmt: skip
        worst = worst_unit(figure)
        if worst is not None:
            yield Weakness(
                reason("weak.unit", name=name(code), unit=annual.names.unit(worst.key)),
                reason("weak.by_unit"), worst.numerator, worst.denominator,
                worst.numerator / worst.denominator, f"{ref}: {code}.parts.unit={worst.key}",
            )  # fmt: skip


def proposal_of(code: Code) -> str:
    return {
        Code.EQUIPPED: "proposal.equipped", Code.TO_SPEC: "proposal.to_spec",
        Code.FULLY_RECORDED: "proposal.fully_recorded",
        Code.KEY_PARTS_RECORDED: "proposal.key_parts_recorded", Code.LINKED: "proposal.linked",
        Code.LABELLED: "proposal.labelled", Code.UPLOADED_IN_TIME: "proposal.uploaded_in_time",
        Code.INTACT: "proposal.intact", Code.HANDED_BACK: "proposal.handed_back",
        Code.VIEWINGS_APPROVED: "proposal.viewings_approved",
        Code.ARCHIVE_OVERDUE: "proposal.archive_overdue",
    }[code]  # fmt: skip


def worst_unit(figure: Figure) -> Part | None:
    """None where there is one unit only."""
    units = [one for one in figure.parts if one.by == "unit" and one.denominator]
    if len(units) < 2:
        return None
    return min(units, key=lambda one: (one.numerator / one.denominator, one.key))


def reasons(annual: Annual) -> Iterator[Weakness]:
    rated = (one for one in annual.report.figures if one.code not in NOT_RANKED)
    every = [(count, one.code, why, one.denominator) for one in rated for why, count in one.failing.items()]
    every = [one for one in every if one[2] != "figure.place_to_fill"]  # places are no failings
    for count, code, why, whole in sorted(every, key=lambda one: (-one[0], one[1], one[2]))[:REASONS]:
        yield Weakness(
            reason("weak.reason", name=name(code), why=plainly(why)),
            reason("weak.by_reason", number=REASONS), count, whole, None,
            f"{annual.whole.query.ref}: {code}.failing.{why}",
        )  # fmt: skip


def falls(annual: Annual) -> Iterator[Weakness]:
    """Between the last two quarters that have ended."""
    ended = [one for one in annual.quarters if one.report is not None and one.period.until <= annual.as_of]
    if len(ended) < 2:
        return
    before, after = ended[-2:]
    for code in Code:
        old, new = figure_of(before, code), figure_of(after, code)
        if code in NOT_RANKED or old.rate is None or new.rate is None or new.rate >= old.rate:
            continue
        told = reason(
            "weak.fall", name=name(code), before=before.period.name, after=after.period.name,
            ref=before.query.ref, old=as_percent(Share(old.rate)), new=as_percent(Share(new.rate)),
        )  # fmt: skip
        yield Weakness(
            told, reason("weak.by_fall"), new.numerator, new.denominator, new.rate,
            f"{after.query.ref}: {code}", proposal_of(code),
        )  # fmt: skip


def figure_of(column: Column, code: Code) -> Figure:
    assert column.report is not None
    return column.report.figure(code)


def commonest(found: Mapping[str, int]) -> list[tuple[str, int]]:
    return list(found.items())[:COMMONEST]


def gaps(annual: Annual) -> Iterator[Weakness]:
    found = annual.causes.gaps
    for cause, count in commonest(found):
        yield Weakness(
            reason("weak.gap", cause=word(CAUSES, cause)), reason("weak.by_cause", number=COMMONEST), count,
            sum(found.values()), None, f"{annual.causes_query.ref}: gaps.{cause}", FOLLOWS.get(cause),
        )  # fmt: skip


def doubts(annual: Annual) -> Iterator[Weakness]:
    found = annual.causes.doubts
    for code, count in commonest(found):
        yield Weakness(
            reason("weak.doubt", why=plainly(code)), reason("weak.by_cause", number=COMMONEST), count,
            sum(found.values()), None, f"{annual.causes_query.ref}: doubts.{code}",
        )  # fmt: skip


def unlinked(annual: Annual) -> Iterator[Weakness]:
    found = annual.causes.unlinked
    for code, count in commonest(found):
        yield Weakness(
            reason("weak.unlinked", why=plainly(code)), reason("weak.by_cause", number=COMMONEST), count,
            sum(found.values()), None, f"{annual.causes_query.ref}: unlinked.{code}", "proposal.linked",
        )  # fmt: skip


def archive(annual: Annual) -> Iterator[Weakness]:
    figure = annual.report.figure(Code.ARCHIVE_OVERDUE)
    if figure.numerator:
        yield Weakness(
            reason("weak.archive"), reason("weak.by_count"), figure.numerator, figure.denominator, None,
            f"{annual.whole.query.ref}: {figure.code}", proposal_of(figure.code),
        )  # fmt: skip


def equipment(annual: Annual) -> Iterator[Weakness]:
    """By unit: what is too many in one fills no place in another."""
    wanting = [one for one in annual.sheet.units if one.line("missing").value]
    for one in sorted(wanting, key=lambda one: (-(one.line("missing").value or 0), one.name))[:COMMONEST]:
        yield Weakness(
            reason("weak.missing", unit=one.name), reason("weak.by_most", number=COMMONEST),
            one.line("missing").value, one.line("required").value, None,
            f"{annual.sheet_query.ref}: {one.unit}", "proposal.equipped",
        )  # fmt: skip


def said(code: str, **facts: object) -> str:
    return f"{sentence(reason(code, **facts))}。"


def plainly(code: str) -> str:
    """A reason without its facts: of many cases at once."""
    return BLANK.sub("…", sentence(reason(code)))
