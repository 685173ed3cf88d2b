"""What somebody waits for is done at once, whatever else the daemon is at."""

import threading
from pathlib import Path

import pytest

from gateway import orders, receipts
from gateway.config import from_mapping
from gateway.daemon import Daemon
from gateway.database import Database
from gateway.models import Lease, OrderRow, OrderState
from tests.patience import until


def test_an_order_waits_for_no_other_duty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unlock order lives for 15 s; sealing receipts or freezing a quarter may take longer."""
    amid, may_end = threading.Event(), threading.Event()

    def slowly(_: Database) -> tuple[()]:
        amid.set()
        may_end.wait()
        return ()

    monkeypatch.setattr(receipts, "seal_due", slowly)
    device = {"id": "drop", "driver": "drop_folder", "path": "drop"}
    (tmp_path / "drop").mkdir()
    daemon = Daemon(from_mapping({"store": {"reserve_mb": 1}, "devices": [device]}, tmp_path, {}))
    daemon.start()
    try:
        assert amid.wait(60)
        with daemon.database.write() as session:
            asked = orders.ask(session, "unlock", "zhang", device_id="drop").id
            before = session.get_one(Lease, daemon.executor).expires_at
        until(lambda: state_of(daemon.database, asked) is OrderState.FAILED)  # a folder has no lock
        until(lambda: lease_of(daemon) != before)
        assert daemon.is_healthy
    finally:
        may_end.set()
        assert daemon.stop()


def state_of(database: Database, order: str) -> OrderState:
    with database.read() as session:
        return session.get_one(OrderRow, order).state


def lease_of(daemon: Daemon) -> object:
    with daemon.database.read() as session:
        return session.get_one(Lease, daemon.executor).expires_at
