"""A unit's 音像记录事项清单 from CSV or XLSX: each cell in its column, or nothing of it is taken."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.case_sources.files import decoded
from gateway.config import ConfigError
from gateway.scope.columns import (
    ABOUT,
    COLUMNS,
    FILLED_DOWN,
    column_of,
    fits,
    is_mode,
    is_strict,
    may_be_either,
    surely,
    surely_of,
)
from gateway.wording import Reason, reason

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

# openpyxl is imported where a workbook is read: the board, and with it the daemon, only ask what was read

Grid = list[list[str]]
LARGEST_UNPACKED = 64 << 20
ROWS = 2000
WIDEST = 256
ABOVE = 20
"""Title lines before the headings."""
LEAST = 3
"""Headings that make a row the heading row."""
BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, SyntaxError, ValueError, TypeError,
    LookupError, AttributeError,
)  # fmt: skip
"""What unzipping and openpyxl raise for a damaged workbook, or one packed as Python cannot unpack."""
FOOT = re.compile(r"(注|备注|说明|填表|制表|审核|填报|联系|单位)[^、]*[:：]?.*")
HEADING = re.compile(r"[(（]?[一二三四五六七八九十]+[)）、.．].*")
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Line:
    row: int
    cells: dict[str, str]


@dataclass(slots=True)
class ListRead:
    title: str = ""
    lines: list[Line] = field(default_factory=list)
    faults: list[Reason] = field(default_factory=list)
    """Each with its row and cell; while there is one, nothing of the list may be used."""


def read_list(name: str, content: bytes) -> ListRead:
    """Raises ConfigError for what is no table at all; what is wrong in a table are its faults."""
    grids = grids_of(name, content)
    found = [(grid, at) for grid in grids if (at := heading_row(grid)) is not None]
    if not found:
        known = "、".join(names[0] for names in COLUMNS.values())
        return ListRead(faults=[reason("scope.no_headings", file=name, known=known)])
    if len(found) > 1:
        return ListRead(faults=[reason("scope.two_tables", file=name)])
    return read_grid(*found[0])


def grids_of(name: str, content: bytes) -> list[Grid]:
    if content.startswith(b"PK"):
        return workbook_grids(name, content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ConfigError(f"{name}: an old .xls file; save it as .xlsx 请另存为 .xlsx")
    return [table_of(name, decoded(Path(name), content))]


def table_of(name: str, text: str) -> Grid:
    """A CSV, whatever separates its cells: that which makes a heading row of it."""
    wrong: csv.Error | None = None
    found: list[Grid] = []
    for separator in ",\t;":
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error as error:
            wrong = wrong or error
            continue
        found.append([[cell.strip() for cell in row] for row in rows])
    if not found:
        raise ConfigError(f"{name}: {wrong}; is a quotation mark missing?")
    return max(found, key=lambda grid: heading_row(grid) is not None)


def workbook_grids(name: str, content: bytes) -> list[Grid]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise ConfigError(f"{name}: unpacks to more than {LARGEST_UNPACKED >> 20} MiB")
        book = load_workbook(io.BytesIO(content), data_only=True)
    except BROKEN as error:
        raise ConfigError(f"{name}: cannot be read as a workbook ({error})") from None
    return [grid_of(sheet) for sheet in book.worksheets]


def grid_of(sheet: "Worksheet") -> Grid:
    """With the value of a merged cell in each place that it covers."""
    beyond = sheet.iter_rows(min_row=ROWS + 1, values_only=True) if sheet.max_row > ROWS else ()
    if any(written(cell) for row in beyond for cell in row):
        raise ConfigError(f"{sheet.title}: more than {ROWS} rows")
    cells = sheet.iter_rows(max_row=min(sheet.max_row, ROWS), max_col=min(sheet.max_column, WIDEST))
    grid = [[written(cell.value) for cell in row] for row in cells]
    for merged in sheet.merged_cells.ranges:
        for row in grid[merged.min_row - 1 : merged.max_row]:
            last = min(merged.max_col, len(row))
            value = grid[merged.min_row - 1][merged.min_col - 1]
            row[merged.min_col - 1 : last] = [value] * (last - merged.min_col + 1)
    return grid


def written(value: Any) -> str:
    """A cell as a person sees it."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat()
    return str(value).strip()


def heading_row(grid: Grid) -> int | None:
    for at, row in enumerate(grid[:ABOVE]):
        names = {column_of(cell) for cell in row} - {None}
        if len(names) >= LEAST and names & set(ABOUT):
            return at
    return None


def read_grid(grid: Grid, at: int) -> ListRead:
    top = grid[at]
    below = grid[at + 1] if at + 1 < len(grid) else []
    heads = [[one] for one in top]
    body = at + 1
    if two_rows(top, below):
        heads = [[one, cell_at(below, place)] for place, one in enumerate(top)]
        body += 1
    told = ListRead(title=next((cell for row in grid[:at] for cell in row if cell), ""))
    columns, told.faults = columns_of(heads, at + 1)
    if told.faults:
        return told
    for row, line in body_lines(grid, body, columns):
        faults = faults_of(row, line, columns)
        told.faults += faults
        if not faults:
            told.lines.append(Line(row, {name: cell_at(line, place) for place, name in columns.items()}))
    if not told.lines and not told.faults:
        told.faults.append(reason("scope.empty"))
    if not told.faults:
        told.lines = filled_down(told.lines)
    return told


def cell_at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def two_rows(top: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the row below the headings divides some of them: 记录时间 into 开始 and 结束."""
    divided = False
    for place, cell in enumerate(below):
        above = cell_at(top, place)
        if not cell or cell == above:
            continue
        if column_of(above) is not None or column_named([above, cell]) is None:
            return False
        divided = True
    return divided


def column_named(head: Sequence[str]) -> str | None:
    """Of a heading in one or two rows; the lower one alone is enough where it is plain."""
    top, *below = head
    if not below or not below[0] or below[0] == top:
        return column_of(top)
    return column_of(*head) or column_of(below[0]) or column_of(below[0], top)


def columns_of(heads: Sequence[Sequence[str]], row: int) -> tuple[dict[int, str], list[Reason]]:
    """Column by place; a heading that nobody knows, or that is there twice, is a fault."""
    columns: dict[int, str] = {}
    faults = []
    for place, head in enumerate(heads):
        name = column_named(head)
        shown = "/".join(dict.fromkeys(part for part in head if part))
        if not shown:
            continue
        if name is None:
            known = "、".join(names[0] for names in COLUMNS.values())
            faults.append(
                reason("scope.unknown_heading", cell=cell_name(row, place), heading=shown, known=known)
            )
        elif name in columns.values():
            faults.append(reason("scope.heading_twice", cell=cell_name(row, place), heading=shown))
        else:
            columns[place] = name
    return columns, faults


def cell_name(row: int, place: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(place + 1)}{row}"


def body_lines(grid: Grid, body: int, columns: dict[int, str]) -> Iterator[tuple[int, list[str]]]:
    """(row, cells) of the lines of the list: not of blank rows, repeated or group headings, foot notes."""
    for row, line in enumerate(grid[body:], body + 1):
        texts = {cell for cell in line if cell}
        if not texts:
            continue
        known = sum(column_of(cell) is not None for cell in texts)
        if known >= LEAST and known >= len(columns) - 1:
            continue
        [only, *more] = texts
        if not more and (line.count(only) >= LEAST or FOOT.fullmatch(only) or HEADING.fullmatch(only)):
            continue  # it is merged over the table, or reads like what stands above or below one
        yield row, line


def faults_of(row: int, line: Sequence[str], columns: dict[int, str]) -> list[Reason]:
    """What shows that a row's cells do not stand in their columns; one odd word alone does not."""
    here = frozenset(columns.values())
    sure: list[Reason] = []
    odd: list[Reason] = []
    for place, text in enumerate(line):
        if not text:
            continue
        name = columns.get(place)
        if name is None:
            sure.append(reason("scope.beyond", row=row, cell=cell_name(row, place), text=text[:SHOWN]))
            continue
        if name in ABOUT and is_mode(text):
            sure.append(
                reason(
                    "scope.mode_there",
                    row=row,
                    cell=cell_name(row, place),
                    heading=COLUMNS[name][0],
                    text=text,
                )
            )
            continue
        other = None if surely(name, text) else surely_of(text, here - {name})
        if fits(name, text) and (other is None or may_be_either(name)):
            continue
        fault = reason(
            "scope.looks_like" if other else "scope.does_not_fit", row=row, cell=cell_name(row, place),
            heading=COLUMNS[name][0], text=text[:SHOWN], **({"other": COLUMNS[other][0]} if other else {}),
        )  # fmt: skip
        (sure if other or is_strict(name) else odd).append(fault)
    if not any(cell_at(line, place) for place, name in columns.items() if name in ABOUT):
        first = next(place for place, name in columns.items() if name in ABOUT)
        sure.append(reason("scope.nothing_named", row=row, cell=cell_name(row, first)))
    return [*sure, *odd] if sure or len(odd) > 1 else []


def filled_down(lines: list[Line]) -> list[Line]:
    """In a CSV what was merged stands in the first line only."""
    last: dict[str, str] = {}
    found = []
    for line in lines:
        cells = {
            name: text or (last.get(name, "") if name in FILLED_DOWN else "")
            for name, text in line.cells.items()
        }
        last = cells
        found.append(Line(line.row, cells))
    return found
