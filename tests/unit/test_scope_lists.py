"""Item lists as units keep them: read whole or refused whole, with the row and the cell."""

import contextlib
import csv
import io
import time
import warnings
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from gateway.config import ConfigError
from gateway.scope.columns import BY_NAME, COLUMNS
from gateway.scope.reading import ListRead, read_list
from gateway.wording import sentence

HEADS = [
    "序号", "执法类别", "执法事项/环节", "记录环节/事项", "记录场所", "记录方式/载体", "记录人", "开始记录时间",
    "记录内容/过程", "结束记录时间", "储存期限", "执法记录类别", "备注",
]  # fmt: skip
ROWS = [
    ["1", "行政检查", "现场检查", "现场检查", "检查现场", "执法记录仪", "执法人员", "进入检查场所", "检查的全过程，包括拒绝检查的情形", "离开检查场所", "3年", "场景类", ""],
    ["2", "行政处罚", "调查取证", "调查取证", "调查取证场所", "执法记录仪", "执法人员", "进入调查取证场所", "询问、取证的过程", "离开调查取证场所", "同案卷保管期限", "场景类", ""],
    ["3", "行政处罚", "证据保全", "先行登记保存", "证据保存场所", "照相机、执法记录仪", "执法人员", "进入证据保存场所", "物品编号、名称、规格、数量", "离开", "永久", "场景类", "逐件拍照"],
    ["4", "行政处罚", "听证", "举行听证", "听证室", "视频监控", "主持人、记录员", "进入听证场所", "听证会全过程", "听证结束", "同案卷保管期限", "场景类", ""],
    ["5", "行政处罚", "送达", "入户直接送达、留置送达、公告送达", "送达场所", "执法记录仪", "执法人员", "到达送达场所", "送达的过程、见证人在场情况", "环节结束", "30年", "确认类", ""],
]  # fmt: skip


def as_csv(rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(rows: list[list[str]], change: Callable[[Workbook], None] = lambda _: None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append([cell or None for cell in row])
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WORKBOOK = as_xlsx([["清单"], HEADS, *ROWS])


def told(read: ListRead) -> str:
    return "\n".join(sentence(one, "en") + sentence(one, "zh") for one in read.faults)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_in_any_encoding(encoding: str, delimiter: str) -> None:
    read = read_list("list.csv", as_csv([HEADS, *ROWS], encoding, delimiter))
    assert read.faults == []
    assert [line.cells["step"] for line in read.lines] == [row[3] for row in ROWS]
    assert [line.row for line in read.lines] == [2, 3, 4, 5, 6]
    assert read.lines[2].cells["keep"] == "永久"


def test_a_workbook_with_a_title_merged_cells_two_heading_rows_and_foot_notes() -> None:
    top = ["序号", "执法环节", "记录事项", "记录时间", "", "储存期限"]
    low = ["", "", "", "开始", "结束", ""]
    rows = [
        ["某局音像记录事项清单"], ["（2026年版）"], top, low,
        ["1", "行政处罚", "调查取证", "进入现场", "离开现场", "3年"],
        ["2", "", "听证", "进入听证室", "听证结束", "永久"],
        ["备注：本清单自发布之日起施行"],
    ]  # fmt: skip

    def merge(book: Workbook) -> None:
        for area in ("A1:F1", "A2:F2", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4", "B5:B6", "A7:F7"):
            book.active.merge_cells(area)

    read = read_list("list.xlsx", as_xlsx(rows, merge))
    assert told(read) == ""
    assert read.title == "某局音像记录事项清单"
    assert [(line.row, line.cells["matter"], line.cells["step"]) for line in read.lines] == [
        (5, "行政处罚", "调查取证"),
        (6, "行政处罚", "听证"),
    ]
    assert (read.lines[1].cells["starts"], read.lines[1].cells["ends"]) == ("进入听证室", "听证结束")


def test_group_headings_between_the_lines() -> None:
    """Merged over the whole table, or numbered in the first cell."""
    rows = [HEADS, ["行政检查类"], ROWS[0], ["二、行政处罚"], *ROWS[1:]]
    read = read_list("a.xlsx", as_xlsx(rows, lambda book: book.active.merge_cells("A2:M2")))
    assert (told(read), [line.row for line in read.lines]) == ("", [3, 5, 6, 7, 8])


def test_a_cell_that_is_made_to_take_long_does_not() -> None:
    """Patterns are tried on what anybody may upload."""
    began = time.monotonic()
    for text in ("类" * 3000 + "x", "执法记录仪、" * 3000 + "x", "1、" * 3000 + "x", "进入" * 3000 + "离开"):
        row = [*ROWS[0][:1], *([text] * 12)]
        read_list("a.csv", as_csv([HEADS, row]))
    assert time.monotonic() - began < 10, "seconds, on a busy machine"


def test_full_width_characters_and_numbers_as_excel_keeps_them() -> None:
    heads = ["序 号", "记录环节／事项", "记录方式／载体", "储存期限"]
    read = read_list("a.xlsx", as_xlsx([heads, ["１", "现场检查", "执法记录仪", "３年"]]))
    assert told(read) == ""
    number = as_xlsx(
        [heads, ["", "现场检查", "执法记录仪", "永久"]], lambda book: book.active.__setitem__("A2", 1.0)
    )
    assert read_list("a.xlsx", number).lines[0].cells["number"] == "1"


@pytest.mark.parametrize("row", range(len(ROWS)))
@pytest.mark.parametrize("place", range(len(HEADS)))
@pytest.mark.parametrize("write", [as_csv, as_xlsx], ids=["csv", "xlsx"])
@pytest.mark.parametrize("to", ["left", "right"])
def test_a_row_whose_cells_are_shifted_is_refused_with_row_and_cell(
    row: int, place: int, write: Callable[[list[list[str]]], bytes], to: str
) -> None:
    """One cell is lost, or one too many stands there, and all after it are in the wrong column (trap 16)."""
    line = ROWS[row]
    shifted = [*line[:place], *line[place + 1 :], ""] if to == "left" else [*line[:place], "", *line[place:]]
    if not any(line[place + (to == "left") :]):
        return  # nothing stood behind it: no cell is in another column
    read = read_list("list.xlsx", write([HEADS, *ROWS[:row], shifted, *ROWS[row + 1 :]]))
    assert read.faults, f"{place} {to} was taken: {shifted}"
    facts = [fault["facts"] for fault in read.faults]
    assert {fact["row"] for fact in facts} == {str(row + 2)}
    assert all(fact["cell"].endswith(str(row + 2)) for fact in facts)
    assert facts[0]["cell"] in told(read)


def test_how_much_to_record_is_no_step() -> None:
    """Two cells changed places, and the list would ask for less than it says."""
    heads = ["序号", "执法事项", "记录环节", "记录方式", "储存期限"]
    swapped = read_list("a.csv", as_csv([heads, ["1", "现场检查", "全程记录", "检查过程", "2年"]]))
    assert ("scope.mode_there", "C2") in [(one["code"], one["facts"]["cell"]) for one in swapped.faults]
    right = read_list("a.csv", as_csv([heads, ["1", "现场检查", "检查过程", "全程记录", "2年"]]))
    assert (told(right), len(right.lines)) == ("", 1)


@pytest.mark.parametrize(
    ("heads", "says"),
    [
        (["序号", "记录环节", "存放地", "记录人"], "C1"),
        (["序号", "记录环节", "记录事项", "记录人"], "C1"),
        (["甲", "乙", "丙", "丁"], "no heading row"),
        (["序号", "执法类别", "记录人", "备注"], "no heading row"),
    ],
)
def test_headings_are_checked(heads: list[str], says: str) -> None:
    read = read_list("a.csv", as_csv([heads, ["1", "现场检查", "现场检查", "执法人员"]]))
    assert says in told(read)
    assert read.lines == []


def test_every_column_has_one_meaning() -> None:
    assert sum(len(names) for names in COLUMNS.values()) == len(BY_NAME)


def test_what_is_no_table_is_refused() -> None:
    for name, content in (
        ("a.xlsx", b"PK\x03\x04nothing"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest"),
        ("a.csv", b'"a'),
    ):
        with pytest.raises(ConfigError, match=name):
            read_list(name, content)
    two = as_xlsx([HEADS, *ROWS], lambda book: book.copy_worksheet(book.active) and None)
    assert [fault["code"] for fault in read_list("a.xlsx", two).faults] == ["scope.two_tables"]
    assert [fault["code"] for fault in read_list("a.csv", as_csv([HEADS])).faults] == ["scope.empty"]


@given(st.data())
def test_a_damaged_workbook_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(WORKBOOK)
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ConfigError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of parts that it passes over
        read = read_list("a.xlsx", bytes(whole))
        assert read.lines or read.faults


def test_quoted_cells_separated_by_semicolons() -> None:
    quoted = ";".join(f'"{name}"' for name in HEADS) + "\n" + ";".join(f'"{cell}"' for cell in ROWS[0])
    assert len(read_list("a.csv", quoted.encode()).lines) == 1


def test_merged_titles_may_reach_as_far_as_a_sheet_does() -> None:
    wide = as_xlsx([["标题"], HEADS, *ROWS], lambda book: book.active.merge_cells("A1:XFD1"))
    read = read_list("a.xlsx", wide)
    assert (told(read), read.title, len(read.lines)) == ("", "标题", len(ROWS))
    long = as_xlsx([HEADS, *ROWS], lambda book: book.active.__setitem__("B2500", "x"))
    with pytest.raises(ConfigError, match="more than 2000 rows"):
        read_list("a.xlsx", long)
