"""What tests of disposal do over and over: propose, agree, hold, look at the list."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from gateway import disposal, holds
from gateway.database import Database
from gateway.device import Refused
from gateway.models import (
    DisposalItem,
    DisposalRun,
    now,
)
from tests.shelf import Shelf

ARCHIVED = {
    "closed_on": datetime(1990, 1, 1, tzinfo=UTC), "archived_on": datetime(1990, 2, 1, tzinfo=UTC),
    "retention_class": "10y", "real_estate": False,
}  # fmt: skip


@pytest.fixture
def shelf(either: Database, tmp_path: Path) -> Shelf:
    return Shelf(either, tmp_path)


@pytest.fixture
def lite(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path)


def propose(shelf: Shelf, *clips: str, who: str = "chen", **more: Any) -> str:
    with shelf.database.write() as session:
        made = disposal.propose(
            session, shelf.packs, shelf.viewer(who), "保存期满", clips=clips or None, **more
        )
        return made.id


def approve(shelf: Shelf, run_id: str, count: int, who: str = "zhao") -> None:
    disposal.approve(shelf.database, shelf.packs, run_id, shelf.viewer(who), count)


def refused(code: str, do: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(Refused) as caught:
        do()
    assert caught.value.reason["code"] == code
    facts: dict[str, Any] = caught.value.reason["facts"]
    return facts


def item(shelf: Shelf, clip: str) -> DisposalItem:
    with shelf.database.read() as session:
        wanted = select(DisposalItem).where(DisposalItem.clip_id == clip)
        return session.exec(wanted.order_by(col(DisposalItem.id).desc())).first()  # type: ignore[return-value]


def due(shelf: Shelf, *, most: int = 50, **more: Any) -> list[str]:
    with shelf.database.read() as session:
        found = disposal.due(session, shelf.packs, None, now(), limit=most, **more)
        return [one.clip.id for one in found]


def hold(shelf: Shelf, **given: Any) -> str:
    with shelf.database.write() as session:
        return holds.place(session, holds.HoldIn(why="行政复议", **given), "zhao", "u").id


def listed(shelf: Shelf, run: str) -> list[DisposalItem]:
    with shelf.database.read() as session:
        return disposal.items_of(session, session.get_one(DisposalRun, run))


def destroyed(shelf: Shelf, *names: str) -> None:
    approve(shelf, propose(shelf, *names), len(names))
    shelf.daemon.round()
