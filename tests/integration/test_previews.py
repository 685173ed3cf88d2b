"""What a change would do to links is shown before it is made: a case, a ledger line, a rule pack; nothing stays of it."""

import json
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from api.effects import shown
from api.signin import add_key, add_user
from gateway import linking, rulepacks
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import put_case
from gateway.case_sources.rules import CaseRules, usual
from gateway.cli import main
from gateway.database import Database
from gateway.device import Refused
from gateway.linking.comparing import compared, with_pack
from gateway.linking.effects import REACH, Effect, seen
from gateway.linking.packs import put_in_force
from gateway.live import LiveFolder
from gateway.models import CustodyEvent, Device, Link, Original, RelinkDue, Role, State
from gateway.rulepacks import RulePack, RulePacks
from gateway.store import LocalStore
from gateway.visibility import Viewer
from tests.client import client_of
from tests.integration.test_rulepack_use import KINDS, TRAFFIC, own
from tests.scenarios.stage import Stage
from tests.scenarios.telling import PACK
from tests.scenarios.told import Scenario, moment

OURS = PACK.default
TOLD = Scenario.model_validate(
    {
        "name": "two cases of one day",
        "source": "issue 4, corrections",
        "ledger": [{"officer": "zhang", "since": "08:00", "until": "18:00"}],
        "clocks": [{"at": "18:20", "shown": "18:20"}],
        "cases": [
            {"uid": "k", "numbers": ["K-1"], "steps": [{"id": "a", "since": "09:00", "until": "09:40"}]},
            {"uid": "m", "steps": [{"id": "b", "since": "11:00", "until": "11:40"}]},
        ],
        "clips": [
            {"id": "early", "shown": "09:05"},
            {"id": "late", "shown": "11:05"},
            {"id": "beside", "shown": "09:43", "length": 60, "number": "K-1"},
            {"id": "numbered", "shown": "15:05", "number": "M-7"},
        ],
    }
)


def step(name: str, since: str, until: str, **more: Any) -> dict[str, Any]:
    times = {"started_at": moment(since).isoformat(), "ended_at": moment(until).isoformat()}
    return {"id": name, "kind": "现场检查", **times, "officers": ["zhang", "li"], **more}


def case(uid: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "uid": uid, "title": uid, "unit": "xt", "handlers": ["zhang", "li"], "activities": list(steps), **more,
    }  # fmt: skip


CHANGES = {
    "other times": case("k", step("a", "13:00", "13:40"), numbers=["K-1"]),
    "other officers": case("k", step("a", "09:00", "09:40", officers=["wang", "zhao"]), numbers=["K-1"]),
    "withdrawn": case("k", numbers=["K-1"]),
    "a number more": case("m", step("b", "11:00", "11:40"), numbers=["M-7"]),
    "a number less": case("k", step("a", "09:00", "09:40")),
    "a new case": case("n", step("n1", "15:00", "15:30")),
    "the same": case("m", step("b", "11:00", "11:40")),
}


def standing(database: Database) -> dict[str, list[tuple[str, str | None, str]]]:
    with database.read() as session:
        found: dict[str, list[tuple[str, str | None, str]]] = {}
        rows = select(Link).where(col(Link.ended_at).is_(None)).order_by(col(Link.id))
        for link in session.exec(rows):
            found.setdefault(link.clip_id, []).append((link.case_uid, link.activity_id, link.verdict))
    return {clip: sorted(links, key=str) for clip, links in found.items()}


def left_behind(database: Database) -> tuple[int, int, int]:
    with database.read() as session:
        return tuple(len(session.exec(select(one)).all()) for one in (CustodyEvent, RelinkDue, Link))  # type: ignore[return-value]


def as_told(found: list[Effect], before: dict[str, Any]) -> dict[str, Any]:
    """What stands once these have come about."""
    after = dict(before)
    for one in found:
        assert sorted(one.before, key=str) == before.get(one.clip_id, [])
        after[one.clip_id] = sorted(one.after, key=str)
    return {clip: links for clip, links in after.items() if links}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_case_would_change_is_what_it_then_changes(either: Database, name: str) -> None:
    stage = Stage(either, TOLD)
    stage.play(TOLD)
    given = CaseIn.model_validate(CHANGES[name])

    def change(session: Session) -> object:
        return put_case(session, given, "li", "api", CaseRules(usual().packs))

    before, rows = standing(either), left_behind(either)
    tried = linking.effects(either, PACK, change)
    assert len({one.clip_id for one in tried}) == len(tried), "each once, however many facts reach it"
    assert left_behind(either) == rows
    assert standing(either) == before
    assert bool(tried) is (name != "the same")
    with either.write() as session:
        change(session)
    stage.settle()
    assert standing(either) == as_told(tried, before)
    assert (standing(either) != before) is (name != "the same")


def test_what_was_destroyed_is_never_said_to_move(database: Database) -> None:
    Stage(database, TOLD).play(TOLD)
    with database.write() as session:
        session.get_one(Original, "early").state = State.DESTROYED
    given = CaseIn.model_validate(CHANGES["withdrawn"])
    tried = linking.effects(database, PACK, lambda s: put_case(s, given, "li", "api"))
    assert {one.clip_id for one in tried} == {"beside"}


def test_a_change_that_reaches_too_much_is_refused_and_not_tried(database: Database) -> None:
    Stage(database, TOLD).play(TOLD)
    given = CaseIn.model_validate(CHANGES["withdrawn"])
    rows = left_behind(database)
    with pytest.raises(Refused) as no:
        linking.effects(database, PACK, lambda s: put_case(s, given, "li", "api"), most=3)
    assert no.value.reason["code"] == "link.too_wide"
    assert left_behind(database) == rows
    assert linking.effects(database, PACK, lambda s: put_case(s, given, "li", "api"), most=4) != []


def test_the_limit_is_the_one_that_is_documented() -> None:
    written = (Path(__file__).parents[2] / "docs/linking.md").read_text(encoding="utf-8")
    assert f"more than {REACH:,} clips\nis refused".replace(",", " ") in written
    assert signature(linking.effects).parameters["most"].default == REACH


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_what_it_reaches_is_looked_at_to_the_last(
    database: Database, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    Stage(database, TOLD).play(TOLD)
    given = CaseIn.model_validate(case("m", step("b", "15:00", "15:40"), numbers=["M-7"]))
    monkeypatch.setitem(
        seen.__globals__, "BATCH", batch
    )  # the package has a function of the name of its module
    tried = linking.effects(database, PACK, lambda s: put_case(s, given, "li", "api"))
    assert sorted(one.clip_id for one in tried) == ["late", "numbered"]


def test_what_waits_already_is_no_effect_of_the_change(database: Database) -> None:
    Stage(database, TOLD).play(TOLD)
    with database.write() as session:
        linking.due(session, "meanwhile", span=(None, None))
    given = CaseIn.model_validate(CHANGES["the same"])
    assert linking.effects(database, PACK, lambda s: put_case(s, given, "li", "api"), most=1) == []


def put_in(database: Database, packs: RulePacks) -> None:
    with database.write() as session:
        put_in_force(session, packs, "test")
    while linking.drain(database, packs):
        pass


@pytest.mark.parametrize("unit", [None, "xt"])
def test_what_a_pack_would_change_is_what_it_then_changes(
    either: Database, tmp_path: Path, unit: str | None
) -> None:
    Stage(either, TOLD).play(TOLD)
    put_in(either, PACK)
    before, rows = standing(either), left_behind(either)
    then = with_pack(PACK, own(tmp_path, 1), unit)
    pages = list(compared(either, then, unit))
    assert sum(page.clips for page in pages) == 4
    assert left_behind(either) == rows
    tried = [one for page in pages for one in page.effects]
    assert [one.clip_id for one in tried if one.is_seen] == ["beside"]
    put_in(either, then)
    assert standing(either) == as_told(tried, before) != before


def test_a_unit_s_pack_is_compared_for_its_own_devices_and_cases_only(
    database: Database, tmp_path: Path
) -> None:
    Stage(database, TOLD.model_copy(update={"name": "far"})).play(TOLD)
    with database.write() as session:
        session.get_one(Device, "cam").unit_id = None
    pages = list(compared(database, with_pack(PACK, own(tmp_path, 1), "xt"), "xt"))
    assert [page.clips for page in pages] == [3], "what is linked to its cases, whoever's camera it was"


def traffic(folder: Path) -> RulePack:
    path = folder / "traffic.yaml"
    path.write_text(KINDS, encoding="utf-8")
    return rulepacks.load(path)


def test_numbers_are_read_as_the_new_pack_would_read_them(either: Database, tmp_path: Path) -> None:
    """The words in numbers lie in the database by the pack in force; nobody writes them anew to look."""
    Stage(either, TRAFFIC).play(TRAFFIC)
    put_in(either, PACK)
    assert standing(either) == {}
    then = with_pack(PACK, traffic(tmp_path), "xt")
    rows = left_behind(either)
    tried = [one for page in compared(either, then, "xt") for one in page.effects]
    assert left_behind(either) == rows
    assert [(one.clip_id, [to[0] for to in one.after]) for one in tried if one.is_seen] == [("own", ["k"])]
    put_in(either, then)
    assert standing(either)["own"] == as_told(tried, {})["own"]


@pytest.mark.parametrize("batch", [1, 2])
def test_pages_come_one_after_the_other_and_writers_get_between(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    Stage(database, TOLD).play(TOLD)
    monkeypatch.setattr("gateway.linking.comparing.BATCH", batch)
    monkeypatch.setattr("gateway.linking.comparing.PAGE", 2)
    clips, found = [], []
    for page in compared(database, with_pack(PACK, own(tmp_path, 1), None), None):
        with database.write() as session:  # would wait for ever, were the page still open on SQLite
            linking.due(session, "meanwhile", clip_id="early")
        clips.append(page.clips)
        found += [one.clip_id for one in page.effects if one.is_seen]
    assert clips == [2, 2, 0]
    assert found == ["beside"]


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Callable[..., int]:
    Stage(database, TOLD).play(TOLD)
    put_in(database, PACK)
    database.close()
    config = tmp_path / "devices.yaml"
    config.write_text(
        f"database: sqlite:///{tmp_path / 'gateway.sqlite'}\nstore: {{path: {tmp_path / 'store'}}}\ndevices: []\n"
    )
    return lambda *words: main(["--config", str(config), *map(str, words)])


def test_by_command(
    site: Callable[..., int], database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, 1)
    rows = left_behind(database)
    assert site("rules", "compare", tmp_path / "own1.yaml") == 0
    told = capsys.readouterr().out
    assert "hebei-xingtai-2019@5 -> own@1, for the site" in told
    assert "linking.activity_slack_minutes: 5.0 -> 1" in told
    assert "4 clips looked at\n1 clips: another step, verdict or holder" in told
    assert "beside  k/a VALID_WITH_NOTE -> k/- VALID_WITH_NOTE" in told
    assert site("rules", "compare", tmp_path / "own1.yaml", "--unit", "nix") == 2
    assert site("rules", "compare") == 2
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([CHANGES["withdrawn"]]))
    capsys.readouterr()
    assert site("cases", "import", path, "--dry-run") == 0
    assert "early  k/a VALID_WITH_NOTE -> unlinked" in capsys.readouterr().out
    with database.read() as session:
        [line] = session.exec(select(Device.id)).all()
    dry = ["devices", "allocate", line, "--officer", "wang", "--from", "2026-03-03", "--dry-run"]
    assert site(*dry) == 0
    assert "0 clips: another step" in capsys.readouterr().out
    assert left_behind(database) == rows


def test_a_case_of_another_unit_is_not_named(database: Database) -> None:
    """Its clip moves there or away, and whoever asks may not see that case."""
    told = TOLD.model_dump() | {"cases": [*TOLD.model_dump()["cases"], {"uid": "n", "unit": "far"}]}
    Stage(database, Scenario.model_validate(told)).play(Scenario.model_validate(told))
    moved = Effect(
        "early", (("n", "n1", "VALID"),), (("k", "a", "VALID"), ("n", None, "VALID")), None, None, False
    )
    [one] = shown(database, Viewer("x", "x", Role.EVIDENCE, frozenset({"xt"})), [moved])
    assert [(to.case_uid, to.activity_id) for to in one.before] == [(None, None)]
    assert [(to.case_uid, to.activity_id) for to in one.after] == [("k", "a"), (None, None)]
    [one] = shown(database, Viewer("x", "x", Role.ADMIN, None), [moved])
    assert [(to.case_uid, to.activity_id) for to in one.before] == [("n", "n1")]


def test_over_the_api_and_only_what_the_viewer_may_see(
    database: Database, store: LocalStore, tmp_path: Path
) -> None:
    """A camera of another unit that bears the number would move too: whoever writes the case does not see it."""
    told = TRAFFIC.model_copy(update={"cases": []})
    Stage(database, told).play(told)
    given = case("k", numbers=["邢罚〔2026〕7号", "邢交罚处〔2026〕007号", "邢交罚处[2026]第07号"])
    with database.write() as session:
        keys = {
            unit: add_key(session, add_user(session, f"of-{unit}", None, Role.EVIDENCE, unit), "t")[1]
            for unit in ("xt", "far", None)
        }
    rows = left_behind(database)
    with client_of(database, store, LiveFolder(tmp_path)) as client:

        def ask(unit: str | None, body: dict[str, Any], uid: str = "k") -> Any:
            return client.post(f"/api/v1/cases/{uid}/effects", json=body, headers={"x-api-key": keys[unit]})

        assert [one["clip_id"] for one in ask("xt", given).json()] == ["own"]
        [everything] = [one for one in ask(None, given).json() if one["clip_id"] == "guest"]
        assert everything["after"][0]["case_uid"] == "k"
        assert ask("far", given).status_code == 404
        assert ask("xt", given, "other").status_code == 422
        strange = ask(None, {**given, "unit": "nix"})
        assert (strange.status_code, strange.json()["code"]) == (409, "case.unknown_unit")
    assert left_behind(database) == rows
