"""What the console's pages say: a line for each, Chinese and English side by side; a module for each part."""

from typing import Literal

from gateway.wording.console import (
    administration,
    board,
    cases,
    clip,
    clips,
    docks,
    equipment,
    equipment_sheet,
    holds,
    kiosk,
    oidc,
    reports,
    retrieval,
    samples,
    site,
    wall,
    work,
)

PARTS = (
    site,
    oidc,
    docks,
    kiosk,
    clips,
    work,
    retrieval,
    samples,
    wall,
    administration,
    board,
    equipment,
    equipment_sheet,
    reports,
    clip,
    cases,
    holds,
)
WORDS: dict[str, tuple[str, str]] = {code: told for part in PARTS for code, told in part.WORDS.items()}


def word(language: Literal["zh", "en"], code: str, /, **facts: object) -> str:
    """Raises KeyError for a code without words, and for words whose facts are missing."""
    return WORDS[code][0 if language == "zh" else 1].format_map(facts)
