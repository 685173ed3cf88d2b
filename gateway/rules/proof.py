"""What a link may prove (证明对象), by its step and the paper on it; a person confirms (LK-13)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paper:
    """A document (文书) of a case, and what the steps that its form records go to prove."""

    document_id: str
    norm: str | None
    """Its own number, in one spelling."""
    proves: tuple[str, ...] = ()


def paper_of(papers: Sequence[Paper], document: str | None, number: str | None) -> Paper | None:
    """The step's own, else that whose number the clip declares (`number`, in one spelling)."""
    own = next((paper for paper in papers if document and paper.document_id == document), None)
    return own or next((paper for paper in papers if number and paper.norm == number), None)


def proposal(step: str | None, paper: Paper | None) -> str | None:
    """Both, where they differ: a check on which goods were sealed proves the one and the other."""
    if paper is None or not paper.proves or step in paper.proves:
        return step
    return f"{step}；{paper.proves[0]}" if step else paper.proves[0]
