"""The figures of steps that had to be recorded, from the rows of the obligation board (R-16…R-19)."""

from collections.abc import Callable, Iterable
from datetime import datetime

from gateway.reports.figures import Keys, Member, Side
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode
from gateway.scope.board import Row

ItemOf = Callable[[Row], str]


def recorded(rows: Iterable[Row], mode: Mode, at: datetime, item_of: ItemOf) -> tuple[Member, ...]:
    """全程记录率 of FULL, 重点环节记录率 of PARTIAL."""
    return tuple(
        Member("activity", row.step.id, *recorded_side(row, at), keys_of(row, item_of))
        for row in rows
        if row.owed.mode is mode
    )


def recorded_side(row: Row, at: datetime) -> tuple[Side, str]:
    match row.duty.standing:
        case Standing.ARRIVED:
            return Side.BOTH, ""
        case Standing.UPCOMING:
            return Side.EXCLUDED, "figure.upcoming"
        case Standing.EXEMPT:
            return Side.EXCLUDED, "figure.exempt"
    if at <= row.duty.deadline:
        return Side.EXCLUDED, "figure.not_due"
    came = row.duty.standing is Standing.PARTIAL
    return Side.DENOMINATOR, "figure.partial" if came else "figure.missing"


def excepted(rows: Iterable[Row], item_of: ItemOf) -> tuple[Member, ...]:
    return tuple(excepted_member(row, keys_of(row, item_of)) for row in rows)


def excepted_member(row: Row, keys: Keys) -> Member:
    if row.owed.mode is Mode.OPTIONAL:
        return Member("activity", row.step.id, Side.EXCLUDED, "figure.optional", keys)
    if row.duty.standing is Standing.UPCOMING:
        return Member("activity", row.step.id, Side.EXCLUDED, "figure.upcoming", keys)
    if row.duty.standing is not Standing.EXEMPT:
        return Member("activity", row.step.id, Side.DENOMINATOR, "figure.recorded", keys)
    told = (("ground", one) for one in grounds(row))
    return Member("activity", row.step.id, Side.BOTH, "", tuple(sorted((*keys, *told))))


def grounds(row: Row) -> list[str]:
    """Of the statement that excuses it, as the board found it complete (R-19)."""
    return [
        dict(one.facts)["ground"]
        for one in row.duty.findings
        if one.rule == "LK-15" and one.code == "omission.complete"
    ]


def keys_of(row: Row, item_of: ItemOf) -> Keys:
    return ("item", item_of(row)), ("stage", row.stage), ("unit", row.step.unit_id or "")
