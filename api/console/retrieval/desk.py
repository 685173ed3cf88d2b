"""The desk: what waits for my decision, what I asked for, which grants run."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlmodel import Session, col, select

from api.console import pages
from api.console.purposes import purpose_of
from api.console.retrieval.telling import Told, told
from api.signin import Db, Requester
from api.v1.requests import may_see
from gateway import approvals
from gateway.approvals.deciding import may_revoke
from gateway.models import RequestState, ViewRequest, now
from gateway.roster import unit_names
from gateway.visibility import Viewer

router = APIRouter()

MOST = 100
"""Lines of each list; older requests are found by the log."""
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Desk:
    waiting: list[Told]
    """For my decision."""
    mine: list[Told]
    running: list[Told]
    """Grants of others that I may take back."""
    has_heads: bool


def desk(session: Session, viewer: Viewer) -> Desk:
    names, heads = unit_names(session), approvals.heads(session)
    newest = col(ViewRequest.id).desc()
    asked = select(ViewRequest).where(may_see(viewer), ViewRequest.state == RequestState.ASKED)
    waiting = [
        told(one, names, may_decide=True)
        for one in session.exec(asked.order_by(col(ViewRequest.id)).limit(5 * MOST))
        if approvals.may_decide(session, one, viewer, heads)
    ]
    own = select(ViewRequest).where(
        ViewRequest.user_id == viewer.user_id, col(ViewRequest.asked_at) > now() - LATELY
    )
    running = select(ViewRequest).where(
        may_see(viewer), ViewRequest.state == RequestState.GRANTED, col(ViewRequest.valid_until) > now(),
        ViewRequest.user_id != viewer.user_id,
    )  # fmt: skip
    return Desk(
        waiting=waiting[:MOST],
        mine=[told(one, names) for one in session.exec(own.order_by(newest).limit(MOST))],
        running=[
            told(one, names)
            for one in session.exec(running.order_by(col(ViewRequest.valid_until)).limit(MOST))
            if may_revoke(session, one, viewer, heads)
        ],
        has_heads=any(heads.values()),
    )


@router.get("/retrieval")
def retrieval(request: Request, viewer: Requester, database: Db) -> Response:
    with database.read() as session:
        found = desk(session, viewer)
    return pages.page(request, "retrieval.html", viewer, desk=found, purpose=purpose_of(request, viewer))
