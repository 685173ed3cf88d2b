"""Case numbers: every specimen of regulations 6.1, and what must not pass for one."""

import pytest

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
