"""Whether the gateway works; the one thing that needs no sign-in."""

import shutil

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from api.signin import Db
from gateway import __version__
from gateway.models import Lease, now
from gateway.store import LocalStore

router = APIRouter(tags=["health"])


class Health(BaseModel):
    ok: bool
    version: str
    database: bool
    store: bool
    daemon: bool
    """A daemon has renewed its lease within the last half minute."""
    store_free_bytes: int | None


@router.get("/health")
def health(request: Request, response: Response, database: Db) -> Health:
    """503 when footage cannot be taken in or served."""
    store: LocalStore = request.app.state.store
    try:
        with database.read() as session:
            alive = has_daemon(session)
        reachable = True
    except SQLAlchemyError:
        alive, reachable = False, False
    present = store.is_present
    ok = reachable and present
    if not ok:
        response.status_code = 503
    return Health(
        ok=ok,
        version=__version__,
        database=reachable,
        store=present,
        daemon=alive,
        store_free_bytes=shutil.disk_usage(store.root).free if present else None,
    )


def has_daemon(session: Session) -> bool:
    """A daemon has renewed its lease within the last half minute."""
    held = select(Lease.executor).where(Lease.expires_at > now()).limit(1)
    return session.exec(held).first() is not None
