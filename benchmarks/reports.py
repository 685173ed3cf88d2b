"""All indicators of a town's quarter: 20 units, 10 000 steps, 20 000 clips with links, checks and checkouts."""

import random
import statistics
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session, update

from benchmarks.board import BEGIN, CLIPS, DEVICES, OFFICERS, UNITS, Note, built
from gateway import custody, migrations
from gateway.database import Database
from gateway.law import Law
from gateway.models import Checkout, Clip, CustodyEvent, Described, Officer, Role
from gateway.reports import Code, Period, one_moment, report, snapshots
from gateway.rulepacks import packs
from gateway.visibility import Viewer

QUARTER = Period.quarter(2026, 4, ZoneInfo("Asia/Shanghai"))
SITE = Viewer("w", "w", Role.ADMIN, None)


def quarter(scratch: Path, note: Note) -> None:
    database = Database(f"sqlite:///{scratch / 'reports.sqlite'}")
    migrations.upgrade(database.engine)
    chance = random.Random(1)
    with database.write() as session:
        built(session, chance)
        registers(session, chance)
    law = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        with one_moment(database) as session:
            found = report(session, law, SITE, "city", QUARTER, QUARTER.until)
        taken.append(time.perf_counter() - began)
        assert len(found.figure(Code.LINKED).members) == CLIPS
    name = "indicators of a quarter, 20 000 clips, 10 000 steps"
    note(name, statistics.median(taken), "s", 6.0, "issue 4", at_least=False)
    began = time.perf_counter()
    snapshots.freeze(database, law, SITE, "city", QUARTER, "bench", at=QUARTER.until)
    note("the same frozen", time.perf_counter() - began, "s", 8.0, "issue 4", at_least=False)
    database.close()


def registers(session: Session, chance: random.Random) -> None:
    """Described clips, the second reading of each, who had the cameras."""
    session.execute(update(Clip).values(described=Described.READY, place="桥东区", case_no="邢〔2026〕1号"))
    session.add_all(Officer(id=f"o{n}", name="员", unit_id=f"u{n % UNITS}") for n in range(OFFICERS))
    session.flush()
    for number in range(CLIPS):
        chain = custody.device_chain(f"d{number % DEVICES}")
        session.add(
            CustodyEvent(
                chain=chain, seq=number, at=BEGIN + chance.random() * timedelta(days=30), event="VERIFIED",
                actor="gateway", subject=f"c{number}", rows=[{"table": "original", "id": "x", "digest": "0" * 64}],
                detail={"sha256": "0" * 64, "sm3": "0" * 64}, previous="0" * 64, digest="0" * 64,
            )
        )  # fmt: skip
    for number in range(6_000):
        out = BEGIN + timedelta(days=number // DEVICES, hours=chance.randrange(2))
        session.add(
            Checkout(
                device_id=f"d{number % DEVICES}", officer_id=f"o{number % OFFICERS}", out_at=out,
                in_at=out + timedelta(hours=chance.choice((6, 8, 10, 30)) if number % 50 else 8),
            )
        )  # fmt: skip
