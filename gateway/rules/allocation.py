"""Who held a device at a moment: allocation (配备) and checkout (领用), AL-3 and LK-4."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum


class HolderKind(StrEnum):
    OFFICER = "officer"
    ROOM = "room"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Holding:
    """A period in which somebody, or a room, had the device."""

    id: str
    kind: str
    """An allocation kind, or `CHECKOUT`."""
    holder: HolderKind
    holder_id: str
    start: datetime
    end: datetime | None

    def covers(self, start: datetime, end: datetime, tolerance_s: float) -> bool:
        slack = timedelta(seconds=tolerance_s)
        return self.start - slack <= start and (self.end is None or end <= self.end + slack)


@dataclass(frozen=True, slots=True)
class Custody:
    """Who held the device over a clip's interval, and on what paper."""

    officer_id: str | None
    room_id: str | None
    basis: Holding | None
    shared_without_checkout: bool = False
    also: tuple["Custody", ...] = ()
    """Who else may have had it, within the tolerance of a ledger that is kept by hand."""


def custody_over(holdings: Sequence[Holding], start: datetime, end: datetime, tolerance_s: float) -> Custody:
    """A checkout decides before an allocation; a shared device needs one for each use (AL-3)."""
    covering = [holding for holding in holdings if holding.covers(start, end, tolerance_s)]
    # of several that cover within the tolerance, the one that began last before the clip is the true one
    covering.sort(key=lambda holding: (holding.start <= start, holding.start), reverse=True)
    taken = [holding for holding in covering if holding.kind == "CHECKOUT"]
    given = [holding for holding in covering if holding.holder is not HolderKind.UNIT]
    if taken or given:
        first, *others = taken or given
        also = {one.holder_id: of(one) for one in reversed(others) if one.holder_id != first.holder_id}
        return replace(of(first), also=tuple(reversed(also.values())))
    shared = next((holding for holding in covering if holding.holder is HolderKind.UNIT), None)
    return Custody(None, None, shared, shared_without_checkout=shared is not None)


def of(holding: Holding) -> Custody:
    if holding.holder is HolderKind.ROOM:
        return Custody(None, holding.holder_id, holding)
    return Custody(holding.holder_id, None, holding)


def certificate_valid(valid_from: date | None, valid_to: date | None, on: date) -> bool | None:
    """AL-5; None when the registry does not say."""
    if valid_from is None or valid_to is None:
        return None
    return valid_from <= on <= valid_to
