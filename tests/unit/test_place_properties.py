"""LK-8: distance is a distance, and two descriptions of one place are one however they are written."""

import math
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.place import EARTH_M, Position, same_text, spelled

POSITIONS = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
NEAR = st.floats(-0.01, 0.01)
WORDS = st.text("新华路桥东区10号院ＡAa１1", min_size=1, max_size=12)
MARKS = st.text(" ，。-_（）()·、", max_size=4)


@given(POSITIONS, POSITIONS, POSITIONS)
def test_it_is_a_distance(one: Position, other: Position, third: Position) -> None:
    assert one.metres_to(one) == 0
    assert math.isclose(one.metres_to(other), other.metres_to(one), abs_tol=1e-6)
    assert 0 <= one.metres_to(other) <= math.pi * EARTH_M * (1 + 1e-9)
    assert one.metres_to(third) <= one.metres_to(other) + other.metres_to(third) + 1.0


@given(st.floats(-60, 60), st.floats(-179, 179), NEAR, NEAR)
def test_near_by_it_is_that_of_a_plane(latitude: float, longitude: float, north: float, east: float) -> None:
    """Within a kilometre or so, where LK-8 decides, a map is flat."""
    here, there = Position(latitude, longitude), Position(latitude + north, longitude + east)
    degree = math.pi * EARTH_M / 180
    flat = math.hypot(north * degree, east * degree * math.cos(math.radians(latitude + north / 2)))
    assert math.isclose(here.metres_to(there), flat, rel_tol=1e-3, abs_tol=0.01)


@given(st.floats(-89, 89), st.floats(0.0001, 1))
def test_the_antimeridian_is_no_wall(latitude: float, east: float) -> None:
    across = Position(latitude, 180 - east).metres_to(Position(latitude, -180 + east))
    inland = Position(latitude, -east).metres_to(Position(latitude, east))
    assert math.isclose(across, inland, rel_tol=1e-6, abs_tol=1e-3)


@given(WORDS, WORDS)
def test_who_is_named_first_does_not_matter(one: str, other: str) -> None:
    assert same_text(one, other) == same_text(other, one)
    assert same_text(one, one)
    assert same_text(one, one + other)


@given(WORDS, WORDS, MARKS, MARKS)
def test_marks_spaces_and_width_say_nothing(one: str, other: str, before: str, after: str) -> None:
    dressed = f"{before}{one}{after}"
    assert spelled(dressed) == spelled(one)
    assert spelled(spelled(one)) == spelled(one)
    assert same_text(dressed, other) == same_text(one, other)
    assert same_text(unicodedata.normalize("NFKC", one), other) == same_text(one, other)


@given(MARKS, WORDS)
def test_nothing_is_no_place(nothing: str, place: str) -> None:
    assert not same_text(nothing, place)
    assert not same_text(nothing, nothing)
