"""The sheet of a unit: every number equals one counted by hand, with who or what is behind it."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from gateway import compliance, device_lists, holdings, registry, rulepacks
from gateway.cli import main
from gateway.compliance import Sheet, Span
from gateway.database import Database
from gateway.models import Checkout, Clip, Device, Original, State
from gateway.registry import RegistryFile
from gateway.rulepacks import RulePacks

ZONE = ZoneInfo("Asia/Shanghai")
ON = date(2024, 5, 31)
SPAN = Span(date(2024, 5, 1), ON, ZONE)
OURS = rulepacks.load("hebei-xingtai-2019")
LIFE = {"value": 8, "source": "R-43; 本局规定", "verified": False}
SITE = rulepacks.RulePack.model_validate(
    {
        **(told := OURS.model_dump(mode="json")),
        "equipment": {
            **told["equipment"], "min_life_years": {**told["equipment"]["min_life_years"], "storage": LIFE},
        },
    }
)  # fmt: skip
PACKS = RulePacks(SITE)
GOOD = {
    "width": 1920, "height": 1080, "still_mp": 30, "battery_mah": 2500, "record_hours": 8, "storage_gb": 16, "ip": 67,
}  # fmt: skip
PAPERS = {
    "keeper": "a1",
    "procurement_doc_no": "邢财资〔2023〕8号",
    "in_service_from": "2024-04-01",
    "spec": GOOD,
}
VALID = {"cert_valid_from": "2020-01-01", "cert_valid_to": "2029-12-31"}
TOWN: dict[str, Any] = {
    "units": [
        {"id": "a", "name": "甲局"},
        {"id": "a-1", "name": "一科", "parent": "a", "is_section": True},
        {"id": "a-2", "name": "二科", "parent": "a", "is_section": True},
        {"id": "b", "name": "乙所", "parent": "a"},
        {"id": "c", "name": "丙局"},
    ],
    "officers": [
        *({"id": f"a{number}", "name": f"甲{number}", "unit": "a-1" if number < 5 else "a-2", **VALID} for number in range(1, 8)),
        {"id": "gone", "name": "离", "unit": "a-1", "left_on": "2024-05-31", **VALID},
        {"id": "b1", "name": "乙1", "unit": "b", "cert_valid_from": "2019-01-01", "cert_valid_to": "2024-05-30"},
        {"id": "b2", "name": "乙2", "unit": "b"},
        {"id": "c1", "name": "丙1", "unit": "c", **VALID},
    ],
    "checks": [
        *({"officer": f"a{number}", "valid_from": "2024-01-01", "valid_to": "2024-12-31"} for number in range(1, 6)),
        {"officer": "a6", "valid_from": "2024-01-01", "valid_to": "2024-12-31", "passed": False},
    ],
    "classes": [{"unit": "a", "grade": "A", "doc_no": "邢司〔2024〕1号", "valid_from": "2024-01-01"}],
    "devices": [
        {"id": "cam-1", "type": "body_camera", "unit": "a-1", **PAPERS},
        {"id": "cam-2", "type": "body_camera", "unit": "a-2", **PAPERS, "spec": {**GOOD, "storage_gb": 8}},
        {"id": "cam-3", "type": "handheld_terminal", "unit": "a", **PAPERS, "spec": {"width": 1920}},
        {"id": "cam-4", "type": "body_camera", "unit": "a", **PAPERS},
        {"id": "cam-5", "type": "body_camera", "unit": "a", **PAPERS},
        {"id": "photo", "type": "camera", "unit": "a", "keeper": "a1"},
        {"id": "dock", "type": "storage", "unit": "a", "keeper": "a1", "procurement_doc_no": "x"},
        {"id": "store", "type": "storage", "unit": "a", "acquired_on": "2020-01-01"},
        {"id": "cam-6", "type": "body_camera", "unit": "b", "spec": GOOD},
    ],
    "standings": [
        {"device": "cam-4", "status": "REPAIR", "since": "2024-05-20T00:00:00+08:00", "why": "镜头"},
        {"device": "store", "status": "RETIRED", "since": "2024-05-21T00:00:00+08:00", "why": "报废", "doc_no": "邢财资处〔2024〕2号"},
        {"device": "cam-5", "status": "LOST", "since": "2024-05-21T00:00:00+08:00", "why": "丢失"},
    ],
    "allocations": [
        {"device": "cam-1", "kind": "POOL", "unit": "a-1", "valid_from": "2024-04-01T00:00:00+08:00"},
    ],
    "checkouts": [
        {  # looked at, came back the same day
            "device": "cam-1", "officer": "a1", "out_at": "2024-05-06T09:00:00+08:00",
            "in_at": "2024-05-06T18:00:00+08:00", "precheck_battery_pct": 90, "precheck_free_gb": 12,
            "clock_offset_s": 2, "clock_synced_at": "2024-05-05T09:00:00+08:00",
        },
        {  # its clock was far off
            "device": "cam-1", "officer": "a1", "out_at": "2024-05-07T09:00:00+08:00",
            "in_at": "2024-05-07T18:00:00+08:00", "precheck_battery_pct": 90, "precheck_free_gb": 12,
            "clock_offset_s": 20, "clock_synced_at": "2024-05-05T09:00:00+08:00",
        },
        {"device": "cam-1", "officer": "a2", "out_at": "2024-05-31T09:00:00+08:00"},
        {"device": "cam-2", "officer": "a5", "out_at": "2024-04-30T09:00:00+08:00", "in_at": "2024-05-02T09:00:00+08:00"},
    ],
}  # fmt: skip


@pytest.fixture
def town(either: Database) -> Database:
    with either.write() as session:
        registry.store_registry(session, RegistryFile.model_validate(TOWN), "test")
    return either


def sheet(database: Database, root: str | None = None, span: Span = SPAN, packs: RulePacks = PACKS) -> Sheet:
    with database.read() as session:
        return compliance.sheet(session, packs, span, root)


def behind(found: compliance.UnitSheet, name: str) -> list[str]:
    return sorted(one.id for one in found.line(name).behind)


def test_a_unit_with_its_sections_and_the_units_below(town: Database) -> None:
    found = sheet(town, "a")
    assert [one.unit for one in found.units] == ["a", "b"], "sections are counted in their unit"
    a, b = found.units
    values = {line.name: line.value for line in a.lines}
    assert values == {
        "officers": 7, "sections": 2, "required": 4, "held": 4, "in_service": 3, "missing": 1, "over_quota": 0,
        "to_spec": 2, "below_spec": 1, "spec_unknown": 1, "office_standard": 1, "other_types": 0, "idle": 1, "retired_early": 1,
        "keeper_missing": 0, "procurement_missing": 1, "certificates_expired": 0, "certificates_unknown": 0,
        "checks_missing": 2, "open_checkouts": 1, "checkouts": 3, "without_precheck": 1, "precheck_failed": 1,
    }  # fmt: skip
    assert (a.grade, a.grade_doc, a.pack) == ("A", "邢司〔2024〕1号", SITE.edition)
    assert behind(a, "in_service") == ["cam-1", "cam-2", "cam-3"]
    assert behind(a, "below_spec") == ["cam-2"]
    assert behind(a, "checks_missing") == ["a6", "a7"]
    assert behind(a, "idle") == ["photo"], "nobody knows since when it is in service"
    [short] = a.line("missing").behind
    assert short.finding is not None
    assert (short.id, short.finding.code) == ("a", "equipment.quota_short")
    assert {p.name: (p.required, p.in_service, p.missing) for p in a.patterns} == {
        "recorder_each": (7, 2, 5), "terminal_each_section": (2, 1, 1),
    }  # fmt: skip
    assert b.line("required").value is None
    assert (behind(b, "certificates_expired"), behind(b, "certificates_unknown")) == (["b1"], ["b2"])
    assert behind(b, "keeper_missing") == behind(b, "procurement_missing") == ["cam-6"]
    assert {p.name: p.required for p in b.patterns}["terminal_each_section"] == 1
    assert found.whole.line("officers").value == 9
    assert found.whole.line("required").value is None, "one of them is not known"
    assert (found.whole.line("in_service").value, found.whole.line("in_service").behind) == (4, ())


def test_a_section_asked_for_itself_and_all_units(town: Database) -> None:
    [section] = sheet(town, "a-1").units
    assert (section.unit, section.line("officers").value, section.line("in_service").value) == ("a-1", 4, 1)
    assert [one.unit for one in sheet(town).units] == ["a", "b", "c"]


def test_every_number_has_its_rule_and_source_and_says_whether_it_was_read(town: Database) -> None:
    a = sheet(town, "a").units[0]
    for line in a.lines:
        assert line.rule in rulepacks_rules()
        assert line.source, line.name
    required, idle = a.line("required"), a.line("idle")
    assert (required.source, required.verified) == (SITE.equipment.classes["A"].ratio.source, True)
    assert (idle.source, idle.verified) == (SITE.equipment.idle_days.source, False)
    assert not a.line("keeper_missing").verified, "R-44 was seen in a secondary place only"
    assert not sheet(town, "a").units[1].line("required").verified


def rulepacks_rules() -> set[str]:
    from gateway.rulepacks.requirements import catalogue

    return set(catalogue().requirements)


def test_a_unit_counts_by_its_own_pack_and_by_either_reading(town: Database) -> None:
    def reading(semantics: str, ratio: int | None = 2) -> RulePacks:
        told = SITE.model_dump(mode="json")
        told["id"] = "own"
        told["equipment"]["classes"]["A"] = {
            "ratio": {"value": ratio, "source": "本局规定", "verified": False}, "semantics": semantics,
        }  # fmt: skip
        return RulePacks(SITE, {"a": rulepacks.RulePack.model_validate(told)})

    cap = sheet(town, "a", packs=reading("cap")).units[0]
    assert (cap.line("required").value, cap.line("missing").value, cap.line("over_quota").value) == (3, 0, 0)
    assert (cap.line("required").source, cap.line("required").verified, cap.pack) == (
        "本局规定",
        False,
        f"own@{SITE.version}",
    )
    few = sheet(town, "a", packs=reading("floor", 7)).units[0]
    assert (few.line("over_quota").value, behind(few, "over_quota")) == (2, ["cam-1", "cam-2", "cam-3"])
    unknown = sheet(town, "a", packs=reading("floor", None)).units[0]
    assert [unknown.line(name).value for name in ("required", "missing", "over_quota")] == [None] * 3
    assert sheet(town, "b", packs=reading("floor")).units[0].pack == f"own@{SITE.version}", (
        "it holds for the units below"
    )


def test_a_sheet_of_another_day_tells_how_things_stood_then(town: Database) -> None:
    before = sheet(town, "a", Span(date(2024, 5, 1), date(2024, 5, 19), ZONE)).units[0]
    assert behind(before, "in_service") == ["cam-1", "cam-2", "cam-3", "cam-4", "cam-5"]
    assert before.line("officers").value == 8, "who left on the 31st was there"
    assert before.line("open_checkouts").value == 0
    assert behind(sheet(town, "a", Span(date(2024, 5, 1), date(2024, 5, 1), ZONE)).units[0], "open_checkouts")
    assert sheet(town, "a", Span(date(2023, 12, 1), date(2023, 12, 31), ZONE)).units[0].grade is None
    early = sheet(town, "a", Span(date(2024, 3, 1), date(2024, 3, 31), ZONE)).units[0]
    assert early.line("held").value == 0, "in service from April on"


def test_a_device_that_recorded_is_not_idle(town: Database) -> None:
    late = Span(date(2024, 9, 1), date(2024, 9, 30), ZONE)
    assert behind(sheet(town, "a", late).units[0], "idle") == ["cam-1", "cam-2", "cam-3", "photo"]
    with town.write() as session:
        at = datetime(2024, 9, 1, tzinfo=UTC)
        session.add(
            Original(
                id="clip",
                device_id="cam-3",
                name="x",
                suffix=".mp4",
                size=1,
                state=State.PRESERVED,
                sha256="x",
            )
        )
        session.flush()
        session.add(Clip(id="clip", device_id="cam-3", kind="VIDEO", started_at=at, ended_at=at))
    assert behind(sheet(town, "a", late).units[0], "idle") == ["cam-1", "cam-2", "photo"]
    assert "cam-3" in behind(
        sheet(town, "a", Span(date(2024, 8, 1), date(2024, 8, 31), ZONE)).units[0], "idle"
    )


def test_what_is_out_today_need_not_be_back_yet(town: Database) -> None:
    today = datetime.now(ZONE).date()
    span = Span(today, today, ZONE)
    assert span.moment <= datetime.now(UTC)
    assert span.day_end == datetime.combine(today, datetime.min.time(), ZONE)
    assert behind(sheet(town, "a", span).units[0], "open_checkouts"), "that of May is still open"
    with town.write() as session:
        for row in session.exec(select(Checkout).where(col(Checkout.in_at).is_(None))):
            row.out_at = datetime.now(UTC) - timedelta(seconds=1)
    if datetime.now(ZONE).date() == today:
        assert not behind(sheet(town, "a", span).units[0], "open_checkouts")


def test_units_in_a_circle_end(town: Database) -> None:
    with town.write() as session:
        registry.store_registry(
            session,
            RegistryFile.model_validate(
                {"units": [
                    {"id": "a", "name": "甲局", "parent": "a-1"},
                    {"id": "a-1", "name": "一科", "parent": "a", "is_section": True},
                ]}
            ),
            "test",
        )  # fmt: skip
    assert {one.unit for one in sheet(town).units} == {"a", "b", "c"}


def test_the_sheet_equals_a_slow_count(database: Database) -> None:
    """A random town of 30 units; each number counted anew, device by device, without a line of the sheet's code."""
    chance = random.Random(7)
    told = random_town(chance)
    with database.write() as session:
        registry.store_registry(session, RegistryFile.model_validate(told), "test")
    found = {one.unit: one for one in sheet(database).units}
    with database.read() as session:
        for unit in told["units"]:
            if not unit.get("is_section"):
                assert_counted(session, told, unit["id"], found[unit["id"]])
    assert len(found) == sum(not unit.get("is_section") for unit in told["units"])


def random_town(chance: random.Random) -> dict[str, Any]:
    units: list[dict[str, Any]] = [{"id": f"u{number}", "name": f"u{number}"} for number in range(12)]
    units += [
        {"id": f"s{number}", "name": "科", "parent": f"u{chance.randrange(12)}", "is_section": True}
        for number in range(18)
    ]
    ids = [unit["id"] for unit in units]
    officers = []
    for number in range(150):
        officer = {"id": f"o{number}", "name": "人", "unit": chance.choice(ids)}
        if chance.random() < 0.9:
            officer |= {
                "cert_valid_from": "2020-01-01",
                "cert_valid_to": chance.choice(["2024-01-01", "2028-01-01"]),
            }
        officers.append(officer)
    devices = []
    for number in range(200):
        device: dict[str, Any] = {
            "id": f"d{number}", "unit": chance.choice(ids),
            "type": chance.choice(["body_camera", "handheld_terminal", "camera", "storage"]),
        }  # fmt: skip
        if chance.random() < 0.7:
            device["keeper"] = "o1"
        if chance.random() < 0.7:
            device["spec"] = {**GOOD, "storage_gb": chance.choice([8, 16, 64])}
        devices.append(device)
    standings = [
        {"device": device["id"], "status": chance.choice(["REPAIR", "LOST", "SUSPENDED"]), "why": "x",
         "since": f"2024-0{chance.choice([3, 6])}-01T00:00:00+08:00"}
        for device in devices if chance.random() < 0.3
    ]  # fmt: skip
    grades = [
        {"unit": f"u{number}", "grade": "A", "doc_no": "x", "valid_from": "2024-01-01"}
        for number in range(12) if number % 3
    ]  # fmt: skip
    return {
        "units": units,
        "officers": officers,
        "devices": devices,
        "standings": standings,
        "classes": grades,
    }


def assert_counted(session: Session, told: dict[str, Any], unit: str, found: compliance.UnitSheet) -> None:
    mine = {unit} | {one["id"] for one in told["units"] if one.get("parent") == unit}
    officers = [one for one in told["officers"] if one["unit"] in mine]
    began = {one["device"]: one for one in told["standings"] if one["since"] < "2024-05-31"}
    recorders, in_service, good, keeperless = [], [], [], []
    for device in told["devices"]:
        status = began[device["id"]]["status"] if device["id"] in began else "IN_SERVICE"
        if device["unit"] not in mine or status == "LOST":
            continue
        if "keeper" not in device:
            keeperless.append(device["id"])
        if device["type"] in {"body_camera", "handheld_terminal"}:
            recorders.append(device["id"])
            in_service += [device["id"]] if status == "IN_SERVICE" else []
            good += [device["id"]] if device.get("spec", {}).get("storage_gb", 0) >= 16 else []
    expired = [one["id"] for one in officers if one.get("cert_valid_to", "9") < "2024-05-31"]
    classed = any(one["unit"] == unit for one in told["classes"])
    required = (len(officers) + 1) // 2 if classed else None
    assert found.line("required").value == required
    assert found.line("missing").value == (None if required is None else max(0, required - len(in_service)))
    assert found.line("over_quota").value == (
        None if required is None else max(0, len(in_service) - required)
    )
    for name, expected in (
        ("officers", [one["id"] for one in officers]), ("held", recorders), ("in_service", in_service),
        ("to_spec", good), ("keeper_missing", keeperless), ("certificates_expired", expired),
    ):  # fmt: skip
        assert behind(found, name) == sorted(expected), (unit, name)
        assert found.line(name).value == len(expected)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Import, classify, change a status, correct it, ask who had it, print the sheet."""
    config, told = tmp_path / "devices.yaml", tmp_path / "registry.json"
    config.write_text("site: t\ndata: data\ndevices: []\n")
    told.write_text(json.dumps({**TOWN, "classes": []}), encoding="utf-8")
    listed = tmp_path / "more.csv"
    listed.write_text("设备编号,设备类型\nmore-1,录音机\n", encoding="utf-8")

    def run(*words: str) -> str:
        assert main(["--config", str(config), "equipment", *words]) == 0
        return capsys.readouterr().out

    run("import", str(told))
    run("import", str(listed), "--unit", "c")
    run("class", "a", "a", "--doc", "邢司〔2024〕1号", "--from", "2024-01-01")
    run("check", "a7", "passed", "--from", "2024-01-01", "--to", "2024-12-31")
    said = run("status", "cam-1", "suspended", "--from", "2024-05-25T08:00", "--why", "盘点")
    life = run("status", "cam-1")
    assert "停用" in life
    assert "登记时的状态" in life
    entry = said.split("（")[1].split("）")[0]
    run("status", "cam-1", "repair", "--from", "2024-05-25T08:00", "--why", "误登", "--replaces", entry)
    held = json.loads(run("holder", "cam-1", "--at", "2024-05-31T10:00"))
    assert (held["officer"], held["status"], held["kind"]) == ("a2", "REPAIR", "CHECKOUT")
    told_json = json.loads(run("sheet", "--unit", "a", "--on", "2024-05-31", "--json"))
    lines = {line["name"]: line for line in told_json["units"][0]["lines"]}
    assert [item["id"] for item in lines["in_service"]["behind"]] == ["cam-2", "cam-3"]
    assert lines["checks_missing"]["value"] == 1
    assert lines["below_spec"]["behind"][0]["why"]["zh"] == "技术参数未达标：存储（GB） 8 < 16"
    shown = run("sheet", "--on", "2024-05-31")
    for word in ("甲局", "A 类", "应配", "待核实", "不明", "另一算法", "合计 3 个单位"):
        assert word in shown, word
    for wrong in (
        ["status", "cam-1", "LOST"],
        ["status", "nobody"],
        ["class", "a", "D", "--doc", "x", "--from", "2024-01-01"],
        ["sheet", "--unit", "nobody"],
        ["sheet", "--on", "yesterday"],
        ["status", "cam-1", "RETIRED", "--from", "2024-06-01T08:00", "--why", "报废"],
    ):
        assert main(["--config", str(config), "equipment", *wrong]) == 2
        assert capsys.readouterr().err


def test_the_demo_and_the_sample_still_have_their_devices(database: Database) -> None:
    """A device that nobody entered a standing of stands as it was registered."""
    with database.write() as session:
        session.add(Device(id="old", type="body_camera"))
    with database.read() as session:
        assert (
            holdings.status_of(session, session.get_one(Device, "old"), datetime(2020, 1, 1, tzinfo=UTC))
            == "IN_SERVICE"
        )


def test_the_example_of_the_docs_comes_in(database: Database, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "equipment.md").read_text(encoding="utf-8")
    example = tmp_path / "registry.yaml"
    example.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    with database.write() as session:
        session.add(Device(id="cam-01", type="body_camera"))
        session.add(Device(id="cam-02", type="body_camera"))
    given = registry.read_registry(example)
    with database.write() as session:
        registry.store_registry(session, given, "test")
    with database.read() as session:
        assert session.get_one(Device, "cam-01").status == "REPAIR"
        assert session.exec(select(Checkout)).one().precheck_battery_pct == 92
    columns = page.split("Columns of a list: ")[1].split(". An unknown")[0].replace("\n", " ").split(", ")
    known = set(device_lists.HEADERS)
    assert {column.removesuffix(" (needed)").strip() for column in columns} <= known
