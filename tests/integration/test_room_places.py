"""A recorder on a wall needs nobody to say where it recorded: every page and list says so alike (R-01, LK-1)."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from api.console.clip_beside import beside
from api.console.clips.listing import lines
from gateway import linking
from gateway.casefile.evidence import evidence
from gateway.database import Database
from gateway.indexing.making import facts_of
from gateway.indexing.rows import missing
from gateway.linking import decisions
from gateway.models import CaseRecord, Clip, Link, Original, Room, now
from gateway.wording import reason
from gateway.worklist.item import item_of
from tests.integration.test_board import ALL, LAW
from tests.scenarios.stage import Stage
from tests.scenarios.told import Scenario

TOLD = Scenario.model_validate(
    {
        "name": "a room, and what was recorded beside its step",
        "source": "LK-1",
        "devices": {"rec": {"room": "r1", "type": "cctv"}},
        "ledger": [{"officer": "zhang", "since": "08:00", "until": "18:00"}],
        "clocks": [{"device": one, "at": "18:20", "shown": "18:20"} for one in ("cam", "rec")],
        "cases": [
            {"uid": "k", "steps": [
                {"id": "i", "kind": "询问", "since": "16:00", "until": "17:00", "room": "r1"},
            ]},
        ],
        "clips": [
            {"id": "asked", "device": "rec", "shown": "16:00", "length": 3600},
            {"id": "idle", "device": "rec", "shown": "11:00"},
            {"id": "worn", "shown": "12:00"},
        ],
    }
)  # fmt: skip
ROOM = "第一询问室"


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    stage = Stage(database, TOLD)
    stage.play(TOLD)
    with database.write() as session:
        session.get_one(Room, "r1").name = ROOM
    stage.settle()
    with database.write() as session:
        yield session


def seen(session: Session, clip: str) -> dict[str, tuple[str | None, bool]]:
    """Where it was recorded and whether that is missing, as the clip's page and the work list say it."""
    row, original = session.get_one(Clip, clip), session.get_one(Original, clip)
    [label] = [one for one in beside(session, ALL, LAW, row, original).labels if one.name == "place"]
    item = item_of(session, ALL, LAW, clip)
    assert item is not None
    [line] = lines(session, ALL, LAW, [(row, original)])
    assert line.place == label.value
    return {"page": (label.value, label.is_missing), "work": (item.place, item.lacking["place"])}


def is_sought(session: Session, clip: str) -> bool:
    """Among those that lack a place, in the list of clips."""
    [known] = facts_of(session, [clip])
    return "place" in missing(known)


@pytest.mark.parametrize("clip", ["asked", "idle"])
def test_the_room_is_the_place(session: Session, clip: str) -> None:
    assert seen(session, clip) == {"page": (ROOM, False), "work": (ROOM, False)}
    assert not is_sought(session, clip)


def test_what_is_worn_has_no_place_until_somebody_says_it(session: Session) -> None:
    assert seen(session, "worn") == {"page": (None, True), "work": (None, True)}
    assert is_sought(session, "worn")


def test_what_somebody_says_goes_before_the_room(session: Session) -> None:
    session.get_one(Clip, "idle").place = "走廊"
    assert seen(session, "idle") == {"page": ("走廊", False), "work": ("走廊", False)}


def test_the_room_stays_the_place_when_its_link_is_taken_back(session: Session) -> None:
    [link] = session.exec(select(Link).where(Link.clip_id == "asked"))
    decisions.withdraw(session, link, "li", "不是本案")
    linking.relink(session, [session.get_one(Clip, "asked")], LAW.packs, "gateway")
    session.flush()
    assert session.get_one(Clip, "asked").unlinked == reason("unlinked.withdrawn") | {
        "rule": "LK-17",
        "passed": False,
    }
    assert seen(session, "asked") == {"page": (ROOM, False), "work": (ROOM, False)}
    assert not is_sought(session, "asked")


def test_the_evidence_list_names_the_room(session: Session) -> None:
    found = evidence(session, ALL, LAW, session.get_one(CaseRecord, "k"), now())
    assert [(item.clip.id, item.place) for item in found.items] == [("asked", ROOM)]
