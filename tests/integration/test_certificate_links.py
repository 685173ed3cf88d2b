"""A changed annual check has just those clips decided anew that it can reach (AL-5, LK-5), on both databases."""

from datetime import date

from sqlmodel import col, select

from gateway.database import Database
from gateway.models import Link, RelinkDue
from gateway.qualifications import CheckIn, check_certificate
from tests.scenarios.stage import Stage
from tests.scenarios.told import Scenario

TOLD = Scenario.model_validate(
    {
        "name": "two officers, two cameras, a room",
        "source": "AL-5",
        "devices": {"other": {}, "rec": {"room": "r1", "type": "cctv"}, "rec2": {"room": "r2", "type": "cctv"}},
        "ledger": [
            {"officer": "zhang", "since": "08:00", "until": "18:00"},
            {"device": "other", "officer": "wang", "since": "08:00", "until": "18:00"},
        ],
        "clocks": [
            {"device": one, "at": "18:20", "shown": "18:20"} for one in ("cam", "other", "rec", "rec2")
        ],
        "cases": [
            {"uid": "k", "steps": [
                {"id": "a", "since": "09:00", "until": "09:40"},
                {"id": "i", "kind": "询问", "since": "14:00", "until": "15:00", "room": "r1"},
            ]},
            {"uid": "m", "handlers": ["wang", "zhao"], "steps": [
                {"id": "b", "since": "09:00", "until": "09:40", "officers": ["wang", "zhao"]},
                {"id": "j", "kind": "询问", "since": "14:00", "until": "15:00", "room": "r2",
                 "officers": ["wang", "zhao"]},
            ]},
        ],
        "clips": [
            {"id": "c", "shown": "09:05"}, {"id": "d", "device": "other", "shown": "09:05"},
            {"id": "e", "device": "rec", "shown": "14:00", "length": 3600},
            {"id": "f", "device": "rec2", "shown": "14:00", "length": 3600},
        ],
    }
)  # fmt: skip


def check(stage: Stage, passed: bool, year: int, replaces: str | None = None) -> tuple[str, set[str]]:
    """Enter an annual check; its id, and the devices whose clips it has decided anew."""
    given = CheckIn(officer="zhang", passed=passed, valid_from=date(year, 1, 1), valid_to=date(year, 12, 31))
    with stage.database.write() as session:
        made = check_certificate(session, given, "test", replaces).id
    with stage.database.read() as session:
        reached = {
            row.device_id or "*" for row in session.exec(select(RelinkDue)) if row.why == "certificate"
        }
    stage.settle()
    return made, reached


def verdicts(database: Database) -> dict[str, str]:
    with database.read() as session:
        links = session.exec(select(Link).where(col(Link.ended_at).is_(None))).all()
        return {link.clip_id: link.verdict for link in links}


def test_a_check_reaches_the_officers_devices_and_rooms_and_no_others(either: Database) -> None:
    stage = Stage(either, TOLD)
    stage.play(TOLD)
    good = verdicts(either)
    assert good == dict.fromkeys("cdef", "VALID_WITH_NOTE")
    _, reached = check(stage, True, 2026)
    assert reached == {"cam", "rec"}, "the first check of all reaches every day"
    assert verdicts(either) == good
    failed, reached = check(stage, False, 2026)
    assert reached == {"cam", "rec"}
    assert verdicts(either) == good | {"c": "NEEDS_REVIEW", "e": "NEEDS_REVIEW"}
    _, reached = check(stage, False, 2024)
    assert reached == set(), "he had nothing in that year"
    check(stage, True, 2026, failed)
    assert verdicts(either) == good
