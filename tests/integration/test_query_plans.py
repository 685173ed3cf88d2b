"""No question that is asked for each clip, or round after round, reads a table that grows with the years.

SQLite says how it means to answer before it does. On tables of a few rows it chooses as on those of millions,
for it keeps no statistics unless told to.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from gateway import ledger, linking
from gateway.config import from_mapping
from gateway.daemon import Daemon
from gateway.database import Database
from gateway.models import Activity, CaseRecord, Clip, Officer, Original, State
from tests.patience import until

GROWING = {
    "activity", "casealias", "caserecord", "checkout", "clip", "clockreading", "custodyevent", "deviceevent",
    "document", "finding", "link", "offload", "original", "receipt", "relinkdue", "rendition", "work",
}  # fmt: skip
ONCE = "FROM offload WHERE offload.executor = ? AND offload.closed_at IS NULL"
"""Asked when the gateway starts, and never again."""
T0 = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Two clips and one of them once more, on a card."""
    card = tmp_path / "card"
    card.mkdir()
    for number in range(2):
        picture = f"testsrc=size=160x120:rate=5:duration={2 + number}"
        film = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p"]
        subprocess.run([*film, str(card / f"2026112{number}_090000.mp4")], check=True)
    (card / "copy").mkdir()
    shutil.copy(card / "20261120_090000.mp4", card / "copy")
    device = {"id": "cam", "driver": "volume", "path": "card", "poll_seconds": 0.2, "unit": "u"}
    made = Daemon(from_mapping({"store": {"reserve_mb": 1}, "devices": [device]}, tmp_path, {}))
    yield made
    made.stop()


@pytest.fixture
def scans(daemon: Daemon) -> list[str]:
    """Questions that read the whole of a table that grows."""
    found: list[str] = []

    def look(connection: Any, _cursor: Any, said: str, given: Mapping[str, Any], _: Any, many: bool) -> None:
        if many or not said.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            return
        asked = connection.connection.dbapi_connection.cursor()
        for *_rest, step in asked.execute(f"EXPLAIN QUERY PLAN {said}", given).fetchall():
            first, _, what = step.partition(" ")
            if (
                first == "SCAN"
                and "INDEX" not in what
                and what.split()[0] in GROWING
                and ONCE not in " ".join(said.split())
            ):
                found.append(f"{step}: {said}")

    event.listen(daemon.database.engine, "before_cursor_execute", look)
    return found


@pytest.fixture
def wait(daemon: Daemon) -> Iterator[Callable[[Callable[[Session], bool]], None]]:
    """Looks on through a door of its own: what the test asks is not what the gateway asks."""
    beside = Database(str(daemon.database.engine.url))

    def wait(holds: Callable[[Session], bool]) -> None:
        def held() -> bool:
            with beside.read() as session:
                return holds(session)

        until(held, every=0.1)

    yield wait
    beside.close()


def timed(session: Session) -> list[Clip]:
    return [one for one in session.exec(select(Clip)) if one.started_at is not None]


def test_a_clip_costs_the_same_however_many_there_are(
    daemon: Daemon, scans: list[str], wait: Callable[[Callable[[Session], bool]], None]
) -> None:
    ended = {State.PRESERVED, State.DUPLICATE}
    daemon.start()
    wait(lambda session: [one in ended for one in session.exec(select(Original.state))] == [True] * 3)
    wait(lambda session: [one.officer_id for one in timed(session)] == [None] * 2)
    with daemon.database.write() as session:
        session.add(Officer(id="zhang", name="张三", unit_id="u"))
        session.add(Officer(id="li", name="李四", unit_id="u"))
        session.add(CaseRecord(uid="k", title="k", unit_id="u", handlers=["zhang"]))
        session.flush()
        session.add(
            Activity(
                id="a", case_uid="k", kind="现场检查", stage="调查取证", started_at=T0, ended_at=T0.replace(hour=2),
                officers=["zhang", "li"],
            )
        )  # fmt: skip
        taken = ledger.CheckoutIn(
            device="cam", officer="zhang", out_at=T0.replace(hour=0), in_at=T0.replace(hour=9)
        )
        line = ledger.check_out(session, taken, "t").id
    wait(lambda session: "zhang" in [one.officer_id for one in timed(session)])
    other = ledger.CheckoutIn(device="cam", officer="li", out_at=T0.replace(hour=0), in_at=T0.replace(hour=9))
    assert linking.effects(
        daemon.database, daemon.packs, lambda s: ledger.check_out(s, other, "t", replaces=line)
    )
    with daemon.database.write() as session:
        ledger.check_out(session, other, "t", replaces=line)
    wait(lambda session: "li" in [one.officer_id for one in timed(session)])
    assert not scans, "\n".join(sorted(set(scans)))
