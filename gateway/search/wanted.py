"""What somebody looks for, and the terms that every clip has of which all of it is true."""

from dataclasses import dataclass
from datetime import datetime

from gateway.indexing import marks
from gateway.indexing.marks import mark
from gateway.indexing.rows import MISSING
from gateway.indexing.terms import Term, asked, told, words_of
from gateway.visibility import Viewer

__all__ = ["MISSING", "Question", "Wanted", "question"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is given must hold."""

    text: str = ""
    """Words; each is found in place, matter, case number, title, party, step, officer, device or file."""
    device: str | None = None
    officer: str | None = None
    case: str | None = None
    place: str = ""
    captured_after: datetime | None = None
    captured_before: datetime | None = None
    kind: str | None = None
    state: str | None = None
    described: str | None = None
    unlinked: bool | None = None
    quarantined: bool | None = None
    missing: tuple[str, ...] = ()
    """Labels (`MISSING`) all of which it lacks."""


@dataclass(frozen=True, slots=True)
class Question:
    """One of each of these terms has every clip that is looked for; a few others may have them, too."""

    terms: tuple[tuple[Term, ...], ...]
    words: tuple[str, ...]
    """As they are compared: each must be found."""
    place: tuple[str, ...]
    units: frozenset[str] | None
    """Only by words of cases of these."""

    def also(self, terms: list[str]) -> "Question":
        return Question((*self.terms, tuple(map(Term, terms))), self.words, self.place, self.units)

    def answered_by(self, own: str, of_cases: list[list[str | None]]) -> bool:
        units = self.units
        texts = [own, *(str(text) for unit, text in of_cases if units is None or unit in units)]
        return all(any(word in text for text in texts) for word in self.words)


def question(wanted: Wanted, viewer: Viewer) -> Question:
    words, place = words_of(wanted.text), words_of(wanted.place)
    needed: list[tuple[Term, ...]] = [
        (term,) for part in (wanted.text, wanted.place) for word in part.split() for term in asked(word)
    ]
    needed += [(Term(one),) for one in marks_of(wanted)]
    if wanted.captured_after or wanted.captured_before:
        span = marks.span(wanted.captured_after, wanted.captured_before)
        needed.append(tuple(map(Term, span)))
    if viewer.units is not None:
        needed.append(tuple(Term(mark("unit", unit)) for unit in sorted(viewer.units)))
    return Question(tuple(dict.fromkeys(needed)), tuple(words), tuple(place), viewer.units)


def marks_of(wanted: Wanted) -> list[str]:
    given = {
        name: getattr(wanted, name) for name in ("device", "officer", "case", "kind", "state", "described")
    }  # fmt: skip
    if wanted.unlinked is not None:
        given["linked"] = "no" if wanted.unlinked else "yes"
    if wanted.quarantined is not None:
        given["aside"] = "yes" if wanted.quarantined else "no"
    found = [mark(kind, value) for kind, value in given.items() if value is not None]
    return found + [mark("missing", label) for label in wanted.missing]


def is_at(place: str | None, words: tuple[str, ...]) -> bool:
    return not words or all(word in told(place or "") for word in words)
