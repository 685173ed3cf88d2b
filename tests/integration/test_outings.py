"""What a unit's cameras recorded on one day is decided together, in whatever order it comes (LK-4, LK-17)."""

from random import Random

import pytest
from sqlmodel import Session, col, select

from gateway import linking
from gateway.database import Database
from gateway.models import Clip, Device, Original, RelinkDue, Unit
from gateway.rulepacks import packs
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
