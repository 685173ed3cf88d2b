"""Stretches against a slow count, second by second."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.coverage import Stretch, compare, minus, union

NINE = datetime(2026, 8, 4, 9, tzinfo=UTC)
LONG = 120
SEAM = timedelta(seconds=2)


def stretch(start: int, end: int) -> Stretch:
    return Stretch(NINE + timedelta(seconds=start), NINE + timedelta(seconds=end))


WITHIN = stretch(10, LONG - 10)
STRETCHES = st.lists(
    st.tuples(st.integers(0, LONG), st.integers(0, LONG)).map(lambda pair: stretch(*sorted(pair))), max_size=8
)


def seconds(found: list[Stretch]) -> set[int]:
    """The whole seconds after nine that are covered."""
    return {n for n in range(LONG) for one in found if one.start <= NINE + timedelta(seconds=n) < one.end}


def runs(of: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for n in sorted(of):
        if found and n == found[-1][-1] + 1:
            found[-1].append(n)
        else:
            found.append([n])
    return found


@given(STRETCHES)
def test_union_covers_what_was_given_and_seams(given_: list[Stretch]) -> None:
    inside = seconds([WITHIN])
    plain = seconds(given_) & inside
    found = union(given_, WITHIN, SEAM)
    holes = {n for run in runs(inside - plain) for n in run if len(run) <= SEAM.total_seconds()
             and run[0] - 1 in plain and run[-1] + 1 in plain}  # fmt: skip
    assert seconds(found) == plain | holes
    assert all(one.end + SEAM < following.start for one, following in pairwise(found))


@given(STRETCHES, STRETCHES)
def test_minus_is_what_the_other_does_not_have(one: list[Stretch], other: list[Stretch]) -> None:
    left, right = union(one, WITHIN, SEAM), union(other, WITHIN, SEAM)
    expected: set[int] = set()
    for part in left:
        alone = runs(seconds([part]) - seconds(right))
        expected |= {n for run in alone if len(run) > SEAM.total_seconds() for n in run}
    assert seconds(minus(left, right, SEAM)) == expected


def test_two_recorders_of_one_hearing() -> None:
    """The second lost ten seconds that the first has; nobody has the last twenty."""
    told = compare({"a": [stretch(0, 100)], "b": [stretch(0, 40), stretch(50, 100)]}, WITHIN, SEAM)
    assert told.only == {"a": [stretch(40, 50)], "b": []}
    assert told.missing == [stretch(100, 110)]
    assert compare({}, WITHIN, SEAM).missing == [WITHIN]
