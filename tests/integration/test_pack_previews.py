"""What a rule pack would change of duties and of the days of disposal is told before it is in force (R-16, R-54)."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from gateway import rulepacks
from gateway.cli import main
from gateway.database import Database
from gateway.law import Law
from gateway.linking.comparing import with_pack
from gateway.models import Clip, Described, Device, Original, State, Unit
from gateway.retention import comparing as retention
from gateway.rulepacks import RulePacks
from gateway.scope import comparing as duties
from tests.integration.test_previews import TOLD, put_in
from tests.scenarios.stage import Stage
from tests.scenarios.telling import PACK

AT = datetime(2026, 10, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def own(folder: Path, body: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(f"extends: hebei-xingtai-2019\nid: own\nversion: 1\n{body}", encoding="utf-8")
    return path


def kept(months: int) -> str:
    return f"retention:\n  unlinked_months: {{value: {months}, source: 本局规定, verified: true}}\n"


def mode(word: str) -> str:
    told = f"{{value: {word}, source: 本局规定, verified: true}}"
    return f"scope:\n  kinds:\n    inspection:\n      mode: {told}\n"


@pytest.fixture
def told(either: Database) -> Database:
    Stage(either, TOLD).play(TOLD)
    with either.write() as session:
        for clip in session.exec(select(Clip)):
            clip.described = Described.READY
        for original in session.exec(select(Original)):
            original.state = State.PRESERVED
    return either


def then(tmp_path: Path, body: str, unit: str | None = None) -> RulePacks:
    return with_pack(PACK, rulepacks.load(own(tmp_path, body)), unit)


def boards(
    database: Database, before: RulePacks, after: RulePacks, unit: str | None = None, most: int = 10
) -> duties.Duties | None:
    with database.read() as session:
        return duties.compared(session, Law(before, ZONE), Law(after, ZONE), unit, AT, most)


def test_duties_that_would_appear_or_vanish_are_counted_by_kind(told: Database, tmp_path: Path) -> None:
    without = then(tmp_path, mode("OPTIONAL"))
    gone, come = boards(told, PACK, without), boards(told, without, PACK)
    assert gone is not None
    assert come is not None
    assert dict(gone.kinds) == {"现场检查": duties.Moved(vanish=2)}
    assert dict(come.kinds) == {"现场检查": duties.Moved(appear=2)}
    assert gone.lines() == ["2 steps looked at, by the links that stand now", "  现场检查: 2 vanish"]
    same = boards(told, PACK, PACK)
    assert same is not None
    assert same.lines()[1:] == ["  no duty differs"]


def test_another_extent_and_another_standing_are_told(told: Database, tmp_path: Path) -> None:
    """Ten minutes of forty are enough where only the important part is asked for."""
    other = boards(told, PACK, then(tmp_path, mode("FULL")))
    assert other is not None
    assert dict(other.kinds) == {"现场检查": duties.Moved(extent=2)}
    assert other.standings == {("ARRIVED", "PARTIAL"): 2}
    assert other.lines()[1:] == ["  现场检查: 2 to another extent", "  2 duties: ARRIVED -> PARTIAL"]


def test_only_the_duties_of_the_unit_and_never_more_than_can_be_held(told: Database, tmp_path: Path) -> None:
    with told.write() as session:
        session.add(Unit(id="far", name="far"))
    of_far = boards(told, PACK, then(tmp_path, mode("OPTIONAL"), "far"), "far")
    assert of_far is not None
    assert of_far.steps == 0
    assert boards(told, PACK, then(tmp_path, mode("OPTIONAL")), most=1) is None


def days(database: Database, packs: RulePacks, units: set[str] | None = None) -> retention.Changes:
    found = retention.Changes()
    for page in retention.compared(database, PACK, packs, units, AT):
        found.add(page)
    return found


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_clips_whose_day_of_disposal_would_be_another(
    told: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """What is linked to an open case stays by both."""
    monkeypatch.setattr(retention, "PAGE", page)
    longer, shorter = days(told, then(tmp_path, kept(12))), days(told, then(tmp_path, kept(7)))
    assert (longer.looked_at, longer.earlier, longer.later, longer.at_once) == (4, 0, 1, 0)
    [one] = longer.listed
    assert one.clip_id == "numbered"
    assert one.before is not None
    assert one.after is not None
    assert (one.after.year, one.after.month) == (one.before.year + 1, one.before.month - 6)
    assert (shorter.earlier, shorter.later) == (0, 1)
    back = retention.Changes()
    for found in retention.compared(told, then(tmp_path, kept(12)), PACK, None, AT):
        back.add(found)
    assert (back.earlier, back.later, back.at_once) == (1, 0, 1)


def test_of_a_unit_what_its_cameras_recorded_and_what_is_linked_to_its_cases(
    told: Database, tmp_path: Path
) -> None:
    with told.write() as session:
        session.add(Unit(id="far", name="far"))
        session.flush()
        session.get_one(Device, "cam").unit_id = "far"
        session.get_one(Original, "early").state = State.DESTROYED
    assert days(told, then(tmp_path, kept(12)), {"xt"}).looked_at == 2
    assert days(told, then(tmp_path, kept(12)), {"far"}).looked_at == 3
    assert days(told, then(tmp_path, kept(12)), set()).looked_at == 0


def test_by_command(database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Stage(database, TOLD).play(TOLD)
    put_in(database, PACK)
    with database.write() as session:
        session.get_one(Clip, "numbered").described = Described.READY
        session.get_one(Original, "numbered").state = State.PRESERVED
    database.close()
    config = tmp_path / "devices.yaml"
    config.write_text(
        f"database: sqlite:///{tmp_path / 'gateway.sqlite'}\nstore: {{path: {tmp_path / 'store'}}}\ndevices: []\n"
    )
    run: Callable[..., int] = lambda *words: main(["--config", str(config), *map(str, words)])  # noqa: E731
    assert run("rules", "compare", own(tmp_path, mode("OPTIONAL") + kept(240))) == 0
    told = capsys.readouterr().out
    assert "2 steps looked at, by the links that stand now\n  现场检查: 2 vanish" in told
    assert "4 clips looked at, by the links that stand now\n  0 might go earlier" in told
    assert "1 only later\nnumbered  20" in told
