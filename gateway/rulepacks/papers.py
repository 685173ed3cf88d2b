"""What a rule pack says of text records: stages, papers, their numbers."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from gateway.rulepacks.sourced import Model, Sourced

Word = Annotated[str, Field(min_length=1)]


class StageName(Model):
    """A stage of a case, and the one of the seed's four that it belongs to."""

    id: str
    name: str
    seed: str
    aliases: tuple[str, ...] = ()
    """What else the unit's case system calls it, such as 审查 for 审核."""


class FormRules(Model):
    """Text records: stages, papers and their numbers (regulations 6 and 7)."""

    stages: Sourced[tuple[StageName, ...]]
    documents: Sourced[tuple[str, ...]]
    """The provincial forms. A paper of another type is kept as well; it is no form."""
    document_stages: Sourced[dict[str, str]]
    document_activities: Sourced[dict[str, tuple[str, ...]]]
    """Which kinds of step a form records or follows from."""
    preserve_documents: Sourced[tuple[str, ...]] | None = None
    """Forms by which evidence is registered and kept: R-26's days begin. None: nobody is asked."""
    handling_documents: Sourced[tuple[str, ...]] | None = None
    """Forms that say what became of it: they end."""
    decision_words: Sourced[tuple[Word, ...]] | None = None
    """A paper whose name has one of these is a decision; its service has its days. None: nobody is asked."""
    notice_words: Sourced[tuple[Word, ...]] | None = None
    """A way of service whose name has one of these is by public notice (公告), for which other days hold."""
    number_kinds: Sourced[tuple[Word, ...]]
    """The words of a case or document number between organ and year."""
    unnumbered_procedures: Sourced[tuple[str, ...]]
    """Procedures, in every spelling, whose cases may have no 案件编号 when footage is labelled."""

    @model_validator(mode="after")
    def consistent(self) -> "FormRules":
        stages = {stage.name for stage in self.stages.value}
        named: dict[str, Iterable[str]] = {
            "document_stages": self.document_stages.value,
            "document_activities": self.document_activities.value,
            "preserve_documents": self.preserve_documents.value if self.preserve_documents else (),
            "handling_documents": self.handling_documents.value if self.handling_documents else (),
        }
        for place, told in named.items():
            if strange := sorted(set(told) - set(self.documents.value)):
                raise ValueError(f"{place}: {strange[0]} is none of `documents`")
        for form, stage in self.document_stages.value.items():
            if stage not in stages:
                raise ValueError(f"document_stages: {form}: {stage} is none of `stages`")
        return self
