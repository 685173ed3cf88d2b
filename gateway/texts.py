"""What people write to us for the record."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""A reason or a purpose, kept for good: as short as one likes, and never blank."""


def storable(text: str) -> str:
    """With a mark for what no database keeps as text: NUL, and halves of characters."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def has_unseen(name: str) -> bool:
    """Signs that nobody sees, or that turn what stands beside them (U+202E); spaces are none."""
    return any(
        unicodedata.category(one)[0] == "C" or unicodedata.category(one) in {"Zl", "Zp"} for one in name
    )


def as_read(name: str) -> str:
    """Two names of which this is the same are one to whoever reads them."""
    seen = (
        one for one in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(one) != "Cf"
    )
    return " ".join("".join(seen).split())
