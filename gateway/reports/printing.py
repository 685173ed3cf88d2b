"""Writes a paper as PDF/A-2u with its Chinese font embedded, equal bytes for equal content (adr 0014)."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

try:
    import typst
except ImportError:  # there is no wheel for this machine
    typst = None  # type: ignore[assignment]

from gateway.device import Refused
from gateway.reports.paper import (
    Block,
    Cell,
    Fields,
    Paper,
    Prose,
    Share,
    Table,
    as_percent,
    shown,
)
from gateway.texts import named_character

FORM = Path(__file__).with_name("form.typ")
FACE = "Noto Sans CJK SC"
PACKAGE = "fonts-noto-cjk"
UNKNOWN = re.compile(r'the text `"(.+)"` could not be displayed', re.DOTALL)
ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
STRANGE = 200
"""So many characters that the font does not have are named; a text with more is no Chinese."""


def pdf(paper: Paper, fonts: "typst.Fonts | None" = None) -> bytes:
    """Raises Refused where the library or the font is not installed; `fonts`: the system's by default."""
    if typst is None:
        raise Refused("paper.no_typesetter")
    fonts = fonts or typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    if FACE not in fonts.families():
        raise Refused("paper.no_font", font=FACE, package=PACKAGE)
    written = json.dumps(told(paper), ensure_ascii=False)
    form = FORM.read_bytes()
    for _ in range(STRANGE):
        try:
            made = typst.compile(
                form, sys_inputs={"paper": written}, font_paths=fonts, pdf_standards="a-2u",
                timestamp=int(paper.as_of.timestamp()),
            )  # fmt: skip
        except typst.TypstError as error:
            written = without(written, error)
        else:
            assert isinstance(made, bytes)
            return made
    raise Refused("paper.not_printable")


def without(written: str, error: "typst.TypstError") -> str:
    """The text with the character named that no glyph is there for: `〔U+323AF〕`, not an empty box."""
    found = UNKNOWN.search(str(error))
    if found is None:
        raise error
    strange = ESCAPED.sub(lambda code: chr(int(code[1], 16)), found[1])
    for one in strange:
        written = written.replace(one, named_character(one))
    return written


def told(paper: Paper) -> dict[str, Any]:
    made = paper.as_of
    return {
        "title": shown(paper.title),
        "subtitle": shown(paper.subtitle),
        "head": told_block(paper.head),
        "footer": shown(paper.footer),
        "landscape": paper.landscape,
        "made": {"year": made.year, "month": made.month, "day": made.day},
        "sections": [
            {
                "title": shown(section.title),
                "new_page": section.new_page,
                "blocks": [told_block(block) for block in section.blocks],
            }
            for section in paper.sections
            if not section.is_detail
        ],
    }


def told_block(block: Block) -> Mapping[str, Any]:
    match block:
        case Fields():
            pairs = [[shown(name), shown(value)] for name, value in block.pairs]
            return {"kind": "fields", "title": shown(block.title), "pairs": pairs, "is_blank": block.is_blank}
        case Prose():
            return {
                "kind": "prose",
                "title": shown(block.title),
                "lines": [shown(one) for one in block.lines],
            }
        case Table():
            columns = [
                {"title": shown(one.title), "width": one.width, "align": one.align} for one in block.columns
            ]
            return {
                "kind": "table", "title": shown(block.title), "note": shown(block.note),
                "runs": block.runs, "columns": columns,
                "rows": [[told_cell(cell) for cell in row] for row in block.rows],
            }  # fmt: skip


def told_cell(cell: Cell) -> str:
    match cell:
        case None:
            return "—"
        case Share():
            return as_percent(cell)
    return shown(str(cell))
