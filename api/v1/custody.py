"""The chain of custody, to read."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlmodel import col, select

from api.problems import not_found
from api.shapes import CustodyOut
from api.signin import ChainReader, Db
from gateway import custody
from gateway.models import ChainHead, CustodyEvent, Device, Original
from gateway.visibility import visible

router = APIRouter(tags=["custody"])


class HeadOut(BaseModel):
    chain: str
    count: int
    digest: str


@router.get("/custody/heads")
def heads(viewer: ChainReader, database: Db) -> list[HeadOut]:
    """How long each chain is and how it ends: note it down elsewhere, and a cut tail shows."""
    with database.read() as session:
        rows = session.exec(select(ChainHead).order_by(col(ChainHead.chain))).all()
        mine = {
            custody.device_chain(device)
            for device in session.exec(select(Device.id).where(visible(viewer, Device)))
        }
    return [HeadOut(**row.model_dump()) for row in rows if viewer.units is None or row.chain in mine]


@router.get("/custody")
def events(
    viewer: ChainReader,
    database: Db,
    clip: Annotated[str, Query(description="a clip or attachment")],
) -> list[CustodyOut]:
    """Everything that happened to one clip, oldest first; holds and marks stand in the site's chain."""
    with database.read() as session:
        original = session.exec(
            select(Original).where(Original.id == clip, visible(viewer, Original))
        ).one_or_none()
        if original is None:
            raise not_found("Clip")
        rows = session.exec(
            select(CustodyEvent)
            .where(CustodyEvent.subject == clip)
            .order_by(col(CustodyEvent.at), col(CustodyEvent.seq))
        ).all()
    return [CustodyOut.of(row) for row in rows]
