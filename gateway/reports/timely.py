"""What of a case came later than its rule pack allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway.law import Law, Natures, parents_of
from gateway.models import Activity, CaseRecord, Document, Statement, StatementKind
from gateway.rulepacks import RulePack, Sourced
from gateway.rules import timely
from gateway.rules.findings import Finding
from gateway.rules.scope import fold
from gateway.rules.timely import Limit, Span, days_rule, dealt_with, hours_rule, served


def untimely(session: Session, law: Law, case: CaseRecord, at: datetime) -> list[Finding]:
    """Of a penalty case; other laws may give other days (行政处罚法 art 60), which a person knows."""
    pack = law.packs.of(case.unit_id, parents_of(session))
    days = pack.deadlines
    papers = session.exec(
        select(Document).where(Document.case_uid == case.uid, col(Document.withdrawn_at).is_(None))
    ).all()
    found: list[Finding | None] = []
    if case.opened_on is not None and (case.decided_on is not None or case.closed_on is None):
        limit = limit_of(days.decision_days, "deadlines.decision_days")
        found.append(days_rule(timely.DECISION, limit, Span(case.opened_on, case.decided_on), at, law.zone))
    if case.decided_on is not None and (span := service_of(pack, case, case.decided_on, papers)):
        limit = limit_of(days.service_days, "deadlines.service_days")
        found.append(days_rule(timely.SERVICE, limit, span, at, law.zone))
    limit = limit_of(days.register_preserve_days, "R-26")
    forms = pack.forms
    for span in dealt_with(
        issued(papers, forms.preserve_documents), issued(papers, forms.handling_documents)
    ):
        found.append(days_rule(timely.PRESERVE, limit, span, at, law.zone))
    limit = limit_of(days.emergency_report_hours, "R-23", hours=True)
    found += [hours_rule(timely.EMERGENCY, limit, one, at) for one in emergencies(session, pack, case.uid)]
    return [one for one in found if one]


def limit_of(value: Sourced[float], rule: str, *, hours: bool = False) -> Limit:
    span = timedelta(hours=value.value) if hours else timedelta(days=value.value)
    return Limit(rule, span, value.source, value.verified)


def issued(papers: Sequence[Document], forms: Sourced[tuple[str, ...]] | None) -> list[datetime]:
    """When each paper of these forms was."""
    named = {fold(form) for form in forms.value} if forms else set()
    return [paper.issued_at for paper in papers if paper.issued_at and fold(paper.type) in named]


def service_of(
    pack: RulePack, case: CaseRecord, decided: datetime, papers: Sequence[Document]
) -> Span | None:
    """None as well where the pack does not say which papers are decisions, and what is public notice."""
    decisions, notice = pack.forms.decision_words, pack.forms.notice_words
    if decisions is None or notice is None:
        return None
    return served(decided, services_of(case, papers, decisions.value), notice.value)


def services_of(
    case: CaseRecord, papers: Sequence[Document], words: Sequence[str]
) -> list[tuple[str, datetime | None]]:
    """Those of the decision: of a paper that is one, by its id, name or number, or of none that is named."""

    def decides(name: str) -> bool:
        return any(word in name for word in words)

    decided = {paper.id for paper in papers if decides(paper.type)} | {(case.decision or {}).get("number")}
    return [
        (told["method"], datetime.fromisoformat(day) if (day := told.get("served_on")) else None)
        for told in case.services or ()
        if (named := told.get("document")) is None or named in decided or decides(named)
    ]


def emergencies(session: Session, pack: RulePack, case: str) -> list[Span]:
    """Compulsory measures that somebody stated to have been urgent, and when they were approved (R-23)."""
    natures = Natures.of(pack)
    stated = (
        select(Activity, Statement.approved_at)
        .join(Statement, col(Statement.activity_id) == Activity.id)
        .where(
            Activity.case_uid == case,
            col(Activity.withdrawn_at).is_(None),
            Statement.kind == StatementKind.URGENCY,
            col(Statement.superseded_at).is_(None),
            col(Statement.why).is_not(None),
        )
    )
    return [
        Span(step.ended_at, approved)
        for step, approved in session.exec(stated.order_by(col(Activity.id)))
        if (kind := natures.kind(step.kind)) and kind.nature.value.compulsory == "measure"
    ]
