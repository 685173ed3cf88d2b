"""Orders: work that a person asks of the daemon, with its result."""

import re
from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, or_, select

from api.paging import Cutting, Page, page
from api.problems import Problem, not_found
from api.shapes import OrderOut
from api.signin import Db, Operator, Reader
from gateway import importance, orders
from gateway.database import Database
from gateway.models import Clip, Device, OrderRow, Original
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["orders"])

FILES = frozenset({"upload_now", importance.ORDER})
"""Orders of connected cameras that name files of theirs."""
FILE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOST_FILES = 100


class OrderIn(BaseModel):
    """`verify` reads a clip's bytes again; `retry` starts it again; `relink` decides its links anew.

    `upload_now` and `mark_important` are for connected cameras and name files by the camera's own ids
    (`{"files": […]}`), which begin a clip's name. What is marked is important here even if the camera cannot
    be reached.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal[
        "verify", "retry", "relink", "start_recording", "stop_recording", "set_clock", "unlock", "upload_now",
        "mark_important",
    ] = Field(examples=["verify"])  # fmt: skip
    clip: str | None = None
    device: str | None = None
    arguments: dict[str, Any] = {}
    within_seconds: int = Field(default=600, ge=1, le=86400, description="not carried out later than this")


@router.post("/orders", status_code=202)
def ask(given: OrderIn, viewer: Operator, database: Db) -> OrderOut:
    about_clip = given.kind in orders.KINDS
    if about_clip != (given.clip is not None) or about_clip == (given.device is not None):
        raise Problem(422, f"{given.kind} needs a {'clip' if about_clip else 'device'}, and only that")
    if given.kind == "unlock" and set(given.arguments) != {"bay"}:
        raise Problem(422, 'unlock needs {"bay": …} and nothing else: who takes what is told by a badge')
    if given.kind in FILES:
        check_files(given)
    must_see(database, viewer, given)
    with database.write() as session:
        if given.device is not None:
            check_driver(given.kind, session.get_one(Device, given.device))
        order = orders.ask(
            session, given.kind, viewer.name, device_id=given.device, clip_id=given.clip,
            arguments=given.arguments, within=timedelta(seconds=given.within_seconds),
        )  # fmt: skip
        session.flush()
        return OrderOut.of(order)


def check_driver(kind: str, device: Device) -> None:
    """Whoever asks a device for what its driver cannot do learns it now, not from an order that failed."""
    known = orders.CARRIED_OUT_BY.get(device.driver or "", frozenset())
    if kind in FILES and kind not in known:
        raise Problem(422, f"{kind} is for connected cameras; {device.id} is none")
    if kind not in known:
        told = f"It knows: {', '.join(sorted(known))}." if known else "It takes no orders."
        raise Problem(422, f"{device.id} (driver {device.driver or 'none'}) does not know {kind}", told)


def check_files(given: OrderIn) -> None:
    files = given.arguments.get("files", [])
    known = set(given.arguments) <= {"files"} and isinstance(files, list) and len(files) <= MOST_FILES
    if not known or not all(isinstance(file, str) and FILE_ID.fullmatch(file) for file in files):
        raise Problem(
            422, f'{given.kind} takes {{"files": […]}}: at most {MOST_FILES} ids, as the camera gave them'
        )
    if given.kind == importance.ORDER and not files:
        raise Problem(422, "mark_important needs to know which files")


@router.get("/orders")
def asked(viewer: Reader, database: Db, wanted: Cutting) -> Page[OrderOut]:
    with database.read() as session:
        return page(
            session, select(OrderRow).where(visible(viewer, OrderRow)), OrderRow.id, wanted, OrderOut.of
        )


@router.get("/orders/{order_id}")
def order(order_id: str, viewer: Reader, database: Db) -> OrderOut:
    with database.read() as session:
        found = session.exec(
            select(OrderRow).where(OrderRow.id == order_id, visible(viewer, OrderRow))
        ).one_or_none()
    if found is None:
        raise not_found("Order")
    return OrderOut.of(found)


def must_see(database: Database, viewer: Viewer, given: OrderIn) -> None:
    with database.read() as session:
        if given.device is not None:
            mine = select(Device.id).where(Device.id == given.device, visible(viewer, Device))
        else:
            mine = select(Original.id).where(
                Original.id == given.clip,
                or_(
                    visible(viewer, Original),
                    col(Original.id).in_(select(Clip.id).where(visible(viewer, Clip))),
                ),
            )
        if session.exec(mine).first() is None:
            raise not_found("Device" if given.device else "Clip")
