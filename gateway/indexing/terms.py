"""What a text is found by: pairs of neighbouring characters, whole numbers and words of letters.

Chinese is written without spaces and its usual word has two characters: every pair of neighbours is a term,
so that any part of a text finds it. Numbers and words of letters are found from their beginning on: `27`
finds 27号 and 2711, not 127. Brackets, dots and spaces do not count: 罚(2024)27号 is 罚〔2024〕27号.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

MARK = "\x1f"
"""Stands before each number and each word of letters."""
LONGEST_RUN = 64
FIELD = 500
"""So much of one field is found."""
KEPT = 4096
"""Places and cases of one clip are mostly those of the one before."""
WORDS = 12
"""More words than that nobody types."""


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    is_beginning: bool = False
    """Any term that begins with it will do."""


APART, RUN = re.compile(r"[\W_]+"), re.compile(r"[0-9]+|[a-z]+")
PIECE = re.compile(r"[0-9]+|[a-z]+|[^\x1f]")
RUNS = re.compile(r"[\x1f0-9a-z]+")


@lru_cache(KEPT)
def told(text: str) -> str:
    """As it is compared: a word is found in a text if it, so written, is a part of that, so written."""
    plain = unicodedata.normalize("NFKC", text[:FIELD]).casefold()
    return RUN.sub(MARK + r"\g<0>", APART.sub(" ", plain)).replace(" ", "")


@lru_cache(KEPT)
def terms_of(text: str) -> frozenset[str]:
    """All terms by which a text is found."""
    written = told(text)
    found = [run[:LONGEST_RUN] for run in RUN.findall(written)]
    for part in filter(None, RUNS.split(written)):
        found += map("".join, pairwise(part))
        found.append(part[-1])
    return frozenset(found)


def asked(word: str) -> list[Term]:
    """Terms that every text has in which the word is found; others may have them, too."""
    parts = PIECE.findall(told(word))
    found = []
    for place, part in enumerate(parts):
        following = parts[place + 1] if place + 1 < len(parts) else None
        if RUN.match(part) or following is None or RUN.match(following):
            is_whole = following is not None
            # a last character alone begins so many terms that asking for them costs more than looking
            if is_whole or RUN.match(part) or place == 0:
                found.append(Term(part[:LONGEST_RUN], is_beginning=not is_whole))
        else:
            found.append(Term(part + following))
    return list(dict.fromkeys(found))


def words_of(text: str) -> list[str]:
    """What somebody typed, as words of which each must be found; each as it is compared."""
    return [word for word in dict.fromkeys(told(part) for part in text.split()[:WORDS]) if word]


def all_terms(texts: Iterable[str]) -> set[str]:
    return set().union(*map(terms_of, texts))
