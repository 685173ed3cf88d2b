"""An edited docking session is named, also one whose chain is older than what its lines tell today."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway import custody, receipts
from gateway.audit import in_session, offloads
from gateway.database import Database
from gateway.device import DeviceSeen, Disconnected, OffloadOpened
from gateway.intake.events import store_one
from gateway.models import CustodyEvent, Offload

AT = datetime(2024, 5, 6, 9, 30, 0, 250000, tzinfo=UTC)
EDITS: dict[str, Any] = {
    "device_id": "cam-2", "bay": "7", "volume": "other", "opened_at": AT + timedelta(seconds=1),
    "closed_at": AT, "listing": [{"path": "00"}],
}  # fmt: skip


@pytest.fixture
def site(either: Database) -> Database:
    with either.write() as session:
        for device in ("cam-1", "cam-2"):
            seen = DeviceSeen(device_id=device, via="dock", type="body_camera", entry={"driver": "volume"})
            store_one(session, seen, "host", "host-run")
        opened = OffloadOpened(device_id="cam-1", at=AT, offload="o", bay="3", volume="1234", listing=())
        store_one(session, opened, "host", "host-run")
    return either


def undock(database: Database) -> None:
    with database.write() as session:
        store_one(session, Disconnected(device_id="cam-1", at=AT + timedelta(hours=1)), "host", "host-run")
        receipts.seal(session, session.get_one(Offload, "o"))


def found(database: Database) -> list[str]:
    return [str(one) for one in in_session(database, offloads)]


def edit(database: Database, name: str) -> None:
    with database.write() as session:
        setattr(session.get_one(Offload, "o"), name, EDITS[name])


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_column_is_named(site: Database, name: str) -> None:
    assert found(site) == []
    undock(site)
    assert found(site) == []
    edit(site, name)
    assert found(site) == [f"row offload/o: edited: its {name} differs from the chain's"]


def test_an_open_session_that_somebody_closed(site: Database) -> None:
    edit(site, "closed_at")
    assert found(site) == ["row offload/o: edited: its closed_at differs from the chain's"]


@pytest.mark.parametrize("name", EDITS)
def test_an_older_chain_is_borne_out_by_the_receipt(site: Database, name: str) -> None:
    undock(site)
    with site.write() as session:
        for line in session.exec(select(CustodyEvent)):
            kept = {"offload", "files", "bytes", "listing"}
            line.detail = json.loads(
                custody.canonical({key: told for key, told in line.detail.items() if key in kept})
            )
    assert found(site) == []
    edit(site, name)
    assert found(site) == [f"row offload/o: edited: its {name} differs from the chain's"]
