"""Case numbers: every specimen of regulations 6.1, and what must not pass for one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import rulepacks
from gateway.rules import case_number

SPECIMENS = [
    "冀邢市监罚〔2019〕27号",
    "石市监处罚〔2023〕21号",
    "衡环罚决〔2023〕502号",
    "衡环罚告[2023]53号",
    "邯环罚决字〔2025〕03-003号",
    "邯环责改字〔2025〕03-003号",
    "郑环罚决字〔2021〕006号",
    "郑环罚先告字〔2021〕006号",
    "郑环责改字〔2021〕第128号",
    "冀邢市监罚（２０１９）２７号",
    "邢环查（扣）字〔2021〕3号",
]
OFFICIAL_PAPERS = [
    "邢政办字〔2019〕27号",
    "冀政办字〔2019〕31号",
    "国办发〔2018〕118号",
    "冀财资[2016]127号",
    "汴审办〔2023〕4号",
    "冀机编办〔2017〕80号",
    "监处罚〔202321",
]


@pytest.mark.parametrize("written", SPECIMENS)
def test_specimens_are_case_numbers(written: str) -> None:
    assert case_number.parse(written) is not None


@pytest.mark.parametrize("written", OFFICIAL_PAPERS)
def test_official_papers_are_not(written: str) -> None:
    assert case_number.parse(written) is None


def test_every_spelling_of_one_number_is_the_same() -> None:
    spellings = [
        "冀邢市监罚〔2019〕27号",
        "冀邢市监罚（２０１９）２７号",
        "冀邢市监罚 [2019] 027号",
        "冀邢市监罚字【2019】第27号",
    ]
    for one in spellings:
        for other in spellings:
            assert case_number.same(one, other)


def test_year_and_serial_alone_never_match() -> None:
    assert not case_number.same("邢政办字〔2019〕27号", "冀邢市监罚〔2019〕27号")
    assert not case_number.same("石市监罚〔2019〕27号", "冀邢市监罚〔2019〕27号")


def test_sub_units_number_separately() -> None:
    assert not case_number.same("邯环罚决字〔2025〕03-003号", "邯环罚决字〔2025〕04-003号")
    assert case_number.same("邯环罚决字〔2025〕03-003号", "邯环罚决〔2025〕03-3号")


def test_opaque_numbers_match_by_spelling_only() -> None:
    assert case_number.same("YBAJ2021100404001", "ＹＢＡＪ2021100404001")
    assert not case_number.same("YBAJ2021100404001", "YBAJ2021100404002")


def test_a_number_is_found_inside_a_name() -> None:
    assert case_number.find("冀邢市监罚〔2024〕27号_现场检查") == "冀邢市监罚〔2024〕27号"
    assert case_number.find("DCAM_CAM001_000001_20240506_093000") is None


BRACKETS = [("〔", "〕"), ("[", "]"), ("（", "）"), ("(", ")"), ("【", "】"), ("〖", "〗"), ("［", "］")]  # fmt: skip
WIDE = str.maketrans(string.digits, "０１２３４５６７８９")


@st.composite
def respelled(draw: st.DrawFn, written: str) -> str:
    """The same number as another typist writes it: other brackets, wide digits, blanks in between."""
    opening, closing = draw(st.sampled_from(BRACKETS))
    plain = case_number.normalise(written).replace("〔", opening).replace("〕", closing)
    if draw(st.booleans()):
        plain = plain.translate(WIDE)
    plain = plain.replace("-", draw(st.sampled_from(["-", "—", "–", "−", "－"])))
    blanks = draw(
        st.lists(st.sampled_from(["", " ", "\u3000", "\t"]), min_size=len(plain), max_size=len(plain))
    )
    return "".join(blank + char for blank, char in zip(blanks, plain, strict=True))


@given(st.sampled_from(SPECIMENS).flatmap(lambda one: st.tuples(st.just(one), respelled(one))))
def test_every_specimen_is_accepted_however_it_is_spelled(pair: tuple[str, str]) -> None:
    one, other = pair
    assert case_number.normalise(one) == case_number.normalise(other)
    assert case_number.parse(other) == case_number.parse(one) is not None
    assert case_number.same(one, other)


@given(st.sampled_from(OFFICIAL_PAPERS).flatmap(respelled))
def test_no_official_paper_is_accepted_however_it_is_spelled(written: str) -> None:
    assert case_number.parse(written) is None
    assert case_number.key_text(written) is None


@given(st.text(max_size=60) | st.sampled_from(SPECIMENS + OFFICIAL_PAPERS).flatmap(respelled))
def test_normalising_twice_is_normalising_once(written: str) -> None:
    once = case_number.normalise(written)
    assert case_number.normalise(once) == once


@given(
    st.sampled_from(case_number.SEEN), st.integers(2000, 2099), st.integers(1, 999_999),
    st.sampled_from(["", "字"]), st.sampled_from(["", "第"]), st.sampled_from(["", "0", "00"]),
)  # fmt: skip
def test_every_word_of_the_list_makes_a_number(
    kind: str, year: int, serial: int, zi: str, nth: str, zeros: str
) -> None:
    written = f"冀邢市监{kind}{zi}〔{year}〕{nth}{(zeros + str(serial))[-6:]}号"
    plain = case_number.parse(f"冀邢市监{kind}〔{year}〕{int((zeros + str(serial))[-6:])}号")
    number = case_number.parse(written)
    assert number is not None
    assert plain is not None
    assert number.key == plain.key


@given(st.integers(2000, 2099), st.integers(1, 9999))
def test_two_organs_never_share_a_number(year: int, serial: int) -> None:
    assert not case_number.same(f"石市监罚〔{year}〕{serial}号", f"冀邢市监罚〔{year}〕{serial}号")
    assert not case_number.same(f"邢政办字〔{year}〕{serial}号", f"冀邢市监罚〔{year}〕{serial}号")


def test_a_unit_may_have_words_of_its_own() -> None:
    own = ("处字",)
    assert case_number.parse("邢交处字〔2024〕7号", own) is not None
    assert case_number.parse("邢交处字〔2024〕7号") is None
    assert case_number.parse("冀邢市监罚〔2019〕27号", own) is None


def test_the_list_in_code_is_that_of_the_pack() -> None:
    assert rulepacks.load("hebei-xingtai-2019").forms.number_kinds.value == case_number.SEEN
