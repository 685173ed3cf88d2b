"""Which gaps a room's takes leave, by what was wanted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.room.takes import Take
from drivers.room.wishes import Gap, Wish, Wishes, gaps_of

NINE = datetime(2026, 8, 4, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def take(start: float, end: float | None, cause: str = "source_lost", **more: object) -> Take:
    segments = {} if end is None else {"00000.mp4": 0.0}
    return Take(
        id=f"t{start:g}", began=at(start).isoformat(), reach_s=(end or start) - start, cause=cause,
        segments=segments, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def spans(gaps: list[Gap]) -> list[tuple[float, float, str]]:
    return [((one.start - NINE).total_seconds(), (one.end - NINE).total_seconds(), one.cause) for one in gaps]


def test_a_short_take_between_two_gaps_hides_neither() -> None:
    takes = [take(0, 10), take(14, 14.6, "standing_still"), take(16, None)]
    assert spans(list(gaps_of(takes, None))) == [(10, 14, "source_lost"), (14.6, 16, "standing_still")]


def test_a_take_without_a_picture_is_none() -> None:
    takes = [take(0, 10), take(12, None), Take(id="x"), take(20, None)]
    assert spans(list(gaps_of(takes, None))) == [(10, 20, "source_lost")]


def test_what_was_told_and_what_was_asked_to_end_leave_none() -> None:
    takes = [take(0, 10, gap_told=True), take(12, 20, "asked"), take(500, None)]
    assert list(gaps_of(takes, None)) == []


def test_sound_without_a_picture_is_part_of_the_gap() -> None:
    takes = [take(0, 10, "standing_still", pictured_s=6.0), take(12, None)]
    assert spans(list(gaps_of(takes, None))) == [(6, 12, "standing_still")]


def test_only_what_was_wanted_counts() -> None:
    """Lost in the evening's hearing, which was then stopped; the next one begins in the morning."""
    evening = Wish(since=at(0), stopped=at(100))
    takes = [take(3, 60)]
    assert spans(list(gaps_of(takes, evening, until=evening.end))) == [(60, 100, "source_lost")]
    morning = Wish(since=at(50_000))
    takes = [take(3, 60, gap_told=True), take(50_004, None)]
    assert list(gaps_of(takes, morning)) == [], "opening a stream takes a few seconds"
    late = [take(3, 60, gap_told=True), take(50_040, None)]
    assert spans(list(gaps_of(late, morning))) == [(50_000, 50_040, "source_lost")]
    assert spans(list(gaps_of([], morning, until=at(50_100)))) == [(50_000, 50_100, "source_lost")]


def test_a_wish_that_is_prolonged_keeps_its_beginning() -> None:
    wish = Wish(since=at(0), until=at(60))
    assert wish.started(at(30), at(90)) == Wish(since=at(0), until=at(90))
    assert wish.started(at(61), None) == Wish(since=at(61))
    assert [wish.holds(at(n)) for n in (59, 60)] == [True, False]
    assert Wish(since=at(0), until=at(60), stopped=at(10)).end == at(10)
    assert not Wish().is_due(at(0))


def test_on_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be read is as it was: no hearing ends by a disk that hiccups."""
    wishes = Wishes(tmp_path / "wanted.json")
    assert not wishes.read().holds(at(0))
    wish = Wish(since=at(0), until=at(60))
    wishes.keep(wish)
    assert Wishes(tmp_path / "wanted.json").read() == wish
    for broken in ("", "[1]", '{"since": "never"}'):
        (tmp_path / "wanted.json").write_text(broken)
        assert wishes.read() == wish
    assert "wanted.json" in caplog.text
    wishes.settle(wish)
    assert Wishes(tmp_path / "wanted.json").read().settled
