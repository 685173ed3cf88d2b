"""Who decides over a request to watch footage (调阅审批, R-71…R-74), and whether a grant holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What one head said, in order of time."""

    person: str
    unit: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Request:
    asker: str
    lineage: tuple[str, ...]
    """The unit that collected the footage and those above it."""
    needs: int
    decided: tuple[Decided, ...] = ()

    @property
    def is_complete(self) -> bool:
        return sum(one.approved for one in self.decided) >= self.needs

    @property
    def is_declined(self) -> bool:
        return any(not one.approved for one in self.decided)


Heads = Mapping[str, Collection[str]]
"""The heads of each unit."""


def approvals(*, outside: bool, secret: bool, for_outside: int, for_secret: int) -> int:
    """How many heads: one (R-71, R-72), more for use outside and for what is sensitive (R-74)."""
    return max(1, for_outside if outside else 1, for_secret if secret else 1)


def deciding(request: Request, heads: Heads) -> tuple[str, frozenset[str]] | None:
    """Whose heads decide now, and which persons; None where all is said, or nobody can.

    First the head of the collecting unit (R-71: one's own section; R-72: another's), where it has none of
    the next unit above. Then a head above that unit (R-74), or another of the same where there is none above.
    Nobody decides over his own request, and nobody twice.
    """
    if request.is_complete or request.is_declined:
        return None
    barred = {request.asker, *(one.person for one in request.decided)}
    for unit in order(request):
        if able := frozenset(heads.get(unit, ())) - barred:
            return unit, able
    return None


def order(request: Request) -> Sequence[str]:
    """The units in the order in which their heads are asked for the next approval."""
    if not request.decided:
        return request.lineage
    last = request.decided[-1].unit
    place = request.lineage.index(last) if last in request.lineage else 0
    return (*request.lineage[place + 1 :], *reversed(request.lineage[: place + 1]))


def holds(at: datetime, granted: datetime | None, until: datetime | None, ended: datetime | None) -> bool:
    """Whether a grant opens anything at that moment: what was revoked never does again."""
    return ended is None and granted is not None and until is not None and granted <= at < until
