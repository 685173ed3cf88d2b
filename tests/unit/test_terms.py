"""By which terms texts are found: never too few, whatever is typed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.indexing import marks
from gateway.indexing.terms import asked, terms_of, told, words_of

ALPHABET = "市监罚食品12ab-（）〔 Ａ１·王㈠ßĳ\x00\ud7a4'\"*\\&|"
texts = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters()), max_size=14)


def has_terms(text: str, word: str) -> bool:
    have = terms_of(text)
    return all(
        any(one.startswith(term.text) if term.is_beginning else one == term.text for one in have)
        for term in asked(word)
    )


@given(texts, texts, texts)
def test_what_is_part_of_a_text_finds_it_by_its_terms(before: str, word: str, after: str) -> None:
    text = before + word + after
    if told(word) in told(text):
        assert has_terms(text, word)


@given(texts, st.text(st.sampled_from("市监罚食品12ab"), min_size=1, max_size=4))
def test_a_word_whose_terms_are_lacking_is_not_in_the_text(text: str, word: str) -> None:
    assert has_terms(text, word) or told(word) not in told(text)


@given(texts)
def test_terms_hold_nothing_that_an_index_would_read_as_a_sign(text: str) -> None:
    for term in [*terms_of(text), *(one.text for one in asked(text))]:
        assert term.isalnum()
        assert term == term.casefold() or not term.isascii()


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("邢台市襄都区新华路9号", "新华", True),
        ("邢台市襄都区新华路9号", "华路9号", True),
        ("邢台市襄都区新华路9号", "台区", False),
        ("冀邢市监罚〔2024〕27号", "冀邢市监罚(2024)27号", True),
        ("冀邢市监罚〔2024〕27号", "罚【２０２４】2", True),
        ("冀邢市监罚〔2024〕127号", "27", False),
        ("冀邢市监罚〔2024〕2711号", "27", True),
        ("冀邢市监罚〔2024〕2711号", "27号", False),
        ("MAH00012.MP4", "mah", True),
        ("MAH00012.MP4", "00012", True),
        ("MAH00012.MP4", "0012", False),
        ("古丽娜尔·买买提江", "古丽娜尔买买提", True),
        ("张伟", "张", True),
        ("张伟", "伟", True),
    ],
)
def test_how_words_are_found(text: str, word: str, found: bool) -> None:
    assert (told(word) in told(text)) is found
    assert has_terms(text, word) or not found


def test_words_that_say_nothing_are_left_out() -> None:
    assert words_of(" 食品 （） 食品  张伟 ") == ["食品", "张伟"]


instants = st.datetimes(datetime(1901, 1, 1), datetime(2298, 1, 1), timezones=st.just(UTC))


@given(instants, st.timedeltas(timedelta(0), timedelta(days=60)), instants, instants)
def test_a_span_has_every_clip_that_touches_it(
    start: datetime, length: timedelta, since: datetime, until: datetime
) -> None:
    clip = marks.days(start, start + length)
    for first, last in ((since, until), (since, None), (None, until)):
        touches = (first is None or start + length >= first) and (last is None or start <= last)
        if touches and (first is None or last is None or first <= last):
            assert clip & set(marks.span(first, last))


@given(st.dates(date(1900, 1, 1), date(2299, 12, 31)), st.dates(date(1900, 1, 1), date(2299, 12, 31)))
def test_a_span_has_no_day_beside_it_and_few_terms(first: date, last: date) -> None:
    covered = [term[2:] for term in marks.covered(first, last)]
    assert len(covered) <= 2 * (30 + 11 + 9 + 9) + 2, (
        "days, months, years, decades before and after; centuries"
    )
    for day in (first - timedelta(days=1), last + timedelta(days=1)):
        assert not any(f"{day:%Y%m%d}".startswith(one) for one in covered)
    if first <= last:
        for day in (first, last, first + (last - first) / 2):
            assert sum(f"{day:%Y%m%d}".startswith(one) for one in covered) == 1


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_numbers_between_have_one_of_the_blocks(one: int, other: int) -> None:
    first, last = sorted((one, other))
    wanted = set(marks.blocks(first, last))
    assert all(set(marks.block(number)) & wanted for number in (first, last, (first + last) // 2))
