"""The obligation board of a town: 20 units, 10 000 steps, 20 000 clips of 30 days."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from gateway import migrations
from gateway.database import Database
from gateway.law import Law
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Device,
    DeviceSignal,
    Link,
    Original,
    Role,
    ScopeItem,
    ScopeList,
    State,
    Statement,
    StatementKind,
    Unit,
)
from gateway.rulepacks import packs
from gateway.scope.board import GROUPS, board, tallies
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer

Note = Callable[..., None]
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = timedelta(days=30)
STEPS, CLIPS, UNITS, CASES, DEVICES, OFFICERS = 10_000, 20_000, 20, 3_000, 300, 400
KINDS = ("现场检查", "查封扣押", "询问", "听证", "留置送达", "强制拆除", "立案", "调查取证", "抽样取证")
REASON = {
    "rule": "LK-7",
    "passed": True,
    "code": "time.overlaps",
    "facts": {"shared": "900", "length": "900"},
}


def town(scratch: Path, note: Note) -> None:
    database = Database(f"sqlite:///{scratch / 'board.sqlite'}")
    migrations.upgrade(database.engine)
    with database.write() as session:
        built(session, random.Random(1))
    law = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
    units = frozenset({"city", *(f"u{number}" for number in range(UNITS))})
    viewer = Viewer("w", "w", Role.SUPERVISOR, units)
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        with database.read() as session:
            rows = board(session, viewer, law, Wanted(since=BEGIN, until=BEGIN + DAYS), BEGIN + DAYS)
        for by in GROUPS:
            tallies(rows, by)
        taken.append(time.perf_counter() - began)
        assert len(rows) == STEPS
        del rows
    database.close()
    note(
        "obligation board, 10 000 steps, 20 000 clips",
        statistics.median(taken),
        "s",
        1.0,
        "issue 4",
        at_least=False,
    )


def built(session: Session, chance: random.Random) -> None:
    session.add(Unit(id="city", name="市局"))
    session.flush()
    session.add_all(Unit(id=f"u{number}", name="分局", parent_id="city") for number in range(UNITS))
    session.flush()
    session.add_all(Device(id=f"d{n}", type="body_camera", unit_id=f"u{n % UNITS}") for n in range(DEVICES))
    session.add_all(CaseRecord(uid=f"k{n}", title="案", unit_id=f"u{n % UNITS}") for n in range(CASES))
    for unit in ("city", "u1"):
        session.add(
            ScopeList(id=unit, unit_id=unit, valid_from=BEGIN, title="", file_name="", sha256="", made_by="")
        )
        session.flush()
        lines = enumerate(KINDS[:6])
        session.add_all(
            ScopeItem(list_id=unit, row=row, step=kind, starts="进入", ends="离开") for row, kind in lines
        )
    session.flush()
    steps = [step(session, chance, number) for number in range(STEPS)]
    session.flush()
    footage(session, chance, steps)
    for _ in range(500):
        name = chance.choice(steps)[0]
        session.add(
            Statement(activity_id=name, kind=StatementKind.GAP, ground="battery", why="x", made_by="x")
        )
    for number in range(5_000):
        at = BEGIN + chance.random() * DAYS
        kind, device = chance.choice(("rec_stop", "low_battery")), f"d{chance.randrange(DEVICES)}"
        session.add(
            DeviceSignal(device_id=device, event_id=str(number), kind=kind, received_at=at, device_time=at)
        )


def step(session: Session, chance: random.Random, number: int) -> tuple[str, datetime, datetime]:
    start = BEGIN + timedelta(minutes=chance.randrange(30 * 24 * 60))
    end = start + timedelta(minutes=chance.choice((20, 40, 60, 90)))
    officers = [f"o{chance.randrange(OFFICERS)}" for _ in range(2)]
    session.add(
        Activity(
            id=f"a{number}", case_uid=f"k{chance.randrange(CASES)}", kind=chance.choice(KINDS), stage="调查取证",
            started_at=start, ended_at=end, officers=officers,
        )
    )  # fmt: skip
    return f"a{number}", start, end


def footage(session: Session, chance: random.Random, steps: list[tuple[str, datetime, datetime]]) -> None:
    """Takes of segments of fifteen minutes, from before a step to its end."""
    originals, clips, links = [], [], []
    while len(clips) < CLIPS:
        name, start, end = chance.choice(steps)
        at, device, doubt = (
            start - timedelta(minutes=1),
            f"d{chance.randrange(DEVICES)}",
            chance.choice((2.0, 2.0, 30.0)),
        )
        while at < end and len(clips) < CLIPS:
            until, clip = at + timedelta(minutes=15), f"c{len(clips)}"
            originals.append(
                Original(
                    id=clip, device_id=device, name="x", suffix=".mp4", size=1, state=State.PRESERVED, sha256=clip,
                    found_at=until + timedelta(hours=5),
                )
            )  # fmt: skip
            clips.append(
                Clip(
                    id=clip, device_id=device, kind="VIDEO", started_at=at, ended_at=until, uncertainty_s=doubt
                )
            )  # fmt: skip
            links.append(
                Link(
                    clip_id=clip, case_uid="k0", activity_id=name, score=1, verdict="VALID", rule_pack="p",
                    reasons=[REASON] * 9,
                )
            )  # fmt: skip
            at = until + timedelta(seconds=chance.choice((0, 0, 1, 30)))
    for rows in (originals, clips, links):
        session.add_all(rows)
        session.flush()
