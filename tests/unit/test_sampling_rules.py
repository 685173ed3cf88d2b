"""Drawing a sample: the same for everybody, whatever the order in which cases come."""

import hashlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.sampling import draw, frame_digest

IDS = st.text(min_size=1, max_size=8)
FRAMES = st.dictionaries(IDS, st.sampled_from(["", "east", "west"]), max_size=40)


def by_hand(seed: str, frame: dict[str, str], wanted: int) -> set[str]:
    """As docs/report-files.md tells a stranger to do it."""
    drawn: set[str] = set()
    for stratum in set(frame.values()):
        cases = [case for case in frame if frame[case] == stratum]
        cases.sort(key=lambda case: (hashlib.sha256((seed + "\n" + case).encode("utf-8")).hexdigest(), case))
        drawn |= set(cases[:wanted])
    return drawn


@given(st.text(), FRAMES, st.integers(1, 10), st.randoms(use_true_random=False))
def test_who_works_it_out_by_hand_draws_the_same(
    seed: str, frame: dict[str, str], wanted: int, chance
) -> None:  # type: ignore[no-untyped-def]
    items = list(frame.items())
    chance.shuffle(items)
    drawn = draw(seed, dict(items), wanted)
    assert drawn == draw(seed, frame, wanted)
    assert {one.case for one in drawn} == by_hand(seed, frame, wanted)
    assert all(frame[one.case] == one.stratum for one in drawn)
    of_each = Counter(one.stratum for one in drawn)
    assert of_each == {name: min(wanted, count) for name, count in Counter(frame.values()).items()}


@given(st.text(), FRAMES, IDS)
def test_a_case_more_pushes_out_at_most_one(seed: str, frame: dict[str, str], case: str) -> None:
    """A sample cannot be steered by adding cases but by those that are drawn themselves."""
    few = dict.fromkeys(frame, "")
    before = {one.case for one in draw(seed, few, 5)}
    after = {one.case for one in draw(seed, few | {case: ""}, 5)}
    assert len(before - after) <= 1
    assert after - before <= {case}


@given(FRAMES, FRAMES)
def test_two_frames_have_one_digest_only_if_they_are_the_same(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (frame_digest(one) == frame_digest(other)) is (one == other)


def test_the_way_of_drawing_never_changes() -> None:
    """Stored samples have to be worked out again in ten years. The digests: `printf 'seed\\na' | sha256sum`."""
    drawn = draw("seed", {"a": "", "b": "", "c": ""}, 2)
    assert [(one.place, one.case, one.digest[:8]) for one in drawn] == [
        (1, "a", "1095c393"),
        (2, "b", "966be68f"),
    ]
    assert frame_digest({"b": "", "a": "东"}) == hashlib.sha256('{"a":"东","b":""}'.encode()).hexdigest()
