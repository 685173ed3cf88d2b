"""The list of what a unit has to record (音像记录事项清单): brought by it, and how it was understood."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Base64Bytes, BaseModel, Field

from api.duties import (
    EditionOut,
    ImportedOut,
    KindOut,
    ScopeOut,
    items_out,
)
from api.problems import Problem, not_found
from api.shapes import ReasonOut
from api.signin import Db, LedgerKeeper, Reader, Ruled
from gateway.config import ConfigError
from gateway.database import Database
from gateway.instants import Moment
from gateway.models import (
    Unit,
    now,
)
from gateway.rules.scope import owed
from gateway.scope.board import Book
from gateway.scope.lists import in_force, store_list
from gateway.scope.reading import read_list
from gateway.visibility import Viewer

router = APIRouter(tags=["duties"])


class ListIn(BaseModel):
    name: str = Field(min_length=1, max_length=200, examples=["清单.xlsx"], description="the file's name")
    valid_from: Moment
    content: Base64Bytes = Field(description="the file, CSV or XLSX, in Base64")


@router.post("/units/{unit_id}/scope", status_code=201)
def import_list(unit_id: str, given: ListIn, viewer: LedgerKeeper, database: Db, law: Ruled) -> ImportedOut:
    """Store a unit's item list, whole or not at all: 422 names each cell that is not in its column.

    The answer says how each line was understood, with a warning where that is a guess.
    """
    must_see_unit(database, viewer, unit_id)
    try:
        read = read_list(given.name, given.content)
    except ConfigError as error:
        raise Problem(422, "The file is no list that can be read", str(error)) from None
    if read.faults:
        faults = [ReasonOut.told(one).model_dump() for one in read.faults]
        raise Problem(422, "The list has faults; nothing of it was stored", "See `errors`.", errors=faults)
    with database.write() as session:
        edition = store_list(session, read, given.name, given.content, unit_id, given.valid_from, viewer.name)
        session.flush()
        book = Book.load(session, law)
        items = items_out(book, book.of(unit_id), edition)
        return ImportedOut(**EditionOut.model_validate(edition).model_dump(), items=items)


def must_see_unit(database: Database, viewer: Viewer, unit_id: str) -> None:
    with database.read() as session:
        if session.get(Unit, unit_id) is None or not viewer.is_over(unit_id):
            raise not_found("Unit")


@router.get("/units/{unit_id}/scope")
def scope(
    unit_id: str,
    viewer: Reader,
    database: Db,
    law: Ruled,
    at: Annotated[Moment | None, Query(description="as it held then; now by default")] = None,
) -> ScopeOut:
    """What a unit has to record: its list as understood, and for each kind the stricter of frame and list."""
    must_see_unit(database, viewer, unit_id)
    moment = at or now()
    with database.read() as session:
        book = Book.load(session, law)
    rulings = book.of(unit_id)
    pack, frame = rulings.pack, rulings.frame
    edition = in_force(rulings.editions, moment)
    items = book.lists.items(edition, pack)
    kinds = ((name, kind, owed(kind.zh, frame, items)) for name, kind in pack.scope.kinds.items())
    return ScopeOut(
        unit=unit_id,
        at=moment,
        rule_pack=pack.edition,
        edition=EditionOut.of(edition),
        items=items_out(book, rulings, edition),
        kinds=[
            KindOut(id=name, zh=kind.zh, en=kind.en, by_frame=asks.frame, mode=asks.mode)
            for name, kind, asks in kinds
        ],
    )
