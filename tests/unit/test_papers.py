"""What a report says, before it is a file."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import gateway
from gateway.reports.paper import (
    LONGEST,
    Column,
    Fields,
    Paper,
    Section,
    Share,
    Table,
    as_percent,
    is_formula,
    shown,
)
from gateway.reports.viewings import harmless
from gateway.reports.workbook import workbook

AT = datetime(2027, 1, 5, 1, 30, tzinfo=UTC)
ANY = st.text(st.characters(codec=None), max_size=40)


def paper(*rows: tuple[object, ...], title: str = "题") -> Paper:
    table = Table([Column("一", 4), Column("二", 4)], rows)  # type: ignore[arg-type]
    return Paper(title, "副题", Fields([]), [Section("节", "页", [table])], AT, "脚 & 注")


@given(ANY)
def test_nothing_that_hides_or_turns_is_printed(text: str) -> None:
    told = shown(text)
    assert not {"\x00", "\u202e", "\u200b", "\ud800", "\ufffe", "\x1b"} & set(told)
    told.encode()
    assert shown(told) == told


def test_long_texts_are_cut_and_say_so_and_others_stay() -> None:
    assert shown("邢市监处罚〔2026〕1号 𠮷\n") == "邢市监处罚〔2026〕1号 𠮷\n"
    assert shown("长" * LONGEST) == "长" * LONGEST
    assert shown("长" * (LONGEST + 1)) == "长" * LONGEST + "……（其余从略）"


@settings(max_examples=40)
@example([("=1+1", '=HYPERLINK("http://x")'), ("+1", "-1"), ("@SUM(A1)", "#N/A")])
@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=3))
def test_any_text_comes_back_from_the_workbook_as_text(rows: list[tuple[str, str]]) -> None:
    sheet = load_workbook(io.BytesIO(workbook(paper(*rows))))["页"]
    for number, row in enumerate(rows, 3):
        for place, text in enumerate(row, 1):
            cell = sheet.cell(number, place)
            assert (cell.value or "") == shown(text).replace("\r", "\n")
            assert cell.data_type in {"s", "n"}


@pytest.mark.parametrize("before", ["", " ", "  ", "\u3000", "\u00a0", "\n", "\r\n"])
@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_what_somebody_wrote_is_no_formula_in_a_file(before: str, sign: str) -> None:
    """Wide signs and blanks before them too: office programs take them for the plain ones."""
    text = f"{before}{sign}HYPERLINK(1)"
    assert is_formula(text)
    assert harmless(text) == f"'{shown(text)}"
    cell = load_workbook(io.BytesIO(workbook(paper((text, 0)))))["页"]["A3"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_a_tab_or_a_new_line_begins_nothing_that_is_trusted() -> None:
    assert [harmless(text) for text in ("\tx", "\rx", "\nx", "x\t=1", "", "冀-1")] == [
        "' x", "' x", "'\nx", "x =1", "", "冀-1",
    ]  # fmt: skip
    assert (harmless(-5), harmless(None)) == (-5, None), "a number is none"


def test_every_table_that_leaves_the_house_is_written_in_one_of_two_places() -> None:
    """Both ask `is_formula` of each cell: whoever writes another kind of table has to as well."""
    root = Path(gateway.__file__).parents[1]
    writing = re.compile(r"csv\.(?:Dict)?[wW]riter\(|\bWorkbook\(")
    found = {
        str(path.relative_to(root))
        for room in ("gateway", "api", "ingest", "drivers")
        for path in (root / room).rglob("*.py")
        if writing.search(path.read_text())
    }
    assert found == {"gateway/reports/viewings.py", "gateway/reports/workbook.py"}


def test_numbers_are_numbers_and_shares_are_per_cent() -> None:
    sheet = load_workbook(io.BytesIO(workbook(paper((0, Share(2 / 3)), (None, Share(1.5))))))["页"]
    assert [[cell.value for cell in row] for row in sheet["A3:B4"]] == [[0, 2 / 3], [None, 1.5]]
    assert sheet["B3"].number_format == "0.00%"
    assert (as_percent(Share(2 / 3)), as_percent(Share(0.0)), as_percent(Share(1.5))) == (
        "66.67%",
        "0.00%",
        "150.00%",
    )


def test_groups_are_runs_of_what_begins_alike() -> None:
    table = Table([Column("", 1)], [("a",), ("a",), ("b",), ("a",)], grouped=True)
    assert (table.runs, replace(table, grouped=False).runs) == ([2, 1, 1], [1, 1, 1, 1])


def test_a_digest_hangs_on_everything_that_is_said() -> None:
    one = paper((1, "x"))
    assert one.digest == paper((1, "x")).digest
    others = [
        paper((2, "x")),
        paper((1, Share(1))),
        paper((1, "x"), title="异"),
        replace(one, as_of=AT.replace(hour=2)),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5
    assert workbook(one) == workbook(paper((1, "x")))


def test_a_table_without_lines_says_so() -> None:
    assert load_workbook(io.BytesIO(workbook(paper())))["页"]["A3"].value == "无"
