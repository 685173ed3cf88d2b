"""What a unit's cameras recorded on one day is decided together, in whatever order it comes (LK-4, LK-17)."""

from random import Random

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from gateway import linking
from gateway.database import Database
from gateway.linking.facts import Facts
from gateway.linking.outings import Outings, day_of
from gateway.linking.times import link_limits
from gateway.models import (
    Activity,
    Allocation,
    AllocationKind,
    CaseRecord,
    Clip,
    Device,
    Link,
    LinkStatus,
    Officer,
    Original,
    RelinkDue,
    Unit,
)
from gateway.rulepacks import packs
from gateway.wording import CHINA
from tests.scenarios.stage import Stage
from tests.scenarios.told import Scenario, moment, scenarios

PACKS = packs("hebei-xingtai-2019")
SWAPPED = "swapped cameras, and the others of the outing follow"
TOLD = {
    one.name: one
    for one in scenarios()
    if one.name in {SWAPPED, "swapped, and the take that says otherwise comes later"}
}


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("name", TOLD)
def test_in_whatever_order_it_comes(name: str, turn: int, either: Database) -> None:
    scenario: Scenario = TOLD[name]
    stage = Stage(either, scenario)
    stage.play(scenario.at_once(), Random(turn))
    stage.meets(scenario.then[-1].expect if scenario.then else scenario.expect)


@pytest.mark.parametrize("names", [("x", "y", "z", "w"), ("w", "z", "y", "x")])
def test_clip_by_clip_in_two_orders(names: tuple[str, ...], either: Database) -> None:
    """Each judged when it comes, and those before it anew."""
    scenario = TOLD[SWAPPED]
    clips = {one.id: one for one in scenario.clips}
    stage = Stage(either, scenario)
    stage.play(scenario.model_copy(update={"clips": []}))
    for name in names:
        stage.play(scenario.model_validate({**ONLY, "clips": [clips[name].model_dump()]}))
    stage.meets(scenario.expect)


ONLY = {"name": "a clip", "source": "LK-17"}


def filled(session: Session) -> None:
    session.add_all([Unit(id="u", name="u"), Unit(id="v", name="v")])
    session.flush()
    session.add_all([Device(id=one, type="body_camera", unit_id=one[0]) for one in ("u1", "u2", "v1")])
    session.flush()
    for device, day in (("u1", 0), ("u1", 1), ("u2", 0), ("v1", 0), ("u2", -1)):
        at = moment(f"{day:+d} 09:00") if day else moment("09:00")
        name = f"{device}{day:+d}"
        session.add(Original(id=name, device_id=device, name=name, suffix=".mp4", size=1, sha256=name))
        session.flush()
        session.add(Clip(id=name, device_id=device, kind="VIDEO", times=[], started_at=at, ended_at=at))


def test_a_clip_has_those_of_its_unit_and_its_day_decided_anew_and_no_others(either: Database) -> None:
    with either.write() as session:
        filled(session)
        linking.together_due(session, "u", moment("09:00"), moment("09:00"))
    with either.read() as session:
        (row,) = session.exec(select(RelinkDue).order_by(col(RelinkDue.id)))
        assert linking.affected(session, row, PACKS, 10) == ["u1+0", "u2+0"]
        assert linking.affected(session, row, PACKS, 1) == ["u1+0"]


LIMITS = link_limits(PACKS.default, CHINA)
DAY = day_of(moment("09:00"))


def worked(session: Session) -> None:
    """Each unit has an officer, his camera and a step of his; of one clip a person said what it shows."""
    filled(session)
    for unit in ("u", "v"):
        session.add(Officer(id=f"{unit}o", name=unit, unit_id=unit))
        session.add(CaseRecord(uid=f"{unit}k", title=unit, handlers=[f"{unit}o"], unit_id=unit))
        session.flush()
        device, kind = f"{unit}1", AllocationKind.PERSONAL
        given = Allocation(device_id=device, kind=kind, officer_id=f"{unit}o", valid_from=moment("-9 09:00"))
        step = Activity(
            id=f"{unit}s", case_uid=f"{unit}k", kind="现场检查", stage="调查取证", officers=[f"{unit}o"],
            started_at=moment("08:50"), ended_at=moment("09:30"),
        )  # fmt: skip
        session.add_all((given, step))
    session.flush()
    session.add(
        Link(
            clip_id="v1+0", case_uid="vk", activity_id="vs", verdict="VALID", score=1.0, reasons=[],
            rule_pack="x", status=LinkStatus.CONFIRMED,
        )
    )  # fmt: skip


def outings(session: Session, *expected: str) -> Outings:
    made = Facts(session, PACKS).outings
    for unit in expected:
        made.expect(unit, moment("09:00"), LIMITS)
    return made


def test_the_units_of_a_day_are_read_together_and_each_as_if_it_were_alone(either: Database) -> None:
    with either.write() as session:
        worked(session)
    said: list[str] = []
    with either.read() as session:
        alone = {unit: outings(session).day(unit, DAY, LIMITS) for unit in ("u", "v")}
        together = outings(session, "u", "v")
        assert together.day("v", DAY, LIMITS) == alone["v"]
        event.listen(either.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
        assert together.day("u", DAY, LIMITS) == alone["u"]
    assert not said
    for unit, known in alone.items():
        (outing,) = known.outings.values()
        assert (outing.device_id, outing.holder) == (f"{unit}1", f"{unit}o")
        assert [step.activity_id for step in known.steps] == [f"{unit}s"]
        assert [one.shown for one in outing.takes] == [{"vs"} if unit == "v" else set()]


def test_who_asks_for_another_day_has_it_read_as_well(either: Database) -> None:
    with either.write() as session:
        worked(session)
    with either.read() as session:
        known = outings(session, "v")
        assert [one.device_id for one in known.day("u", DAY, LIMITS).outings.values()] == ["u1"]
        later = day_of(moment("+1 09:00"))
        assert [one.device_id for one in known.day("u", later, LIMITS).outings.values()] == ["u1"]
        assert known.day("v", later, LIMITS).outings == {}
