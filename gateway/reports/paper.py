"""What a report says, before it becomes a file: the same content is written as XLSX and as PDF."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby

from gateway.custody import canonical
from gateway.texts import visible_character

LONGEST = 2000
"""Characters of one cell: what people wrote is quoted, not reprinted."""


@dataclass(frozen=True, slots=True)
class Share:
    """A rate, 0.975: shown in per cent."""

    value: float


Cell = str | int | Share | None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    """In Chinese characters."""
    align: str = "left"
    """left, right, center."""


def number(title: str, width: int = 6) -> Column:
    return Column(title, width, "right")


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""
    """Below it, such as: there are more."""
    grouped: bool = False
    """Rows that begin with the same cell belong together."""

    @property
    def runs(self) -> list[int]:
        """How many rows belong to each group, in order."""
        firsts = [row[0] for row in self.rows] if self.grouped else list(range(len(self.rows)))
        return [len(list(same)) for _, same in groupby(firsts)]


@dataclass(frozen=True, slots=True)
class Fields:
    """Names with what stands behind them; empty ones are for a pen."""

    pairs: Sequence[tuple[str, str]]
    title: str = ""
    is_blank: bool = False
    """To be filled in by hand: with room for it."""


@dataclass(frozen=True, slots=True)
class Prose:
    lines: Sequence[str]
    title: str = ""


Block = Table | Fields | Prose


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the PDF, a sheet of the workbook."""

    title: str
    sheet: str
    """Name of the sheet: short, each once."""
    blocks: Sequence[Block]
    is_detail: bool = False
    """In the workbook only."""
    new_page: bool = False


@dataclass(frozen=True)
class Paper:
    title: str
    subtitle: str
    head: Fields
    sections: Sequence[Section]
    as_of: datetime
    footer: str
    landscape: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    """What the reader of a digest needs besides: kind of report, version of its form."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it says, whatever file it becomes."""
        return hashlib.sha256(canonical(asdict(self)).encode()).hexdigest()


def shown(text: str) -> str:
    """A text as it can be printed: what has no shape is named, what is too long is cut and says so."""
    clean = "".join(map(visible_character, text))
    return clean if len(clean) <= LONGEST else clean[:LONGEST] + "……（其余从略）"


FORMULA = frozenset("=+-@＝＋－＠﹦﹢﹣﹫−")
"""What office programs take for the beginning of a formula; input methods write the wide ones."""


def is_formula(text: str) -> bool:
    """Whether an office program would reckon with it: blanks before it count for nothing.

    What begins with a tab or a new line is not trusted either.
    """
    return text.lstrip()[:1] in FORMULA or text[:1] in {"\t", "\r", "\n"}


def as_percent(share: Share) -> str:
    """To two digits, as the workbook shows it."""
    return f"{share.value:.2%}"
