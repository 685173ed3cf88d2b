"""A case that is told anew has those clips decided anew that the change can reach: all of them, and no others."""

from random import Random
from typing import Any

import pytest
from sqlmodel import col, select

from gateway import linking
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import Ended, put_case
from gateway.database import Database
from gateway.linking.facts import Facts
from gateway.linking.stored import stored
from gateway.models import Clip, RelinkDue, Room, Unit
from tests.integration.test_case_records import RULES
from tests.integration.test_previews import TOLD
from tests.scenarios.stage import Stage
from tests.scenarios.telling import PACK
from tests.scenarios.told import moment


def step(name: str, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "kind": "现场检查", "started_at": moment(f"{hour:02}:00").isoformat(),
        "ended_at": moment(f"{hour:02}:40").isoformat(), "officers": ["zhang"], "place": "桥西", **more,
    }  # fmt: skip


FIRST, SECOND = step("a", 9, document="d"), step("b", 11)
PAPER = {"id": "d", "type": "检查(勘验)笔录"}
CASE: dict[str, Any] = {
    "uid": "k", "title": "案", "unit": "xt", "numbers": ["冀邢市监罚〔2024〕27号"], "handlers": ["li"],
    "activities": [FIRST, SECOND], "documents": [PAPER],
}  # fmt: skip
ALL = {"09:00", "11:00"}
NOTHING: set[str] = set()

REACHES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "title": ({"title": "另一案名"}, NOTHING),
    "what it is about": ({"cause": "投诉", "facts": "货架上有过期食品", "origin": "举报"}, NOTHING),
    "parties": ({"party_name": "某某商店"}, NOTHING),
    "decided": ({"decided_on": "2024-06-01T00:00:00+08:00", "decision": {"kinds": ["罚款"]}}, NOTHING),
    "a paper's day": ({"documents": [{**PAPER, "issued_at": "2024-05-06T18:00:00+08:00"}]}, NOTHING),
    "a certificate": ({"handlers": [{"officer": "li", "cert_no": "B1"}]}, NOTHING),
    "another handler": ({"handlers": ["wang"]}, ALL),
    "another unit": ({"unit": "other"}, ALL),
    "another procedure": ({"procedure": "简易程序"}, ALL),
    "opened": ({"opened_on": "2024-05-07T00:00:00+08:00"}, ALL),
    "closed": ({"closed_on": "2024-06-01T00:00:00+08:00"}, ALL),
    "archived": ({"archived_on": "2024-06-01T00:00:00+08:00"}, ALL),
    "another number": ({"numbers": ["冀邢市监罚〔2024〕28号"]}, ALL),
    "a number more": ({"numbers": [*CASE["numbers"], "冀邢市监立〔2024〕9号"]}, ALL),
    "the decision's number": ({"decision": {"number": "冀邢市监罚决〔2024〕27号"}}, ALL),
    "a paper's number": ({"documents": [{**PAPER, "number": "冀邢市监检〔2024〕3号"}]}, ALL),
    "a paper's type": ({"documents": [{**PAPER, "type": "询问笔录"}]}, ALL),
    "a step's end": ({"activities": [{**FIRST, "ended_at": moment("09:50").isoformat()}, SECOND]}, {"09:00"}),
    "a step's hour": ({"activities": [FIRST, step("b", 15)]}, {"11:00", "15:00"}),
    "a step's officers": ({"activities": [FIRST, {**SECOND, "officers": ["zhang", "wang"]}]}, {"11:00"}),
    "who leads it": (
        {"activities": [{**FIRST, "officers": ["wang", "zhang"]}, SECOND]}, {"09:00"}
    ),
    "a step's kind": ({"activities": [FIRST, {**SECOND, "kind": "查封扣押"}]}, {"11:00"}),
    "a step's place": ({"activities": [{**FIRST, "place": "信都"}, SECOND]}, {"09:00"}),
    "where it was": ({"activities": [{**FIRST, "latitude": 37.0, "longitude": 114.5}, SECOND]}, {"09:00"}),
    "a step's room": ({"activities": [FIRST, {**SECOND, "room": "r1"}]}, {"11:00"}),
    "a step's paper": ({"activities": [{**FIRST, "document": None}, SECOND]}, {"09:00"}),
    "the party was told": ({"activities": [FIRST, {**SECOND, "notice_given": True}]}, {"11:00"}),
    "a step more": ({"activities": [FIRST, SECOND, step("c", 15)]}, {"15:00"}),
    "a step less": ({"activities": [FIRST]}, {"11:00"}),
}  # fmt: skip
"""A change, and the beginnings of the spans that are looked at again."""


@pytest.fixture
def told(either: Database) -> Database:
    with either.write() as session:
        session.add_all([Unit(id="xt", name="xt"), Unit(id="other", name="other")])
        session.flush()
        session.add(Room(id="r1", name="r1", unit_id="xt"))
    put(either)
    return either


def put(database: Database, **changed: Any) -> Ended:
    """What the change noted is all that is noted."""
    with database.write() as session:
        for row in session.exec(select(RelinkDue)):
            session.delete(row)
    with database.write() as session:
        return put_case(session, CaseIn.model_validate(CASE | changed), "t", "t", RULES)


def noted(database: Database) -> tuple[set[str], set[str]]:
    """Numbers, and when the spans begin."""
    begins = {moment(f"{hour:02}:00"): f"{hour:02}:00" for hour in range(24)}
    with database.read() as session:
        rows = session.exec(select(RelinkDue)).all()
    numbers = {row.alias_norm for row in rows if row.alias_norm}
    return numbers, {begins[row.from_at] for row in rows if row.from_at}


@pytest.mark.parametrize("name", REACHES)
def test_a_change_notes_what_it_reaches_and_nothing_else(told: Database, name: str) -> None:
    changed, spans = REACHES[name]
    assert put(told, **changed) is Ended.CHANGED
    numbers, found = noted(told)
    assert found == spans
    assert bool(numbers) is bool(spans)


def test_a_number_that_goes_reaches_the_clips_that_bear_it(told: Database) -> None:
    put(told, numbers=["冀邢市监罚〔2024〕28号"])
    assert noted(told)[0] == {"冀邢市监罚〔2024〕27号", "冀邢市监罚〔2024〕28号"}


def test_a_new_case_reaches_all_of_its_steps(told: Database) -> None:
    put(told, uid="m", activities=[{**SECOND, "id": "m1"}], documents=[], numbers=[])
    assert noted(told) == (set(), {"11:00"})


def a_change(dice: Random) -> dict[str, Any]:
    """The case of the scenario, told otherwise in one to three things."""
    hours = {"since": dice.choice((8, 9, 11, 15)), "lasts": dice.choice((10, 40, 90))}
    begun = moment(f"{hours['since']:02}:00")
    whole: dict[str, Any] = {
        "uid": "k", "title": "k", "unit": "xt", "handlers": ["zhang", "li"], "numbers": ["K-1"],
        "activities": [step("a", 9, officers=["zhang", "li"])],
    }  # fmt: skip
    others: list[dict[str, Any]] = [
        {"handlers": dice.choice((["li"], ["wang", "zhao"], ["zhang"]))},
        {"numbers": dice.choice(([], ["M-7"], ["M-7", "K-1"]))},
        {"procedure": "简易程序"},
        {"closed_on": "2024-05-10T00:00:00+08:00"},
        {"opened_on": "2024-05-09T00:00:00+08:00"},
        {"activities": []},
        {"activities": [step("a", hours["since"], officers=dice.choice((["zhang"], ["wang", "li"])))]},
        {"activities": [step("a", 9, kind="查封扣押", notice_given=dice.random() < 0.5, place="信都")]},
        {"activities": [step("a", 9, officers=["zhang", "li"]), step(f"c{begun:%H}", begun.hour)]},
    ]
    for other in dice.sample(others, dice.randint(1, 3)):
        whole |= other
    return whole


@pytest.mark.parametrize("seed", range(6))
def test_after_each_change_no_clip_would_be_decided_otherwise(database: Database, seed: int) -> None:
    """Against everything decided anew, which forgets nothing."""
    stage, dice = Stage(database, TOLD), Random(seed)
    stage.play(TOLD)
    moved = 0
    for _ in range(6):
        before = stage.standing()
        with database.write() as session:
            put_case(session, CaseIn.model_validate(a_change(dice)), "t", "t", RULES)
        stage.settle()
        moved += stage.standing() != before
        with database.read() as session:
            clips = stored(session, list(session.exec(select(Clip.id).order_by(col(Clip.id)))))
            assert linking.differences(Facts(session, PACK), clips) == []
    assert moved
