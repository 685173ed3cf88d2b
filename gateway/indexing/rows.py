"""What one clip is found by, from its facts: a pure function of what was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.indexing import marks
from gateway.indexing.marks import mark
from gateway.indexing.terms import all_terms, told
from gateway.rules.findings import Verdict
from gateway.rules.labels import MATTER, PERSON, PLACE, TIME, lacking

LABELS = {TIME: "time", PLACE: "place", PERSON: "officer", MATTER: "matter"}
MISSING = ("case", *LABELS.values())
BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class CaseWords:
    unit: str | None
    texts: tuple[str, ...]
    """Title, parties, numbers."""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Of a link that stands."""

    case: str
    is_confirmed: bool
    verdict: str
    matter: str | None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    step: str | None = None
    """What kind of step of the case it shows, such as 现场检查."""


@dataclass(frozen=True, slots=True)
class ClipWords:
    """What is known of one clip."""

    clip_id: str
    device: str
    unit: str | None
    kind: str
    state: str
    described: str
    is_aside: bool
    officer: str | None
    place: str | None
    matter: str | None
    started_at: datetime | None
    ended_at: datetime | None
    texts: tuple[str | None, ...]
    """Names and numbers of its own: device, officer, file, case number that it declares."""
    links: tuple[LinkFacts, ...] = ()
    in_room: bool = False
    """Its recorder hung in a room or at a counter then: that is where it was recorded."""


@dataclass(frozen=True, slots=True)
class Made:
    own: str
    of_cases: list[list[str | None]]
    terms: set[str]


def made(clip: ClipWords, cases: Mapping[str, CaseWords]) -> Made:
    own = [text for text in (clip.place, clip.matter, *clip.texts) if text]
    own += [link.matter for link in clip.links if link.matter]
    linked = {link.case: with_steps(cases[link.case], clip, link.case) for link in clip.links}
    texts = [*own, *(text for case in linked.values() for text in case.texts)]
    return Made(
        own=joined(own),
        of_cases=[[case.unit, joined(case.texts)] for case in linked.values()],
        terms=all_terms(texts) | marks_of(clip, linked),
    )


def with_steps(case: CaseWords, clip: ClipWords, uid: str) -> CaseWords:
    """What is known of a case's steps is its unit's, as its title is."""
    steps = (link.step for link in clip.links if link.case == uid and link.step)
    return CaseWords(case.unit, (*case.texts, *steps))


def joined(texts: Iterable[str]) -> str:
    return BETWEEN.join(dict.fromkeys(told(text) for text in texts))


def marks_of(clip: ClipWords, linked: Mapping[str, CaseWords]) -> set[str]:
    found = {
        mark("device", clip.device), mark("kind", clip.kind), mark("state", clip.state),
        mark("described", clip.described), mark("linked", "yes" if clip.links else "no"),
        mark("aside", "yes" if clip.is_aside else "no"),
    }  # fmt: skip
    found |= {mark("officer", clip.officer)} if clip.officer else set()
    found |= {mark("case", case) for case in linked}
    found |= {mark("missing", label) for label in missing(clip)}
    # whose it is, as `visible` has it: its device's unit, and of each case that a person confirmed
    confirmed = {link.case for link in clip.links if link.is_confirmed}
    units = {clip.unit, *(linked[case].unit for case in confirmed)} - {None}
    found |= {mark("unit", str(unit)) for unit in units}
    return found | marks.days(clip.started_at, clip.ended_at)


def missing(clip: ClipWords) -> list[str]:
    """Labels that it lacks (R-01): as its links say, where it has any that bear it; otherwise its own."""
    if not clip.links:
        place = clip.place or clip.in_room
        lacks = lacking(time=clip.started_at, place=place, person=clip.officer, matter=clip.matter)
        return ["case", *(LABELS[label] for label in lacks)]
    borne = [link for link in clip.links if link.verdict != Verdict.REJECTED]
    said = {label for link in borne for label in said_missing(link.reasons)}
    return [name for label, name in LABELS.items() if label in said]


def said_missing(reasons: Iterable[Mapping[str, Any]]) -> set[str]:
    told_of = [one["facts"]["labels"] for one in reasons if one.get("code") == "labels.missing"]
    return {label for labels in told_of for label in labels.split("、")}
