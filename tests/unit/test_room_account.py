"""Which gaps a room's recording leaves, by what was wanted and where it ended."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.room.account import ASKED, LOST, Edge, missing, pieces
from drivers.room.takes import RUNNING, Take, Takes
from drivers.room.wishes import Wish, Wishes

NINE = datetime(2026, 8, 4, 9, tzinfo=UTC)
STILL = "standing_still"


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def edge(seconds: float | None, cause: str = STILL) -> Edge:
    return Edge(at=None if seconds is None else at(seconds), cause=cause, take="000001-x")


def gaps(before: Edge, until: float, *wishes: Wish) -> list[tuple[float, float, str]]:
    found = missing(before, at(until), wishes or None)
    return [
        ((one.start - NINE).total_seconds(), (one.end - NINE).total_seconds(), one.cause) for one in found
    ]


def so_far(before: Edge, now: float, *wishes: Wish) -> list[tuple[float, float, str]]:
    told = [gap for _, gap in pieces(before, wishes or None, at(60 * now))]
    return [
        ((one.start - NINE).total_seconds() / 60, (one.end - NINE).total_seconds() / 60, one.cause)
        for one in told
    ]


def test_an_outage_that_lasts_is_told_piece_by_piece() -> None:
    assert so_far(edge(0), 14) == []
    assert so_far(edge(0), 31) == [(0, 15, STILL), (15, 30, STILL)]
    rest = [after for after, _ in pieces(edge(0), None, at(60 * 31))][-1]
    assert rest == edge(60 * 30), "and the rest with the next picture"
    assert so_far(edge(0), 24 * 60 + 1) == [], "our clock has leapt, or it is of another day"
    for nothing in (edge(None), edge(0, ASKED), edge(0, RUNNING)):
        assert so_far(nothing, 31) == []


def test_of_an_asked_recording_only_what_is_still_wanted_is_told_meanwhile() -> None:
    assert so_far(edge(60), 31, Wish(since=at(0), until=None)) == [(1, 16, STILL), (16, 31, STILL)]
    assert so_far(edge(60), 31, Wish(since=at(0), until=at(60 * 20))) == [], "it is over"
    assert so_far(edge(0), 31, Wish(since=at(60), until=None)) == [], "nothing of it was recorded yet"


def test_always_wanted() -> None:
    assert gaps(edge(10), 14) == [(10, 14, STILL)]
    assert gaps(edge(14.6, LOST), 16) == [(14.6, 16, LOST)], "a short take between two gaps hides neither"
    assert gaps(edge(None), 100) == [], "nothing is missing before the first picture there ever was"
    assert gaps(edge(20), 10) == [], "the clock was set back: no length can be told"


def test_only_what_was_wanted_counts() -> None:
    """Lost in the evening's hearing, which was then stopped; the next one begins in the morning."""
    evening, morning = Wish(since=at(0), stopped=at(100)), Wish(since=at(50_000))
    assert gaps(edge(60), 100, evening) == [(60, 100, STILL)]
    assert gaps(edge(60), 50_004, morning) == [], "opening a stream takes a few seconds"
    assert gaps(edge(60), 50_040, morning) == [(50_000, 50_040, LOST)]
    assert gaps(edge(None), 50_100, morning) == [(50_000, 50_100, LOST)]
    assert gaps(edge(60), 50_040, evening, morning) == [(60, 100, STILL), (50_000, 50_040, LOST)]


def test_footage_between_two_losses_is_no_gap() -> None:
    """However long ago what was recorded first was taken over: the edge knows how far it went."""
    wish = Wish(since=at(0), stopped=at(4000))
    assert gaps(edge(3300), 3600, wish) == [(3300, 3600, STILL)]
    assert gaps(edge(3999.8, ASKED), 4000, wish) == []


def test_stopped_and_asked_for_again_at_once() -> None:
    first, second = Wish(since=at(0), stopped=at(6)), Wish(since=at(8))
    assert gaps(edge(5.8, ASKED), 306, first, second) == [(8, 306, LOST)], "the take before hides nothing"
    assert gaps(edge(5.8, ASKED), 12, first, second) == []
    assert gaps(edge(9), 60, first) == [], "the take went on through both"


def test_a_wish_that_is_prolonged_or_cut_short_keeps_its_beginning(tmp_path: Path) -> None:
    wishes = Wishes(tmp_path / "wanted.json")
    assert wishes.stop(at(0)) is None
    wishes.start(at(0), at(60))
    assert wishes.start(at(30), at(90)) == Wish(since=at(0), until=at(90))
    assert wishes.start(at(31), at(40)) == Wish(since=at(0), until=at(40))
    assert [wish.holds(at(n)) for wish in wishes.read() for n in (39, 40)] == [True, False]
    later = wishes.start(at(50), None)
    assert later == Wish(since=at(50)), "over is over"
    assert len(wishes.read()) == 2, "and not yet accounted for"
    wishes.forget(wishes.read()[0])
    assert wishes.read() == [later]


def test_what_was_stopped_stays_stopped_when_the_clock_is_set_back(tmp_path: Path) -> None:
    wishes = Wishes(tmp_path / "wanted.json")
    wishes.start(at(0), None)
    wishes.stop(at(3600))
    assert wishes.holding(at(1800)) is None


def test_on_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be read is as it was: no hearing ends by a disk that hiccups."""
    wishes = Wishes(tmp_path / "wanted.json")
    assert wishes.holding(at(0)) is None
    wish = wishes.start(at(0), at(60))
    assert Wishes(tmp_path / "wanted.json").read() == [wish]
    for broken in ("", "1", '[{"since": "never"}]', '[{"until": null}]'):
        (tmp_path / "wanted.json").write_text(broken)
        assert wishes.read() == [wish]
    assert "wanted.json" in caplog.text
    kept = edge(7)
    kept.keep(tmp_path / "edge.json")
    assert Edge.read(tmp_path / "edge.json") == kept
    (tmp_path / "edge.json").write_text("[")
    assert Edge.read(tmp_path / "edge.json") == Edge()


def test_takes_are_counted_whatever_the_clock_says(tmp_path: Path) -> None:
    takes = Takes(tmp_path)
    made = [takes.open("") for _ in range(12)]
    assert [one.id for one in takes.all()] == [one.id for one in made]
    for take in made:
        takes.forget(take)
    assert list(takes.all()) == []
    assert takes.open(made[-1].id).id > made[-1].id, "also if nothing is left of those before"


def test_sound_without_a_picture_and_time_stamps_that_leapt_are_not_recorded() -> None:
    take = Take(id="1-x", began=at(0).isoformat(), reach_s=10.0, segments={"00000.mp4": 0.0})
    assert take.end == at(10)
    assert Take(id="1-x", began=take.began, reach_s=10, segments=take.segments, pictured_s=6.0).end == at(6)
    leapt = Take(id="1-x", began=take.began, reach_s=3610, segments=take.segments, leapt_s=8.0)
    assert (leapt.end, leapt.at(3606)) == (at(8), at(8))


moments = st.floats(0, 1000).map(lambda seconds: round(seconds, 3))


@given(st.lists(moments, min_size=2, max_size=8, unique=True), moments, moments, st.booleans())
def test_what_is_missing_was_wanted_and_lies_behind_the_edge(
    times: list[float], known: float, until: float, asked: bool
) -> None:
    """For any wishes: no gap outside of them, none before the edge, none twice, and none forgotten."""
    times.sort()
    wishes = [
        Wish(since=at(begin), stopped=at(end)) for begin, end in zip(times[::2], times[1::2], strict=False)
    ]
    told = gaps(edge(known, ASKED if asked else STILL), until, *wishes)
    for begin, end, _ in told:
        assert known <= begin < end <= until
        assert any(wish.since <= at(begin) and wish.end and at(end) <= wish.end for wish in wishes)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(told))
    for wish in wishes:
        assert wish.end
        begin = max(known, (wish.since - NINE).total_seconds())
        end = min(until, (wish.end - NINE).total_seconds())
        if end - begin > 10:
            assert any(one <= begin + 1e-6 and other >= end - 1e-6 for one, other, _ in told)
