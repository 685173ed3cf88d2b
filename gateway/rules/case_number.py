"""Case and document numbers: normalise, recognise, compare (regulations 6.2)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

YEAR = re.compile(r"[\[〔(【〖](20\d{2})[\]〕)】〗]")
DASHES = re.compile(r"[—–−]")
Kinds = tuple[str, ...]
"""The words between a number's organ and its year, as they are written: `处罚`, `责改`."""

PENALTIES = (
    ("", "不予", "当场", "当"),
    ("处罚", "罚"),
    ("", "决定", "决", "先告", "听告", "告", "听", "催", "缓", "执", "立案", "立"),
)
OTHERS = (
    "责改", "责令", "立案", "立", "查", "查扣", "查(扣)", "查(扣)扣", "查封", "扣押", "封", "扣", "强制",
    "强措", "强", "先登", "登存", "询通", "询", "检", "移送", "移", "结", "不立", "不罚", "解封", "解",
)  # fmt: skip
SEEN: Kinds = (*("".join(parts) for parts in product(*PENALTIES)), *OTHERS)
"""Those that the digest lists; a unit's rule pack may say others (`forms.number_kinds`)."""


@dataclass(frozen=True, slots=True)
class CaseNumber:
    org: str
    kind: str
    year: int
    serial: str

    @property
    def serial_int(self) -> int:
        return int(self.serial.rsplit("-", 1)[-1])

    @property
    def key(self) -> tuple[str, str, int, str, int]:
        """Equal for two spellings of one number; never year and serial alone.

        The sub-unit before a dash (`03-003`) belongs to it: two sub-units count separately.
        """
        sub_unit = self.serial.rsplit("-", 1)[0] if "-" in self.serial else ""
        return (self.org, self.kind, self.year, sub_unit, self.serial_int)


@cache
def pattern(kinds: Kinds) -> re.Pattern[str]:
    kind = "|".join(re.escape(word) for word in sorted(kinds, key=len, reverse=True))
    return re.compile(
        rf"(?P<org>[\u4e00-\u9fff]{{1,12}}?)(?P<kind>{kind})(?P<zi>字)?"
        r"〔(?P<year>20\d{2})〕第?(?P<serial>(?:\d{1,3}-)?\d{1,6})号"
    )


@lru_cache(4096)
def normalise(written: str) -> str:
    """One spelling: full-width forms and dashes folded, spaces gone, the year in 〔〕."""
    folded = written
    for _ in range(2):  # a space that goes may join what NFKC had taken apart
        folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", folded))
    return YEAR.sub(r"〔\1〕", DASHES.sub("-", folded))


def parse(written: str, kinds: Kinds = SEEN) -> CaseNumber | None:
    """The parts of a case document's number; None for anything else, policy papers included."""
    match = pattern(kinds).fullmatch(normalise(written))
    return match and CaseNumber(match["org"], match["kind"], int(match["year"]), match["serial"])


def find(text: str, kinds: Kinds = SEEN) -> str | None:
    """The first case number inside a longer text such as a file name, normalised."""
    match = pattern(kinds).search(normalise(text))
    return match and match.group(0)


def key_text(written: str, kinds: Kinds = SEEN) -> str | None:
    """The parts of a number as one text that two spellings share; None for an opaque number."""
    number = parse(written, kinds)
    return None if number is None else "|".join(str(part) for part in number.key)


def readings(written: str, every: Iterable[Kinds]) -> tuple[str, ...]:
    """A number's parts as each unit's list of words gives them: whose number it is, it does not say."""
    return tuple(dict.fromkeys(key for kinds in every if (key := key_text(written, kinds)) is not None))


def key(written: str, every: Iterable[Kinds]) -> str:
    """What a number is found by: its parts by the first list of words that fits, else its spelling."""
    return next(iter(readings(written, every)), normalise(written))


def same(one: str, other: str, kinds: Kinds = SEEN) -> bool:
    """Whether two numbers name the same document: by spelling, or by all their parts."""
    if normalise(one) == normalise(other):
        return True
    left, right = key_text(one, kinds), key_text(other, kinds)
    return left is not None and left == right
