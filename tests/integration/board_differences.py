"""Where the board and the slow one say different things, duty by duty and gap by gap."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.scope.board import Row, tallies, tally
from tests.integration.slow_board import SlowRow

MILLIONTH = 1.1e-6
"""The last digit: a half is rounded this way in binary and that way in fractions."""


def differences(rows: Sequence[Row], slow: Mapping[str, SlowRow]) -> list[str]:
    mine = {row.step.id: row for row in rows}
    found = [f"{name}: on one board only" for name in sorted(mine.keys() ^ slow.keys())]
    for name in sorted(mine.keys() & slow.keys()):
        found += [f"{name}: {told}" for told in of_row(mine[name], slow[name])]
    return [*found, *of_sums(rows, slow)]


def of_row(row: Row, other: SlowRow) -> Iterator[str]:
    duty, told = row.duty, row.duty.recorded
    pairs: dict[str, tuple[Any, Any]] = {
        "mode": (row.owed.mode.value, other.mode),
        "stage": (row.stage, other.stage),
        "standing": (duty.standing.value, other.standing),
        "due": (duty.deadline, other.due),
        "late": (duty.late, other.late),
        "doubtful": (duty.doubtful, other.doubtful),
        "rules not kept": ({one.rule for one in duty.findings if not one.passed}, other.failed),
        "gaps": (
            [(gap.start, gap.end, gap.cause, gap.explained, gap.sure) for gap in told.gaps],
            [(gap.start, gap.end, gap.cause, gap.explained, gap.sure) for gap in other.gaps],
        ),
    }
    for what, (ours, theirs) in pairs.items():
        if ours != theirs:
            yield f"{what}: {ours}, slowly {theirs}"
    shares = told.certain, told.measured, told.possible
    if any(abs(ours - theirs) > MILLIONTH for ours, theirs in zip(shares, other.shares, strict=True)):
        yield f"shares: {shares}, slowly {tuple(map(float, other.shares))}"


def of_sums(rows: Sequence[Row], slow: Mapping[str, SlowRow]) -> Iterator[str]:
    owed = [one for one in slow.values() if one.mode != "OPTIONAL"]
    counted = Counter(one.standing.lower() for one in owed)
    counted.update(
        expected=len(owed),
        optional=len(slow) - len(owed),
        late=sum(one.late for one in owed),
        doubtful=sum(one.doubtful for one in owed),
        failing=sum(bool(one.failed) for one in owed),
        unexplained=sum(
            one.standing == "PARTIAL" and not all(gap.explained for gap in one.gaps) for one in owed
        ),
        unknown=sum("R-16" in one.failed for one in slow.values()),
    )
    stages = {stage: told.expected + told.optional for stage, told in tallies(rows, "stage").items()}
    if stages != dict(Counter(one.stage for one in slow.values())):
        yield f"stages: {stages}"
    whole = tally(rows)
    for name in whole.__slots__:
        if getattr(whole, name) != counted[name]:
            yield f"sum of {name}: {getattr(whole, name)}, slowly {counted[name]}"
