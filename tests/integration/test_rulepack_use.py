"""A rule pack that changed: what it reaches is decided anew, and what was decided by the old one stays explained."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

import tests.scenarios.stage
import tests.scenarios.telling
from gateway import linking, rulepacks
from gateway.audit.database import rows
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import store_case
from gateway.case_sources.rules import CaseRules
from gateway.database import Database
from gateway.linking.facts import Facts
from gateway.linking.packs import in_force, put_in_force
from gateway.models import CaseAlias, Clip, Device, Link, Original, RelinkDue, RulePackUse, State, Unit
from gateway.rulepacks import RulePacks
from tests.scenarios.stage import Stage
from tests.scenarios.told import Scenario

OURS = rulepacks.load("hebei-xingtai-2019")
NEAR = Scenario.model_validate(
    {
        "name": "just beside",
        "source": "LK-7",
        "ledger": [{"officer": "zhang", "since": "08:00", "until": "18:00"}],
        "clocks": [{"at": "18:20", "shown": "18:20"}],
        "cases": [
            {"uid": "k", "numbers": ["K-1"], "steps": [{"id": "a", "since": "09:00", "until": "09:40"}]}
        ],
        "clips": [{"id": "c", "shown": "09:43", "length": 60, "number": "K-1"}],
    }
)


def own(folder: Path, minutes: float, version: int = 1) -> rulepacks.RulePack:
    path = folder / f"own{version}.yaml"
    path.write_text(
        "extends: hebei-xingtai-2019\nid: own\n"
        f"version: {version}\nlinking:\n  activity_slack_minutes: {{value: {minutes}, source: 本局规定, verified: true}}\n",
        encoding="utf-8",
    )
    return rulepacks.load(path)


def test_a_stricter_pack_of_a_unit_reaches_its_clips_and_only_those(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, NEAR)
    stage.play(NEAR)
    with database.write() as session:
        session.add(Unit(id="far", name="far"))
        session.flush()
        session.add(Device(id="other", type="body_camera", unit_id="far"))
        assert [one.pack for one in put_in_force(session, RulePacks(OURS), "test")] == [OURS.id]
        assert put_in_force(session, RulePacks(OURS), "test") == []
    strict = RulePacks(OURS, {"xt": own(tmp_path, 1)})
    with database.write() as session:
        put_in_force(session, strict, "test")
        assert {row.device_id for row in session.exec(select(RelinkDue))} == {"cam"}
    while linking.drain(database, strict):
        pass
    with database.read() as session:
        links = session.exec(select(Link).order_by(col(Link.id))).all()
        assert [(one.rule_pack, one.ended_at is None) for one in links] == [
            (OURS.edition, False),
            ("own@1", True),
        ]
        assert {one["code"] for one in links[1].reasons} >= {"time.no_activity"}
        used = session.exec(select(RulePackUse).where(RulePackUse.unit == "xt")).one()
        assert used.body["linking"]["activity_slack_minutes"]["value"] == 1


def test_a_unit_that_gives_up_its_own_pack_goes_by_the_sites_again(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        session.add(Unit(id="xt", name="xt"))
        session.flush()
        session.add(Device(id="cam", type="body_camera", unit_id="xt"))
        session.add(Original(id="c", device_id="cam", state=State.PRESERVED, name="c", suffix=".mp4", size=1))
        session.flush()
        session.add(Clip(id="c", device_id="cam", kind="VIDEO", times=[]))
        put_in_force(session, RulePacks(OURS, {"xt": own(tmp_path, 1)}), "test")
    with database.write() as session:
        begun = put_in_force(session, RulePacks(OURS), "test")
        assert [(one.unit, one.pack) for one in begun] == [("xt", OURS.id)]
        assert put_in_force(session, RulePacks(OURS), "test") == []
        use = in_force(session, "xt")
        assert use is not None
        assert use.digest == OURS.digest
        assert use.since <= datetime.now(use.since.tzinfo) + timedelta(seconds=1)


KINDS = """extends: hebei-xingtai-2019
id: traffic
version: 1
forms:
  number_kinds: {value: [交罚处, 罚], source: 本局规定, verified: true}
"""
TRAFFIC = Scenario.model_validate(
    {
        "name": "a word in the number that only the unit's own pack knows",
        "source": "regulations 6.2",
        "devices": {"guest": {"unit": "far"}},
        "ledger": [
            {"officer": "zhang", "since": "08:00", "until": "18:00"},
            {"device": "guest", "officer": "zhang", "since": "08:00", "until": "18:00"},
        ],
        "clocks": [
            {"at": "18:20", "shown": "18:20"},
            {"device": "guest", "at": "18:20", "shown": "18:20"},
        ],
        "cases": [{"uid": "k", "numbers": ["邢交罚处〔2026〕7号"]}],
        "clips": [
            {"id": "own", "shown": "15:05", "number": "邢交罚处〔2026〕007号"},
            {"id": "guest", "device": "guest", "shown": "15:05", "number": "邢交罚处[2026]第07号"},
            {"id": "none", "shown": "16:05", "number": "邢交罚处〔2026〕8号"},
        ],
    }
)


def linked(database: Database) -> dict[str, str]:
    with database.read() as session:
        standing = select(Link.clip_id, Link.case_uid).where(col(Link.ended_at).is_(None))
        return dict(session.exec(standing).all())


def packs_with_traffic(folder: Path) -> RulePacks:
    path = folder / "traffic.yaml"
    path.write_text(KINDS, encoding="utf-8")
    return RulePacks(OURS, {"xt": rulepacks.load(path)})


def test_a_unit_s_own_words_in_case_numbers_are_read_by_its_own_pack(
    database: Database, tmp_path: Path
) -> None:
    """Two spellings are one number, on the unit's own camera and on one that a guest brought."""
    stage = Stage(database, TRAFFIC)
    with database.write() as session:
        put_in_force(session, RulePacks(OURS), "test")
    stage.play(TRAFFIC)
    assert linked(database) == {}, "the site's pack does not know this word"
    packs = packs_with_traffic(tmp_path)
    with database.write() as session:
        put_in_force(session, packs, "test")
    while linking.drain(database, packs):
        pass
    with database.read() as session:
        assert [one.key for one in session.exec(select(CaseAlias))] == ["邢|交罚处|2026||7"]
    assert linked(database)["own"] == "k"
    assert "none" not in linked(database)
    with database.read() as session:
        assert [str(one) for one in rows(session) if "casealias" in str(one)] == []


def test_a_case_that_comes_later_is_read_by_its_unit_s_pack(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = packs_with_traffic(tmp_path)
    for module in (tests.scenarios.stage, tests.scenarios.telling):
        monkeypatch.setattr(module, "PACK", packs)
    stage = Stage(database, TRAFFIC)
    with database.write() as session:
        put_in_force(session, packs, "test")
    stage.play(TRAFFIC.model_copy(update={"cases": []}))
    told = {"uid": "k", "title": "k", "unit": "xt", "numbers": ["邢交罚处〔2026〕7号"]}
    with database.write() as session:
        store_case(session, CaseIn.model_validate(told), "t", "t", CaseRules(packs))
    while linking.drain(database, packs):
        pass
    assert linked(database) == {"own": "k", "guest": "k"}


def test_what_another_unit_s_camera_brought_to_its_cases_is_decided_anew_as_well(
    either: Database, tmp_path: Path
) -> None:
    """By the unit's pack its step is none of a penalty case, so one officer is no reason to reject (LK-6)."""
    told = NEAR.model_dump(mode="json") | {"devices": {"cam": {"unit": "far"}}}
    told["cases"][0]["steps"][0] |= {"officers": ["zhang"]}
    told["clips"][0] |= {"shown": "2026-03-02T09:05:00"}
    lone = Scenario.model_validate(told)
    Stage(either, lone).play(lone)
    path = tmp_path / "lone.yaml"
    nature = "{value: {party_facing: true, compulsory: none, penalty_evidence: false}, source: 本局规定, verified: true}"
    path.write_text(
        "extends: hebei-xingtai-2019\nid: lone\nversion: 1\n"
        f"scope:\n  kinds:\n    inspection:\n      nature: {nature}\n",
        encoding="utf-8",
    )
    lenient = RulePacks(OURS, {"xt": rulepacks.load(path)})
    with either.write() as session:
        put_in_force(session, RulePacks(OURS), "test")
        put_in_force(session, lenient, "test")
    while linking.drain(either, lenient):
        pass
    with either.read() as session:
        links = session.exec(select(Link).order_by(col(Link.id))).all()
        assert [(one.verdict, one.ended_at is None) for one in links][-1] == ("VALID_WITH_NOTE", True)
        assert links[0].verdict == "REJECTED"
        clips = session.exec(select(Clip)).all()
        assert linking.differences(Facts(session, lenient), clips) == []


@pytest.mark.parametrize("known_to", [(), ("far",)])
def test_numbers_that_a_unit_s_pack_reads_otherwise_reach_whoever_s_camera_bears_them(
    either: Database, tmp_path: Path, known_to: tuple[str, ...]
) -> None:
    """Whether the word was new to everybody, or its clips were read by another unit's pack already."""
    Stage(either, TRAFFIC).play(TRAFFIC)
    [pack] = packs_with_traffic(tmp_path).of_units.values()
    before = RulePacks(OURS, dict.fromkeys(known_to, pack))
    with either.write() as session:
        put_in_force(session, RulePacks(OURS), "test")
        put_in_force(session, before, "test")
    while linking.drain(either, before):
        pass
    theirs = RulePacks(OURS, {**before.of_units, "xt": pack})
    with either.write() as session:
        put_in_force(session, theirs, "test")
    while linking.drain(either, theirs):
        pass
    with either.read() as session:
        assert linking.differences(Facts(session, theirs), session.exec(select(Clip)).all()) == []
    assert linked(either) == {"own": "k", "guest": "k"}
