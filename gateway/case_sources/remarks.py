"""What is odd in case records that were taken all the same: said to whoever brought them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlmodel import Session

from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.numbers import shared_with
from gateway.case_sources.parts import unknown_officers
from gateway.case_sources.rules import CaseRules


def remarks(session: Session, file: Path, given: Sequence[CaseIn], rules: CaseRules) -> Iterator[str]:
    yield from of_forms(session, file, given, rules)
    yield from of_shared_numbers(session, given)
    yield from of_officers(session, given)


def of_forms(session: Session, file: Path, given: Sequence[CaseIn], rules: CaseRules) -> Iterator[str]:
    """Papers that are none of the provincial forms: misspelt, or another set's; they are kept."""
    for case in given:
        for paper, place in zip(case.documents, case.papers_at, strict=True):
            if not rules.is_form(session, case.unit, paper.type):
                yield f"{file}: {place}: {paper.type!r} is none of the forms (forms.documents); kept"


def of_shared_numbers(session: Session, given: Sequence[CaseIn]) -> Iterator[str]:
    """Two cases may have one number; mostly one of them is mistyped."""
    told: set[frozenset[str]] = set()
    for case in given:
        for number, other in shared_with(session, case.uid):
            if (pair := frozenset({number, case.uid, other})) not in told:
                yield f"number {number}: of case {case.uid} and of case {other}; kept"
            told.add(pair)


def of_officers(session: Session, given: Sequence[CaseIn]) -> Iterator[str]:
    """Each once, with the first case that names him."""
    told = {ref: case.uid for case in reversed(given) for ref in unknown_officers(session, case)}
    for ref, uid in sorted(told.items()):
        yield f"officer {ref} of case {uid} is in no register: misspelt? kept; links nothing until entered"
