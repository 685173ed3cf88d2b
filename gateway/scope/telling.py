"""How a duty is told to a person: names instead of ids, the reason that decides, each gap with its cause."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, select

from gateway.law import Law, stages_of
from gateway.models import CaseRecord, Officer, Unit
from gateway.rules.recorded import Gap
from gateway.rules.stages import UNKNOWN
from gateway.scope.board import Row
from gateway.wording import Reason, reason, spoken

CAUSES = frozenset(
    {
        "gap.silent",
        # what people state
        "gap.fault", "gap.weather", "gap.battery", "gap.storage", "gap.place_change", "gap.other",
        # what recorders tell
        "gap.low_battery", "gap.storage_low", "gap.tamper", "gap.rec_stop", "gap.source_lost",
        "gap.gateway_stopped", "gap.disk_full", "gap.store_error", "gap.standing_still",
        "gap.time_stamps_leapt",
    }
)  # fmt: skip


def names_of(session: Session, by: str, keys: Iterable[str]) -> dict[str, str]:
    """By a board's way to group; what has no name of its own is left out."""
    match by:
        case "unit":
            named = select(Unit.id, Unit.name).where(col(Unit.id).in_(keys))
        case "officer":
            named = select(Officer.id, Officer.name).where(col(Officer.id).in_(keys))
        case "case":
            named = select(CaseRecord.uid, CaseRecord.title).where(col(CaseRecord.uid).in_(keys))
        case "stage":
            return {UNKNOWN: spoken(UNKNOWN)}
        case _:
            return {}
    return dict(session.exec(named).all())


def unknown_stage(law: Law, asked: str) -> Reason:
    """Nothing but zeros for a misspelt stage would look like all is well."""
    every = (stage for pack in law.packs.every for stage in stages_of(pack))
    known = dict.fromkeys(word for stage in every for word in (stage.seed, stage.name))
    return reason("scope.unknown_stage", stage=asked, known="、".join((*known, UNKNOWN)))


def asked_by(row: Row) -> dict[str, Any]:
    """How much is asked, and who asks it."""
    return row.duty.findings[0].stored()


def why(row: Row) -> list[dict[str, Any]]:
    """What else is not kept; of a duty of which all is, what decided."""
    _, *told = row.duty.findings
    failed = [one.stored() for one in told if not one.passed]
    return failed or [told[-1].stored()]


def gap_reason(gap: Gap) -> dict[str, Any]:
    """When it began, how long it was and why; a cause that nobody here has a word for stays as it is."""
    code = f"gap.{gap.cause or 'silent'}"
    facts = {"from": gap.start.isoformat(), "seconds": f"{gap.seconds:.0f}", "cause": gap.cause or ""}
    return {"code": code if code in CAUSES else "gap.else", "facts": facts}
