"""How long somebody waits who guesses passwords."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.throttle import FREE, LONGEST, wait_after


def test_a_slip_costs_nothing_and_a_guesser_a_quarter_of_an_hour() -> None:
    assert wait_after(FREE - 1) == timedelta()
    assert [wait_after(n).total_seconds() for n in (5, 6, 7, 12, 1000)] == [10, 20, 40, 900, 900]


@given(st.integers(0, 10**6))
def test_it_never_gets_shorter_and_has_an_end(failures: int) -> None:
    assert wait_after(failures) <= wait_after(failures + 1) <= LONGEST
