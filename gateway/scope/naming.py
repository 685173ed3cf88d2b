"""Whether what a board is asked for by name is there at all."""

from collections.abc import Sequence

from sqlmodel import Session, select

from gateway.law import Law
from gateway.models import Officer
from gateway.rules.stages import Stage, stages_named
from gateway.scope.board import Row
from gateway.visibility import Viewer, visible
from gateway.wording import Reason, reason


def unknown(
    session: Session, viewer: Viewer, law: Law, rows: Sequence[Row], officer: str | None, stage: str | None
) -> Reason | None:
    """Why nothing but zeros would come: a name that neither the register, a rule pack nor any row knows.

    Case systems name officers and stages that are in no register of ours: so the rows are asked as well,
    those of `stage` whoever took part in them.
    """
    if officer and not any(officer in row.step.officers for row in rows):
        entered = select(Officer.id).where(Officer.id == officer, visible(viewer, Officer))
        if session.exec(entered).first() is None:
            return reason("scope.unknown_officer", officer=officer)
    if stage and not rows and not stages_named(stage, known := stages_of(law)):
        return reason("scope.unknown_stage", stage=stage, known="、".join(one.name for one in known))
    return None


def stages_of(law: Law) -> tuple[Stage, ...]:
    """Of every pack that holds for some unit."""
    packs = (law.packs.default, *law.packs.of_units.values())
    told = dict.fromkeys(one for pack in packs for one in pack.forms.stages.value)
    return tuple(Stage(one.id, one.name, one.seed) for one in told)
