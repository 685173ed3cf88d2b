"""Late, repeated and reordered updates: whatever the order, the newest is what stays."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.freshness import Edition, is_outdated, latest

T0 = datetime(2024, 5, 6, tzinfo=UTC)
VERSIONS = st.integers(0, 20).map(Edition)
TIMES = st.integers(0, 20).map(lambda days: Edition(at=T0 + timedelta(days=days)))
BOTH = st.integers(0, 20).map(lambda count: Edition(count, T0 + timedelta(days=count)))
ANY = VERSIONS | TIMES | BOTH | st.just(Edition())


def stored(held: Edition, told: Edition) -> Edition:
    return held if is_outdated(told, held) else latest(told, held)


@given(st.sampled_from([VERSIONS, TIMES, BOTH]).flatmap(lambda kind: st.lists(kind, min_size=1)))
def test_in_any_order_the_newest_stays(told: list[Edition]) -> None:
    newest = max(told, key=lambda one: (one.version or 0, one.at or T0))
    assert reduce(stored, told, Edition()) == newest


@given(ANY, ANY)
def test_nothing_that_was_held_makes_itself_forgotten(told: Edition, held: Edition) -> None:
    now = stored(held, told)
    assert held.version is None or (now.version is not None and now.version >= held.version)
    assert not is_outdated(held, held)


@given(ANY)
def test_what_says_nothing_of_its_age_is_new(held: Edition) -> None:
    assert not is_outdated(Edition(), held)
    assert latest(Edition(), held) == held


def test_a_version_decides_before_a_time() -> None:
    late = Edition(1, T0 + timedelta(days=9))
    assert is_outdated(late, Edition(2, T0))
    assert is_outdated(Edition(2, T0), Edition(2, T0 + timedelta(seconds=1)))
