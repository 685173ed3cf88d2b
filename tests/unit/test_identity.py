"""Check characters of parties' codes: a slip of one character, or of two neighbours, is noticed."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.rules import identity
from gateway.rules.identity import ALPHABET

CODES = st.builds(
    lambda kind, region, body: f"{kind}{region}{body}",
    st.sampled_from(["91", "92", "11", "12", "51", "54", "N1"]),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.text(ALPHABET, min_size=9, max_size=9),
).map(lambda first: first + identity.credit_code_check(first))
NUMBERS = st.from_regex(r"[0-9]{17}", fullmatch=True).map(
    lambda first: first + identity.resident_check(first)
)


def test_the_worked_example_of_the_standard() -> None:
    assert identity.is_credit_code("91350100M000100Y43")


@pytest.mark.parametrize(
    "code",
    ["", "91350100M000100Y44", "91350100M000100Y4", "91350100m000100y43", "9135010OM000100Y43", "９" * 18],
)
def test_what_is_no_code(code: str) -> None:
    assert not identity.is_credit_code(code)


@given(CODES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_code_is_noticed(code: str, place: int, char: str) -> None:
    assert identity.is_credit_code(code)
    assume(code[place] != char)
    assert not identity.is_credit_code(code[:place] + char + code[place + 1 :])


@given(CODES, st.integers(0, 16))
def test_two_neighbours_of_a_code_that_change_places_are_noticed(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    assert not identity.is_credit_code(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


def test_the_specimen_of_the_identity_number() -> None:
    assert identity.is_resident_number("11010519491231002X")
    assert not identity.is_resident_number("110105194912310021")


@given(NUMBERS, st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_identity_number_is_noticed(number: str, place: int, digit: str) -> None:
    assert identity.is_resident_number(number)
    assume(number[place] != digit)
    assert not identity.is_resident_number(number[:place] + digit + number[place + 1 :])


@given(st.text("0123456789X", max_size=30))
def test_a_mask_shows_six_characters_at_the_most(number: str) -> None:
    shown = identity.masked(number)
    assert len(shown) == len(number)
    assert sum(char != "*" for char in shown) <= 6
    assert len(number) < 8 or shown.count("*") == len(number) - 6
