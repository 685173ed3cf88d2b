"""Pages that only show: the state of the gateway, the rules in force, orders with their results."""

import json
from typing import Annotated, Any, get_args

from fastapi import Query, Request, Response
from sqlmodel import col, select

from api.console.administration.routes import router
from api.console.administration.showing import Admin, shown
from api.console.pages import reader_of
from api.console.terms import in_words
from api.paging import CURSOR
from api.signin import Db, Ruled
from api.v1.health import has_daemon
from api.v1.orders import OrderIn
from gateway import __version__, machinery
from gateway.models import OrderRow, RulePackUse
from gateway.rulepacks import values_of
from gateway.store import LocalStore
from gateway.visibility import visible
from gateway.wording import spoken
from gateway.wording.values import value_words

ORDERS = 50
KINDS = get_args(OrderIn.model_fields["kind"].annotation)
"""What people may ask."""


@router.get("/administration")
def state(request: Request, viewer: Admin, database: Db) -> Response:
    store: LocalStore = request.app.state.store
    with database.read() as session:
        return shown(
            request,
            viewer,
            "state",
            version=__version__,
            served=has_daemon(session),
            room=machinery.room(session, store.root) if store.is_present else None,
            stages=machinery.stages(session),
            devices=machinery.devices(session),
            chains=machinery.chains(session),
            executors=machinery.executors(session),
            spoken=spoken,
        )


@router.get("/administration/rules")
def rules(
    request: Request, viewer: Admin, database: Db, law: Ruled, q: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """Every value with its source; since when which edition holds for whom."""
    with database.read() as session:
        uses = session.exec(select(RulePackUse).order_by(col(RulePackUse.id).desc()).limit(ORDERS)).all()
    language = reader_of(request).language
    asked, told = q.strip().lower(), in_words(language)
    values = [
        (place, said, told(one.source), one.source.startswith("ours"), one.verified)
        for place, one in values_of(law.packs.default)
        for said in (value_words(one.value, language),)
        if asked in f"{place} {one.source} {told(one.source)} {said} {written(one.value)}".lower()
    ]
    return shown(
        request, viewer, "rules", pack=law.packs.default, of_units=law.packs.of_units, uses=uses,
        values=values, q=q,
    )  # fmt: skip


def written(value: Any) -> str:
    """As the pack has it: who knows it so finds it so."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=plain)


def plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


@router.get("/administration/orders")
def orders(
    request: Request, viewer: Admin, database: Db, cursor: Annotated[str | None, Query(pattern=CURSOR)] = None
) -> Response:
    asked = select(OrderRow).where(visible(viewer, OrderRow))
    if cursor:
        asked = asked.where(OrderRow.id < cursor)
    with database.read() as session:
        rows = session.exec(asked.order_by(col(OrderRow.id).desc()).limit(ORDERS + 1)).all()
    following = rows[ORDERS - 1].id if len(rows) > ORDERS else None
    return shown(
        request, viewer, "orders", rows=rows[:ORDERS], cursor=cursor, following=following, kinds=KINDS
    )
