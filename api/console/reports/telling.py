"""A figure and what stands behind it, as templates tell them."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request
from sqlmodel import Session

from api.console.pages import reader_of
from api.console.terms import in_words, terms
from gateway.models import Unit
from gateway.reports import Figure, Side
from gateway.reports.figures import COUNTS, Part
from gateway.reports.naming import Named, key_word
from gateway.roster import names_of
from gateway.wording import reason, sentence
from gateway.wording.console import word
from gateway.wording.reports import BREAKDOWNS, FIGURES, KINDS
from gateway.wording.values import place_words, value_words

PATHS: dict[str, Callable[[str, str], str]] = {
    "clip": lambda ref, _: f"/clips/{ref}",
    "case": lambda ref, step: f"/cases/{ref}" + (f"?step={step}#step-{step}" if step else ""),
    "device": lambda ref, part: f"/devices/{ref}" + (f"?part={part}#history" if part else ""),
    "unit": lambda ref, _: f"/equipment/sheet?unit={ref}",
}
SIDES = tuple(Side)
TOLD = ("name", "numerator", "denominator", "basis")
VALUE = re.compile(
    r"(?P<edition>\S+) (?P<place>\S+) = (?P<value>.*?) \((?P<source>.*); (?:read|not verified)\)", re.DOTALL
)
One = TypeVar("One")


def page_of(one: Named | None) -> str:
    if one is None or one.page not in PATHS:
        return ""
    return PATHS[one.page](quote(one.ref, safe=""), quote(one.part, safe=""))


def tools(request: Request) -> dict[str, Any]:
    language = reader_of(request).language
    place = 0 if language == "zh" else 1
    return terms(request) | {
        "figure_words": lambda code: {name: getattr(FIGURES[code], name)[place] for name in TOLD},
        "because": lambda code: sentence(reason(code), language),
        "kind_word": lambda kind: KINDS[kind][place] if kind in KINDS else kind,
        "breakdown_word": lambda by: BREAKDOWNS[by][place] if by in BREAKDOWNS else by,
        "is_count": lambda code: code in COUNTS,
        "page_of": page_of,
        "sources_of": partial(sources_of, language=language),
        "null_why": partial(null_why, language=language),
    }


def sources_of(figure: Figure, language: str) -> list[str]:
    """Values of rule packs that it rests on, each with what it cites."""
    return [
        source if language == "en" else cited_value(source, in_words(language)) for source in figure.sources
    ]


def cited_value(source: str, told: Callable[[str], str]) -> str:
    """As `gateway.reports.basis` writes it: edition, place, value, and its source in brackets."""
    found = VALUE.fullmatch(source)
    if found is None:
        return told(source)
    ours = [word("zh", "administration.ours")] if found["source"].startswith("ours") else []
    by = "；".join([*ours, *filter(None, [told(found["source"])])])
    value = None if found["value"] == "None" else found["value"].removesuffix(".0").split(", ")
    return f"{found['edition']} {place_words(found['place'])}：{value_words(value)}（{by}）"


def null_why(figure: Figure, language: str) -> str:
    """A figure that has no rate says why: neither 0 nor 100 %."""
    if not figure.told:
        return sentence(
            reason(figure.notes[-1] if figure.notes else "figure.no_approval_on_record"), language
        )
    left_out = sum(figure.excluded.values())
    code = "reports.all_left_out" if left_out else "reports.nothing_to_count"
    return word("en" if language == "en" else "zh", code, count=left_out)


def key_names(
    session: Session, request: Request, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Of lines of breakdowns."""
    found = set(keys)
    language = reader_of(request).language
    units = names_of(session, Unit, {key for by, key in found if by == "unit"})
    return {(by, key): key_word(by, key, units, language) for by, key in found}


def breakdowns(figure: Figure) -> dict[str, Sequence[Part]]:
    """In the order in which they are told; those of one line say nothing that the figure does not."""
    found = {by: [one for one in figure.parts if one.by == by] for by in BREAKDOWNS}
    return {by: parts for by, parts in found.items() if parts}


def cut(found: Sequence[One], start: int, rows: int) -> tuple[Sequence[One], int | None]:
    return found[start : start + rows], start + rows if len(found) > start + rows else None
