"""Who decides over a request to watch: the right head, never the asker, nobody twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.approval import Decided, Request, approvals, deciding, holds

PEOPLE = st.sampled_from("abcde")
UNITS = ("section", "bureau", "city")
HEADS = st.dictionaries(st.sampled_from(UNITS), st.frozensets(PEOPLE))
T0 = datetime(2026, 5, 6, tzinfo=UTC)


def walk(asker: str, needs: int, heads: dict[str, frozenset[str]]) -> Request:
    """Everybody whose turn it is approves."""
    request = Request(asker, UNITS, needs)
    while (turn := deciding(request, heads)) is not None:
        decided = Decided(min(turn[1]), turn[0], approved=True)
        request = Request(asker, UNITS, needs, (*request.decided, decided))
    return request


@given(PEOPLE, st.integers(1, 2), HEADS)
def test_nobody_decides_over_his_own_and_nobody_twice(
    asker: str, needs: int, heads: dict[str, frozenset[str]]
) -> None:
    request = walk(asker, needs, heads)
    said = [one.person for one in request.decided]
    assert asker not in said
    assert len(set(said)) == len(said)
    assert all(one.person in heads[one.unit] for one in request.decided)
    able = set().union(*heads.values()) - {asker}
    assert request.is_complete is (len(able) >= needs)


@given(PEOPLE, HEADS)
def test_the_nearest_unit_with_another_head_decides_first(
    asker: str, heads: dict[str, frozenset[str]]
) -> None:
    """R-71, R-72: of the collecting unit; where it has none but the asker, of the next above."""
    turn = deciding(Request(asker, UNITS, 1), heads)
    able = [unit for unit in UNITS if heads.get(unit, frozenset()) - {asker}]
    assert (turn and turn[0]) == (able[0] if able else None)


def test_the_second_approval_is_of_a_unit_above_where_there_is_one() -> None:
    """R-74: not two heads of one section where the organ has a head."""
    first = (Decided("a", "section", approved=True),)
    request = Request("z", UNITS, 2, first)
    assert deciding(request, {"section": {"a", "b"}, "city": {"c"}}) == ("city", frozenset("c"))
    assert deciding(request, {"section": {"a", "b"}}) == ("section", frozenset("b"))
    assert deciding(request, {"section": {"a"}}) is None


def test_one_refusal_ends_it() -> None:
    refused = Request("z", UNITS, 2, (Decided("a", "section", approved=False),))
    assert deciding(refused, {"city": {"c"}}) is None
    assert refused.is_declined


def test_how_many_have_to_approve() -> None:
    limits = {"for_outside": 2, "for_secret": 2}
    assert approvals(outside=False, secret=False, **limits) == 1
    assert approvals(outside=True, secret=False, **limits) == 2
    assert approvals(outside=False, secret=True, **limits) == 2
    assert approvals(outside=True, secret=False, for_outside=1, for_secret=2) == 1


@given(st.integers(-5, 40), st.integers(1, 30), st.none() | st.integers(-5, 40))
def test_a_grant_holds_from_its_beginning_to_its_end_and_never_after_it_was_revoked(
    at: int, length: int, ended: int | None
) -> None:
    day = timedelta(days=1)
    end = None if ended is None else T0 + ended * day
    assert holds(T0 + at * day, T0, T0 + length * day, end) is (ended is None and 0 <= at < length)
    assert not holds(T0, None, T0 + day, None)
