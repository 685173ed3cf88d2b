"""The API with its console and one dock of each unit; and how a page is asked by every role."""

import re
import shutil
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from api.signin import add_user
from gateway.database import Database
from gateway.models import Device, DeviceStatus, Offload, Role
from tests.integration.api_site import Seeded, put_in
from tests.integration.clips_site import seed_many
from tests.integration.test_api_matrix import Row, filled

SLOW = "correct horse battery staple"


def seed_docks(session: Session) -> None:
    """A dock of each unit with its camera in bay 1 that copies."""
    for unit in ("u", "v"):
        session.add(Device(id=f"dock-{unit}", type="storage", unit_id=unit))
        session.flush()
        session.add(DeviceStatus(device_id=f"cam-{unit}", bay="1", present=True))
        session.add(
            DeviceStatus(
                device_id=f"dock-{unit}",
                bay="1",
                present=True,
                detail={"state": "OFFLOADING", "camera": f"cam-{unit}"},
            )
        )
        session.add(
            Offload(
                id=f"now-{unit}", device_id=f"cam-{unit}", bay="1", opened_at=datetime.now(UTC) - timedelta(minutes=1),
                listing=[{"path": "61", "name": "a", "size": 10, "mtime_ns": 0, "sequence": None}],
            )
        )  # fmt: skip


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, seeded: Seeded) -> Path:
    """What stands in the database besides, made once: a password alone takes longer than most pages."""
    path = tmp_path_factory.mktemp("console") / "gateway.sqlite"
    shutil.copy(seeded.folder / "gateway.sqlite", path)
    made = Database(f"sqlite:///{path}")
    with made.write() as session:
        seed_docks(session)
        seed_many(session)
        add_user(session, "chen", SLOW, Role.OPERATOR, "u")
    made.close()
    return path


@pytest.fixture
def console(
    api: tuple[TestClient, dict[str, str]], database: Database, furnished: Path
) -> tuple[TestClient, dict[str, str]]:
    client, keys = api
    put_in(database, furnished)
    client.follow_redirects = False
    client.cookies.clear()
    client.app.state.stop = threading.Event()  # type: ignore[attr-defined]
    client.app.state.stop.set()  # type: ignore[attr-defined]  # streams say what there is, and end
    return client, keys


def ask(client: TestClient, row: Row, key: str | None, unit: str = "u", role: str = "") -> Any:
    """`row.body` is a form."""
    path = f"{filled(row.path, unit, role)}?{filled(row.query, unit, role)}"
    headers = {"x-api-key": key} if key else {}
    return client.request(row.method, path, data=filled(row.body, unit, role), headers=headers)


def check(client: TestClient, keys: dict[str, str], row: Row, role: Role) -> None:
    """Who may not is told so; nobody learns of another unit's; a form that was sent leads on."""
    for stranger in (None, "gwk_forged"):
        sent = ask(client, row, stranger)
        assert sent.status_code == 303
        assert sent.headers["location"].startswith("/sign-in")
    own = ask(client, row, keys[role.value], role=role.value)
    if role not in row.roles:
        assert own.status_code == 403
        return
    assert own.status_code in ((200,) if row.method == "GET" else (200, 303)), own.text
    assert not own.headers.get("location", "").startswith("/sign-in")
    if row.listing:
        assert bool(re.search(r"-v\b", own.text)) <= (role is Role.ADMIN), (
            f"what is another unit's shows: {own.text}"
        )
    else:
        other = ask(client, row, keys[role.value], "v", role.value)
        assert (other.status_code < 400) is (role is Role.ADMIN), other.text
        assert role is Role.ADMIN or other.status_code == 404


def paths(rows: Iterable[Row]) -> set[tuple[str, str]]:
    return {(row.method, row.path) for row in rows}
