"""What people write to us for the record, and what of it is not seen."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""A reason or a purpose, kept for good: as short as one likes, and never blank."""

HIDING = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Without a shape of their own: they turn or join what stands beside them."""


def storable(text: str) -> str:
    """With a mark for what no database keeps as text: NUL, and halves of characters."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def visible_character(one: str) -> str:
    """Characters that are newer than we are may be names: only what is never one is taken out."""
    is_none = unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} or ord(one) & 0xFFFE == 0xFFFE
    if one == "\n" or not (is_none or one in HIDING):
        return one
    return " " if one in "\t\r" else named_character(one)


def unseen_in(text: str) -> list[str]:
    """What would be named in a print of it, each once: `U+202E`."""
    named = {one: visible_character(one) for one in text}
    return [f"U+{ord(one):04X}" for one, shape in named.items() if shape not in {one, " "}]


def named_character(one: str) -> str:
    return f"〔U+{ord(one):04X}〕"


def as_read(name: str) -> str:
    """Two names of which this is the same are one to whoever reads them."""
    seen = (
        one for one in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(one) != "Cf"
    )
    return " ".join("".join(seen).split())
