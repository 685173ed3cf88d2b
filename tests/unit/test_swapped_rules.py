"""Two cameras told to have been swapped by all that both recorded on a day (LK-4, LK-5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.allocation import Swapped
from gateway.rules.facts import ActivityFacts
from gateway.rules.findings import Verdict
from gateway.rules.linking import decide
from gateway.rules.place import Position
from gateway.rules.swapped import Outing, Speaks, Take, speaks, swapped, swapped_with
from tests.unit.test_linking_rules import LIMITS, T0, case, clip, minutes, step, steps_of

HERE, THERE, AWAY = Position(37.07, 114.50), Position(37.10, 114.50), Position(37.20, 114.50)


def at(start: float, length: float, *places: Position, doubt: float = 10) -> Take:
    return Take(T0 + minutes(start), T0 + minutes(start + length), doubt, places)


def done(
    name: str, start: float, length: float, officers: str, place: Position | None = None
) -> ActivityFacts:
    return step(T0 + minutes(start), length, officers, id=name, position=place)


STEPS = (
    done("a", 0, 40, "zhang li"),
    done("c", 300, 40, "zhang li"),
    done("b", 90, 40, "wang zhao"),
    done("d", 390, 50, "wang zhao"),
)
ZHANGS = Outing("cam", "zhang", (at(90, 40),))
WANGS = Outing("cam2", "wang", (at(0, 40),))


def also(outing: Outing, *takes: Take) -> Outing:
    return replace(outing, takes=(*outing.takes, *takes))


def test_both_outings_together_refute_the_ledger() -> None:
    assert swapped(ZHANGS, [WANGS], STEPS, LIMITS) == Swapped("cam2", "wang", 2)
    assert swapped(WANGS, [ZHANGS], STEPS, LIMITS) == Swapped("cam", "zhang", 2)


def test_every_take_that_agrees_is_counted_and_one_that_fits_nobody_is_not() -> None:
    more = also(ZHANGS, at(390, 50), at(200, 3), at(95, 0))
    assert swapped(more, [WANGS], STEPS, LIMITS) == Swapped("cam2", "wang", 3)


def test_a_take_that_fits_both_teams_says_nothing() -> None:
    same = (*STEPS, done("e", 500, 30, "zhang li"), done("f", 500, 30, "wang zhao"))
    assert swapped(also(ZHANGS, at(500, 30)), [WANGS], same, LIMITS) == Swapped("cam2", "wang", 2)
    assert swapped(replace(ZHANGS, takes=(at(500, 30),)), [WANGS], same, LIMITS) is None


PLACED = tuple(replace(one, position=THERE if "wang" in one.officers else HERE) for one in STEPS)

NOT_PROVEN: dict[str, tuple[Outing, Outing, Sequence[ActivityFacts]]] = {
    "one camera only": (ZHANGS, replace(WANGS, takes=(at(200, 20),)), STEPS),
    "the other camera has nothing": (ZHANGS, replace(WANGS, takes=()), STEPS),
    "a take with its holder's step": (also(ZHANGS, at(300, 40)), WANGS, STEPS),
    "a take of the other with its holder's step": (ZHANGS, also(WANGS, at(390, 50)), STEPS),
    "it begins with the step, and ends long before": (replace(ZHANGS, takes=(at(90, 20),)), WANGS, STEPS),
    "it ends with the step, and begins long after": (replace(ZHANGS, takes=(at(110, 20),)), WANGS, STEPS),
    "a clock that is not certain": (replace(ZHANGS, takes=(at(90, 40, doubt=301),)), WANGS, STEPS),
    "a position at its holder's step": (also(ZHANGS, at(310, 10, HERE)), WANGS, PLACED),
    "a position at neither step": (also(ZHANGS, at(95, 20, AWAY)), WANGS, PLACED),
    "a team that both were of": (ZHANGS, WANGS, (*STEPS, done("e", 200, 20, "zhang wang"))),
    "one holder of both": (ZHANGS, replace(WANGS, holder="zhang"), STEPS),
}  # fmt: skip


@pytest.mark.parametrize(("mine", "theirs", "steps"), NOT_PROVEN.values(), ids=NOT_PROVEN)
def test_what_is_not_proven(mine: Outing, theirs: Outing, steps: Sequence[ActivityFacts]) -> None:
    assert swapped_with(mine, theirs, steps, LIMITS) is None
    assert swapped_with(theirs, mine, steps, LIMITS) is None


def test_with_two_cameras_it_was_swapped_with_neither() -> None:
    third = replace(WANGS, device_id="cam3", holder="zhao")
    assert swapped(ZHANGS, [WANGS, third], STEPS, LIMITS) is None


def test_a_position_speaks_before_begin_and_end() -> None:
    theirs = [one for one in PLACED if "wang" in one.officers]
    assert speaks(at(95, 20, THERE), theirs, LIMITS) is Speaks.PLACE
    assert speaks(at(90, 40, AWAY), theirs, LIMITS) is Speaks.AGAINST
    assert speaks(at(90, 40), theirs, LIMITS) is Speaks.EXTENT
    assert speaks(at(90, 10), theirs, LIMITS) is Speaks.END
    assert speaks(at(200, 10, THERE), theirs, LIMITS) is Speaks.NOT


def test_a_take_through_two_steps_begins_with_one_and_ends_with_the_other() -> None:
    theirs = [one for one in STEPS if "wang" in one.officers]
    assert speaks(at(90, 350), theirs, LIMITS) is Speaks.EXTENT
    back = [done("g", 130, 40, "wang zhao"), done("h", 90, 10, "wang zhao")]
    assert speaks(at(130, -30), back, LIMITS) is not Speaks.EXTENT


# what the decision makes of it

KNOWN = [case("k", STEPS[0], STEPS[1]), replace(case("m", STEPS[2], STEPS[3]), handlers=frozenset({"wang"}))]
SHOT = clip(interval=replace(clip().interval, start=T0 + minutes(90), end=T0 + minutes(130)))  # type: ignore[type-var]
SWAP = Swapped("cam2", "wang", 2)


def test_it_is_linked_to_the_step_it_shows_and_who_recorded_is_open() -> None:
    decision = decide(SHOT, KNOWN, LIMITS, steps_of(KNOWN), lambda _: True, lambda: SWAP)
    (winner,) = decision.winners
    assert (winner.case.case_uid, winner.verdict) == ("m", Verdict.VALID_WITH_NOTE)
    assert decision.custody is not None
    assert decision.custody.officer_id is None
    note = next(one for one in winner.findings if one.code == "custody.swapped")
    assert dict(note.facts) == {"officer": "zhang", "other": "wang", "camera": "cam2", "takes": "2"}
    labels = next(one for one in winner.findings if one.code == "labels.missing")
    assert "采集人" in dict(labels.facts)["labels"]


def test_one_without_a_certificate_leaves_it_to_a_person() -> None:
    decision = decide(SHOT, KNOWN, LIMITS, steps_of(KNOWN), lambda one: one != "zhao", lambda: SWAP)
    assert {one.verdict for one in decision.winners} <= {Verdict.NEEDS_REVIEW}


def test_a_file_that_names_somebody_else_leaves_it_to_a_person() -> None:
    for named, verdict in (
        ("sun", Verdict.NEEDS_REVIEW),
        ("zhao", Verdict.VALID_WITH_NOTE),
        ("zhang", Verdict.VALID_WITH_NOTE),
    ):
        told = replace(SHOT, declared_officer=named)
        decision = decide(told, KNOWN, LIMITS, steps_of(KNOWN), lambda _: True, lambda: SWAP)
        assert {one.verdict for one in decision.winners} == {verdict}


def test_a_number_of_a_case_without_a_step_then_leaves_it_to_a_person() -> None:
    known = [*KNOWN, case("n", numbers=("N-1",)), case("o", numbers=("N-1",))]
    named = replace(SHOT, case_no="N-1")
    decision = decide(named, known, LIMITS, steps_of(known), lambda _: True, lambda: SWAP)
    assert {one.verdict for one in decision.winners} <= {Verdict.NEEDS_REVIEW}


def test_nobody_asks_for_swaps_where_the_take_begins_and_ends_with_its_holders_step() -> None:
    def asked() -> Swapped | None:
        raise AssertionError("asked")

    own = clip(interval=replace(SHOT.interval, start=T0, end=T0 + minutes(40)))  # type: ignore[type-var]
    decision = decide(own, KNOWN, LIMITS, steps_of(KNOWN), lambda _: True, asked)
    assert [one.case.case_uid for one in decision.winners] == ["k"]


# for every day

moments = st.integers(0, 48).map(lambda one: one * 10)
places = st.lists(st.sampled_from((HERE, THERE)), max_size=1)
takes = st.builds(lambda a, b, c: at(a, b, *c), moments, st.integers(0, 6).map(lambda one: one * 10), places)
outings = st.builds(
    lambda name, who, made: Outing(name, who, tuple(made)),
    st.sampled_from(("cam", "cam2", "cam3")), st.sampled_from(("zhang", "wang", "li")), st.lists(takes, max_size=4),
)  # fmt: skip
teams = st.sampled_from(("zhang li", "wang zhao", "zhang", "wang", "wang zhang"))
days = st.lists(
    st.builds(
        lambda a, b, who, place: done("", a, b, who, place),
        moments, st.integers(1, 6).map(lambda one: one * 10), teams, st.sampled_from((None, HERE, THERE)),
    ),
    max_size=6,
).map(lambda made: [replace(one, activity_id=str(place)) for place, one in enumerate(made)])  # fmt: skip


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Outing, Outing, list[ActivityFacts]]:
    """A day that is likely to be a swap: each camera with some of the other team's steps."""
    steps = draw(days)

    def shown(who: str) -> list[Take]:
        theirs = [one for one in steps if who in one.officers]
        chosen = draw(st.lists(st.sampled_from(theirs), max_size=3, unique_by=id)) if theirs else []
        return [Take(one.start + minutes(2), one.end + minutes(1), 10) for one in chosen]

    extra = [draw(st.lists(takes, max_size=1)) for _ in range(2)]
    mine = Outing("cam", "zhang", (*shown("wang"), *extra[0]))
    return mine, Outing("cam2", "wang", (*shown("zhang"), *extra[1])), steps


@given(exchanges())
def test_a_swap_is_mutual(told: tuple[Outing, Outing, list[ActivityFacts]]) -> None:
    mine, theirs, steps = told
    one, other = swapped_with(mine, theirs, steps, LIMITS), swapped_with(theirs, mine, steps, LIMITS)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.takes == other.takes >= 2
        assert (one.holder, other.holder) == (theirs.holder, mine.holder)


@given(exchanges(), st.lists(outings, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_takes_cameras_and_steps_does_not_matter(
    told: tuple[Outing, Outing, list[ActivityFacts]], more: list[Outing], random: object
) -> None:
    mine, theirs, steps = told
    others = [theirs, *more]

    def mixed(items: Sequence[object]) -> list[object]:
        found = list(items)
        random.shuffle(found)  # type: ignore[attr-defined]
        return found

    shuffled = [replace(one, takes=tuple(mixed(one.takes))) for one in others]  # type: ignore[arg-type]
    again = swapped(replace(mine, takes=tuple(mixed(mine.takes))), mixed(shuffled), mixed(steps), LIMITS)  # type: ignore[arg-type]
    assert again == swapped(mine, others, steps, LIMITS)


@given(exchanges(), st.booleans())
def test_one_take_that_contradicts_un_proves_it(
    told: tuple[Outing, Outing, list[ActivityFacts]], is_mine: bool
) -> None:
    mine, theirs, steps = told
    began = T0 + timedelta(days=1)
    own = replace(done("own", 0, 30, "zhang" if is_mine else "wang"), start=began, end=began + minutes(30))
    take = Take(began, began + minutes(30), 10)
    if is_mine:
        mine = also(mine, take)
    else:
        theirs = also(theirs, take)
    assert swapped_with(mine, theirs, [*steps, own], LIMITS) is None
    assert swapped_with(theirs, mine, [*steps, own], LIMITS) is None


def said(take: Take, shown: str = "", denied: str = "") -> Take:
    return replace(take, shown=frozenset(shown.split()), denied=frozenset(denied.split()))


@pytest.mark.parametrize(
    ("take", "of_zhang", "of_wang"),
    [
        (said(at(90, 40), shown="b"), Speaks.AGAINST, Speaks.PERSON),
        (said(at(90, 40), shown="a"), Speaks.PERSON, Speaks.AGAINST),
        (said(at(90, 40), shown="f"), Speaks.AGAINST, Speaks.AGAINST),
        (said(at(90, 40), denied="b"), Speaks.NOT, Speaks.AGAINST),
        (said(at(90, 40), denied="d"), Speaks.NOT, Speaks.EXTENT),
        (said(at(90, 40), denied="a"), Speaks.AGAINST, Speaks.EXTENT),
        (said(at(95, 10), denied="b"), Speaks.NOT, Speaks.AGAINST),
        (said(at(90, 40, doubt=7200), shown="b"), Speaks.AGAINST, Speaks.PERSON),
    ],
)
def test_what_a_person_said_of_a_take_counts_before_what_was_recorded(
    take: Take, of_zhang: Speaks, of_wang: Speaks
) -> None:
    assert (speaks(take, STEPS[:2], LIMITS), speaks(take, STEPS[2:], LIMITS)) == (of_zhang, of_wang)


@given(st.sampled_from(["a", "c", "f"]), st.booleans())
def test_one_word_of_a_person_that_contradicts_it_un_proves_a_swap(step: str, on_this_side: bool) -> None:
    assert swapped_with(ZHANGS, WANGS, STEPS, LIMITS) is not None
    told = said(at(600, 10), shown=step)
    if on_this_side:
        assert swapped_with(replace(ZHANGS, takes=(*ZHANGS.takes, told)), WANGS, STEPS, LIMITS) is None
        return
    told = replace(told, shown=frozenset({{"a": "b", "c": "d", "f": "f"}[step]}))
    assert swapped_with(ZHANGS, replace(WANGS, takes=(*WANGS.takes, told)), STEPS, LIMITS) is None
