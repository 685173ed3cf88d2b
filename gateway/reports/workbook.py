"""Writes a paper as XLSX: numbers as numbers, print-ready on A4, equal bytes for equal content."""

import io
import re
import zipfile
from collections.abc import Sequence
from itertools import accumulate

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from gateway.reports.paper import Cell, Column, Fields, Paper, Prose, Section, Share, Table, is_formula, shown

FACE = "宋体"
"""On every Chinese office PC; others put their own in its place."""
INK, PALE, LINE = "1F2D3D", "EEF2F6", "B8C2CC"
THIN, RULE = Side(style="hair", color=LINE), Side(style="thin", color=LINE)
WIDEST = 60
LINE_HEIGHT = 14
"""A spreadsheet fits no row to merged cells by itself."""
MOMENT = (1980, 1, 1, 0, 0, 0)
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(<)")


def workbook(paper: Paper) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    cover = Section(paper.title, "封面", [paper.head])
    for section in (cover, *paper.sections):
        write_section(book.create_sheet(section.sheet), section, paper)
    book.properties.creator = "evidence-gateway"
    book.properties.title = paper.title
    book.properties.created = paper.as_of.replace(tzinfo=None, microsecond=0)
    packed = io.BytesIO()
    book.save(packed)
    return settled(packed.getvalue(), paper)


def settled(packed: bytes, paper: Paper) -> bytes:
    """The same file without the moment at which it was written: it says when what it tells of was so."""
    told = paper.as_of.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = MODIFIED.sub(rb"\g<1>" + told + rb"\g<2>", content)
            target.writestr(zipfile.ZipInfo(name, MOMENT), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write_section(sheet: Worksheet, section: Section, paper: Paper) -> None:
    columns = max((wide(block) for block in section.blocks), default=1)
    set_widths(sheet, section)
    row = heading(sheet, 1, section.title, columns, 14)
    if section.sheet == "封面":
        row = heading(sheet, row, paper.subtitle, columns, 11)
    first_table = None
    for block in section.blocks:
        if block.title:
            row = heading(sheet, row, block.title, columns, 11)
        match block:
            case Table():
                first_table = first_table or row
                row = write_table(sheet, row, block, columns)
            case Fields():
                row = write_fields(sheet, row, block)
            case Prose():
                row = write_prose(sheet, row, block, columns)
        row += 1
    set_up_page(sheet, paper, first_table, alone=sum(isinstance(one, Table) for one in section.blocks) == 1)


def wide(block: Table | Fields | Prose) -> int:
    return len(block.columns) if isinstance(block, Table) else 2 if isinstance(block, Fields) else 1


def heading(sheet: Worksheet, row: int, text: str, columns: int, size: int) -> int:
    cell = put(sheet, row, 1, text)
    cell.font = Font(name=FACE, size=size, bold=True, color=INK)
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    if columns > 1:
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
    sheet.row_dimensions[row].height = size * 2.1
    return row + 1


def write_table(sheet: Worksheet, row: int, table: Table, columns: int) -> int:
    for place, column in enumerate(table.columns, 1):
        cell = put(sheet, row, place, column.title)
        cell.font = Font(name=FACE, size=10, bold=True, color=INK)
        cell.fill = PatternFill("solid", fgColor=PALE)
        cell.alignment = Alignment(horizontal=column.align, vertical="center", wrap_text=True)
        cell.border = Border(top=RULE, bottom=RULE)
    nothing = ("无", *([None] * (len(table.columns) - 1)))
    ends = set(accumulate(table.runs)) if table.grouped else set()
    for count, line in enumerate(table.rows or [nothing], 1):
        row += 1
        write_line(sheet, row, line, table.columns, RULE if count in ends else THIN)
    row += 1
    return note(sheet, row, table.note, columns) if table.note else row


def write_line(
    sheet: Worksheet, row: int, line: Sequence[Cell], columns: Sequence[Column], below: Side
) -> None:
    for place, (value, column) in enumerate(zip(line, columns, strict=True), 1):
        cell = put(sheet, row, place, value)
        cell.font = Font(name=FACE, size=10)
        cell.alignment = Alignment(horizontal=column.align, vertical="top", wrap_text=True)
        cell.border = Border(bottom=below)


def write_fields(sheet: Worksheet, row: int, fields: Fields) -> int:
    for name, value in fields.pairs:
        left, right = put(sheet, row, 1, name), put(sheet, row, 2, value)
        left.font, right.font = Font(name=FACE, size=10, color="5B6B7B"), Font(name=FACE, size=10)
        for cell in (left, right):
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            cell.border = Border(bottom=THIN)
        if fields.is_blank:
            sheet.row_dimensions[row].height = 30
        row += 1
    return row


def write_prose(sheet: Worksheet, row: int, prose: Prose, columns: int) -> int:
    for line in prose.lines:
        row = note(sheet, row, line, columns)
    return row


def note(sheet: Worksheet, row: int, text: str, columns: int) -> int:
    cell = put(sheet, row, 1, text)
    cell.font = Font(name=FACE, size=10)
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    if columns > 1:
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
    room = sum(sheet.column_dimensions[get_column_letter(place)].width for place in range(1, columns + 1))
    sheet.row_dimensions[row].height = LINE_HEIGHT * (1 + int(len(text) * 2 / room))
    return row + 1


def put(sheet: Worksheet, row: int, place: int, value: Cell) -> SheetCell:
    """A text stays a text, whatever it begins with: a name such as `=HYPERLINK(…)` is no formula."""
    cell = sheet.cell(row, place)
    assert isinstance(cell, SheetCell)
    match value:
        case Share():
            cell.value, cell.number_format = value.value, "0.00%"
        case "":
            pass  # an empty text would be a cell of no type
        case str():
            cell.value = shown(value)
            cell.data_type = "s"
            cell.quotePrefix = is_formula(value)
        case _:
            cell.value = value
    return cell


def set_widths(sheet: Worksheet, section: Section) -> None:
    widths: dict[int, int] = {}
    for block in section.blocks:
        asked = [column.width for column in block.columns] if isinstance(block, Table) else []
        asked = [10, 30] if isinstance(block, Fields) else asked
        for place, width in enumerate(asked, 1):
            widths[place] = max(widths.get(place, 0), width)
    for place, width in widths.items():
        sheet.column_dimensions[get_column_letter(place)].width = min(WIDEST, 2 * width + 2)
    if not widths:
        sheet.column_dimensions["A"].width = WIDEST


def set_up_page(sheet: Worksheet, paper: Paper, first_table: int | None, *, alone: bool) -> None:
    setup = sheet.page_setup
    setup.paperSize, setup.orientation = 9, "landscape"  # A4
    setup.fitToWidth, setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    footer = sheet.oddFooter
    assert footer is not None
    footer.left.text = paper.footer.replace("&", "&&")[:200]
    footer.right.text = "第 &P 页，共 &N 页"
    if first_table and alone:
        sheet.freeze_panes = f"A{first_table + 1}"
        sheet.print_title_rows = f"{first_table}:{first_table}"
