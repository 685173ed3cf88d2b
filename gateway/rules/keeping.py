"""What a cell of 储存期限 in a unit's item list says: so many months, for ever, or nothing of its own."""

import re
import unicodedata
from dataclasses import dataclass

NUMERALS = ("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九")
DIGITS = {name: value for value, names in enumerate(NUMERALS) for name in names}
SPAN = re.compile(r"(\d+|[零〇一二两三四五六七八九十]+|半)\s*个?\s*(年半|年|月|周|星期|天|日)")
FOR_EVER = ("永久", "长期")
"""长期 names no figure: what is not known never shortens."""
SHORTEST_MONTH = 28


@dataclass(frozen=True, slots=True)
class Kept:
    months: int | None
    """None: for ever."""


def kept(cell: str) -> Kept | None:
    """The longest span that a cell names; None where it names none, as 同案卷 and 按规定 do."""
    text = unicodedata.normalize("NFKC", cell)
    if any(word in text for word in FOR_EVER):
        return Kept(None)
    spans = [months(number, unit) for number, unit in SPAN.findall(text)]
    return Kept(max(spans)) if spans and max(spans) > 0 else None


def months(number: str, unit: str) -> int:
    """Days become the months that are never shorter."""
    if number == "半":
        return 6 if unit.startswith("年") else 1
    count = numeral(number)
    match unit:
        case "年":
            return 12 * count
        case "年半":
            return 12 * count + 6
        case "月":
            return count
        case _:
            days = count * (7 if unit in ("周", "星期") else 1)
            return -(-days // SHORTEST_MONTH)


def numeral(text: str) -> int:
    """二十五, 十, 三 or 25; of more than tens, no list was seen."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(DIGITS[one]) for one in ones))
    return 10 * (DIGITS[tens[-1]] if tens and tens[-1] in DIGITS else 1) + (DIGITS[ones[-1]] if ones else 0)
