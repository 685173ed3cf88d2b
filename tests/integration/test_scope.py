"""Item lists, statements and the board, through commands and API, to a chain of custody that holds."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import col, select
from starlette.testclient import TestClient

from api.signin import add_key, add_user
from gateway import audit, rulepacks
from gateway.cli import main
from gateway.config import load
from gateway.database import Database
from gateway.law import Law
from gateway.live import LiveFolder
from gateway.models import (
    Activity,
    Clip,
    CustodyEvent,
    Device,
    Link,
    Officer,
    Original,
    Role,
    ScopeItem,
    ScopeList,
    State,
    Statement,
)
from gateway.opening import open_database
from gateway.store import LocalStore
from tests.client import client_of

NINE = datetime(2026, 8, 4, 1, tzinfo=UTC)
GOOD = "序号,记录环节,记录方式,开始记录时间,结束记录时间,储存期限\n1,现场检查,执法记录仪,进入检查场所,离开检查场所,3年\n"
SHIFTED = GOOD + "2,,听证,视频监控,进入听证室,听证结束\n"
CASES = [
    {
        "uid": f"k-{unit}", "title": "案", "unit": unit, "handlers": [],
        "activities": [
            {"id": f"{unit}-check", "kind": "现场检查", "started_at": "2026-08-04T09:00:00+08:00", "ended_at": "2026-08-04T09:30:00+08:00"},
            {"id": f"{unit}-night", "kind": "强制拆除", "stage": "送达执行", "started_at": "2026-08-04T23:00:00+08:00", "ended_at": "2026-08-04T23:30:00+08:00"},
            {"id": f"{unit}-moon", "kind": "月面执法", "started_at": "2026-08-05T09:00:00+08:00", "ended_at": "2026-08-05T09:30:00+08:00"},
        ],
    }
    for unit in ("u", "below", "v")
]  # fmt: skip


class Office:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.config = folder / "devices.yaml"
        (folder / "own.yaml").write_text(
            "extends: hebei-xingtai-2019\nid: v-own\nversion: 1\nscope:\n  coverage_ratio: {value: 0.5, source: 本局规定, verified: true}\n"
            "  holidays:\n    2026: {value: [2026-08-04], source: 本局, verified: true}\n",
            encoding="utf-8",
        )
        settings = {"devices": [], "store": {"reserve_mb": 1}, "unit_rule_packs": {"v": "own.yaml"}}
        self.config.write_text(yaml.safe_dump(settings))
        registry = {
            "units": [
                {"id": "u", "name": "市局"},
                {"id": "below", "name": "分局", "parent": "u"},
                {"id": "v", "name": "县局"},
            ]
        }
        (folder / "registry.yaml").write_text(yaml.safe_dump(registry, allow_unicode=True), encoding="utf-8")
        (folder / "cases.json").write_text(json.dumps(CASES))
        self.run("devices", "import", folder / "registry.yaml")
        self.run("cases", "import", folder / "cases.json")

    def run(self, *arguments: object, expect: int = 0) -> str:
        self.capsys.readouterr()
        assert main(["--config", str(self.config), *map(str, arguments)]) == expect
        told = self.capsys.readouterr()
        return told.out + told.err

    def write(self, text: str, name: str = "list.csv") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="gb18030")
        return path

    def database(self) -> Database:
        return open_database(load(self.config))

    def clip(self, activity: str, start: datetime, minutes: float, device: str = "cam") -> None:
        with self.database().write() as session:
            if session.get(Device, device) is None:
                session.add(Device(id=device, type="body_camera", unit_id="u"))
                session.flush()
            name = f"{activity}-{device}-{start:%H%M}"
            session.add(
                Original(
                    id=name,
                    device_id=device,
                    name="x",
                    suffix=".mp4",
                    size=1,
                    state=State.FOUND,
                    found_at=start,
                )
            )
            session.flush()
            session.add(
                Clip(
                    id=name,
                    device_id=device,
                    kind="VIDEO",
                    started_at=start,
                    ended_at=start + timedelta(minutes=minutes),
                )
            )
            session.flush()
            case = f"k-{activity.partition('-')[0]}"
            session.add(
                Link(
                    clip_id=name,
                    case_uid=case,
                    activity_id=activity,
                    verdict="VALID",
                    score=1,
                    reasons=[],
                    rule_pack="p",
                )
            )


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


@pytest.fixture
def client(office: Office, store: LocalStore, tmp_path: Path) -> Iterator[TestClient]:
    database = office.database()
    with database.write() as session:
        _, key = add_key(session, add_user(session, "e", None, Role.EVIDENCE, "u"), "test")

    with client_of(database, store, LiveFolder(tmp_path), Law.of(load(office.config))) as made:
        made.headers["x-api-key"] = key
        yield made


SPAN = {"since": "2026-08-01T00:00:00+08:00", "until": "2026-08-31T00:00:00+08:00"}


def obligations(client: TestClient, **more: object) -> dict[str, Any]:
    told = client.get("/api/v1/obligations", params={**SPAN, **more})  # type: ignore[arg-type]
    assert told.status_code == 200, told.text
    return {one["activity"]: one for one in told.json()["items"]}


def test_a_list_with_a_shifted_row_is_refused_and_nothing_is_stored(
    office: Office, client: TestClient
) -> None:
    path = office.write(SHIFTED)
    said = office.run("scope", "import", path, "--unit", "u", "--from", "2026-01-01", expect=1)
    assert "第 3 行" in said
    assert "C3" in said
    body = {
        "name": "list.csv",
        "valid_from": "2026-01-01T00:00:00+08:00",
        "content": base64.b64encode(path.read_bytes()).decode(),
    }
    answer = client.post("/api/v1/units/u/scope", json=body)
    assert answer.status_code == 422
    assert {(one["facts"]["row"], one["facts"]["cell"]) for one in answer.json()["errors"]} >= {
        ("3", "C3"),
        ("3", "D3"),
    }
    with office.database().read() as session:
        assert session.exec(select(ScopeList)).all() == session.exec(select(ScopeItem)).all() == []


def test_importing_tells_how_each_line_is_understood(office: Office) -> None:
    lines = "序号,记录环节,记录要求\n1,现场检查,全程记录\n2,送达,摄影留痕\n"
    told = office.run("scope", "import", office.write(lines), "--unit", "u", "--from", "2026-08-04")
    assert "第 2 行 现场检查：全程" in told
    assert "第 3 行：没有写明全程还是部分" in told
    assert "第 2 行：没有写明" not in told


def test_a_misspelt_unit_or_case_is_told_and_not_answered_with_zeros(
    office: Office, client: TestClient
) -> None:
    assert "没有单位 nosuch" in office.run("board", "--unit", "nosuch", expect=2)
    assert "没有案件 nosuch" in office.run("board", "--case", "nosuch", expect=2)
    for path in ("board", "obligations"):
        for name, there in (("unit", "u"), ("case", "k-u")):
            assert client.get(f"/api/v1/{path}", params={name: "nosuch"}).status_code == 404
            assert client.get(f"/api/v1/{path}", params={name: there}).status_code == 200


def test_a_misspelt_officer_or_stage_is_told_as_well(office: Office, client: TestClient) -> None:
    """One whom only the steps name is known, and a stage that only the rule pack knows."""
    with office.database().write() as session:
        session.add(Officer(id="li", name="李", unit_id="u"))
        session.add(Officer(id="far", name="远", unit_id="v"))
        session.get_one(Activity, "u-night").officers = ["by-hand"]
    span = ("--since", "2026-08-01", "--until", "2026-08-31")
    assert "没有人员 nosuch" in office.run("board", *span, "--officer", "nosuch", expect=2)
    told = office.run("board", *span, "--stage", "nosuch", expect=2)
    assert "没有阶段 nosuch" in told
    assert "启动" in told, "what there is"
    for known, overdue in ((("--officer", "li"), 0), (("--officer", "by-hand"), 1), (("--stage", "启动"), 0)):
        office.run("board", *span, *known, expect=overdue)
    for path in ("board", "obligations"):

        def status(path: str = path, **asked: str) -> int:
            return client.get(f"/api/v1/{path}", params={**SPAN, **asked}).status_code

        assert [status(officer=one) for one in ("nosuch", "far")] == [404, 404], (
            "another unit's are no business"
        )
        assert status(stage="nosuch") == 404
        known_ones = ({"officer": "li"}, {"officer": "by-hand", "standing": "EXEMPT"}, {"stage": "启动"})
        assert [status(**asked) for asked in known_ones] == [200, 200, 200]


def test_the_api_tells_how_each_line_is_understood(office: Office, client: TestClient) -> None:
    """At the import and later, as the command prints it."""
    lines = "序号,记录环节,记录要求\n1,现场检查,全程记录\n2,送达,摄影留痕\n"
    given = {
        "name": "a.csv",
        "valid_from": "2026-08-04T00:00:00+08:00",
        "content": base64.b64encode(lines.encode()).decode(),
    }
    made = client.post("/api/v1/units/u/scope", json=given)
    assert made.status_code == 201, made.text
    shown = client.get("/api/v1/units/u/scope", params={"at": "2026-08-05T00:00:00+08:00"}).json()
    for told in (made.json()["items"], shown["items"]):
        assert [(one["row"], one["mode"], one["written"]["step"]) for one in told] == [
            (2, "FULL", "现场检查"), (3, "PARTIAL", "送达"),
        ]  # fmt: skip
        assert told[0]["warning"] is None
        assert told[1]["warning"]["code"] == "scope.no_mode"
        assert "第 3 行：没有写明全程还是部分" in told[1]["warning"]["zh"]
        assert "the key parts" in told[1]["warning"]["en"]
    assert made.json()["id"] == shown["edition"]["id"]


def test_a_list_holds_from_its_day_for_the_unit_and_those_below(office: Office, client: TestClient) -> None:
    assert obligations(client)["u-check"]["mode"] == "PARTIAL"
    office.run("scope", "import", office.write(GOOD), "--unit", "u", "--from", "2026-08-04")
    told = obligations(client)
    assert (told["u-check"]["mode"], told["u-check"]["by_frame"], told["u-check"]["by_list"]) == (
        "FULL",
        "PARTIAL",
        "FULL",
    )
    assert told["below-check"]["mode"] == "FULL"
    later = GOOD.replace("现场检查", "月面执法")
    office.run("scope", "import", office.write(later), "--unit", "below", "--from", "2026-08-01")
    told = obligations(client)
    assert (told["below-check"]["mode"], told["below-moon"]["mode"], told["u-check"]["mode"]) == (
        "PARTIAL",
        "FULL",
        "FULL",
    )
    office.run("scope", "import", office.write(later), "--unit", "u", "--from", "2026-08-04")
    assert obligations(client)["u-check"]["mode"] == "PARTIAL", "a correction of the same day takes its place"
    office.run("scope", "import", office.write(GOOD), "--unit", "u", "--from", "2026-08-06")
    assert obligations(client)["u-check"]["mode"] == "PARTIAL", "what holds later does not reach back"
    with office.database().read() as session:
        assert len(session.exec(select(ScopeList)).all()) == 4
        assert (
            len(session.exec(select(ScopeList).where(col(ScopeList.superseded_at).is_not(None))).all()) == 1
        )
    shown = client.get("/api/v1/units/u/scope", params={"at": "2026-08-07T00:00:00+08:00"}).json()
    assert shown["edition"]["valid_from"].startswith("2026-08-05T16:00")
    assert {one["id"]: one["mode"] for one in shown["kinds"]}["inspection"] == "FULL"
    assert shown["items"][0]["kinds"] == ["inspection"]
    assert "现场检查" in office.run("scope", "show", "--unit", "u", "--from", "2026-08-07")


def test_statements_excuse_and_explain_and_are_corrected_not_overwritten(
    office: Office, client: TestClient
) -> None:
    path = "/api/v1/activities/u-night"
    assert obligations(client)["u-night"]["standing"] == "OVERDUE"
    first = client.post(f"{path}/statements", json={"kind": "OMISSION", "ground": "secret"}).json()
    told = obligations(client)["u-night"]
    assert (told["standing"], {one["code"] for one in told["reasons"] if not one["passed"]}) == (
        "OVERDUE", {"duty.overdue", "omission.incomplete", "rest.night"},
    )  # fmt: skip
    given = (
        "--ground",
        "secret",
        "--why",
        "涉及商业秘密",
        "--work-record",
        "工1",
        "--reported-to",
        "局长",
        "--approved-by",
        "局长",
    )
    office.run(
        "scope", "omit", "u-night", *given, "--approved-at", "2026-08-05T09:00", "--replaces", first["id"]
    )
    office.run("scope", "urgent", "u-night", "--why", "房屋随时倒塌")
    told = obligations(client)["u-night"]
    assert (told["standing"], [one["code"] for one in told["reasons"] if not one["passed"]]) == ("EXEMPT", [])
    kept = client.get(f"{path}/coverage").json()["statements"]
    assert [(one["kind"], one["superseded_at"] is None) for one in kept] == [
        ("OMISSION", False),
        ("OMISSION", True),
        ("URGENCY", True),
    ]
    office.run("scope", "omit", "u-night", "--ground", "weather", expect=2)
    office.run("scope", "omit", "nowhere", "--ground", "secret", expect=2)
    for wrong in (
        {"kind": "GAP"},
        {"kind": "OMISSION", "ground": "battery"},
        {"kind": "OMISSION", "ground": "secret", "replaces": first["id"]},
    ):
        assert client.post(f"{path}/statements", json=wrong).status_code == 409
    assert client.post("/api/v1/activities/v-check/statements", json={"kind": "AWAY"}).status_code == 404


def test_a_gap_its_reason_and_two_recorders(office: Office, client: TestClient) -> None:
    night = datetime(2026, 8, 4, 15, tzinfo=UTC)
    office.clip("u-night", night, 10)
    office.clip("u-night", night + timedelta(minutes=5), 10, "other")
    office.clip("u-night", night + timedelta(minutes=20), 10)
    told = obligations(client, standing="PARTIAL")["u-night"]
    [gap] = told["gaps"]
    assert (gap["start"], gap["seconds"], gap["cause"], gap["explained"]) == (
        "2026-08-04T15:15:00Z",
        300.0,
        None,
        False,
    )
    office.run(
        "scope",
        "gap",
        "u-night",
        "--ground",
        "battery",
        "--why",
        "更换电池",
        "--since",
        "2026-08-04T23:15",
        "--until",
        "2026-08-04T23:20",
    )
    shown = client.get("/api/v1/activities/u-night/coverage").json()
    [gap] = shown["obligation"]["gaps"]
    assert (gap["cause"], gap["explained"]) == ("battery", True)
    only = {
        one["device"]: [(span["start"], span["seconds"]) for span in one["only_here"]]
        for one in shown["recorders"]
    }
    assert only == {
        "cam": [("2026-08-04T15:00:00Z", 300.0), ("2026-08-04T15:20:00Z", 600.0)],
        "other": [("2026-08-04T15:10:00Z", 300.0)],
    }


def test_a_unit_of_its_own_rules_is_judged_by_them(office: Office, tmp_path: Path, store: LocalStore) -> None:
    night = datetime(2026, 8, 4, 15, tzinfo=UTC)
    for unit in ("u", "v"):
        office.clip(f"{unit}-night", night, 20)
    said = office.run(
        "board", "--since", "2026-08-01", "--until", "2026-08-31", "--rows", "--by", "unit", expect=1
    )
    assert "不完整" in said
    assert "月面执法 (3)" in said
    database = office.database()
    with database.write() as session:
        _, key = add_key(session, add_user(session, "a", None, Role.ADMIN, None), "test")
    with client_of(database, store, LiveFolder(tmp_path), Law.of(load(office.config))) as client:
        client.headers["x-api-key"] = key
        told = obligations(client)
        assert (told["u-night"]["standing"], told["v-night"]["standing"]) == ("PARTIAL", "ARRIVED")
        codes = {
            name: {one["code"] for one in told[name]["reasons"] if not one["passed"]}
            for name in ("u-night", "v-night")
        }
        assert ("rest.holiday" in codes["u-night"], "rest.holiday" in codes["v-night"]) == (False, True)
        board = client.get("/api/v1/board", params={**SPAN, "by": "unit"}).json()
        assert [(one["key"], one["name"], one["tally"]["expected"]) for one in board["groups"]] == [
            ("below", "分局", 3),
            ("u", "市局", 3),
            ("v", "县局", 3),
        ]
        assert (board["totals"]["arrived"], board["totals"]["partial"], board["totals"]["overdue"]) == (
            1,
            1,
            7,
        )
        assert board["unknown_kinds"] == [{"kind": "月面执法", "steps": 3}]
        only = client.get("/api/v1/board", params={**SPAN, "unit": "u", "by": "stage"}).json()
        assert {one["key"]: one["tally"]["expected"] for one in only["groups"]} == {
            "调查取证": 4,
            "送达执行": 2,
        }


def test_a_person_reads_from_the_board_who_when_and_why(office: Office, client: TestClient) -> None:
    night = datetime(2026, 8, 4, 15, tzinfo=UTC)
    office.clip("u-night", night, 10)
    office.clip("u-night", night + timedelta(minutes=20), 10)
    when = "--since", "2026-08-04T23:10", "--until", "2026-08-04T23:20"
    office.run("scope", "gap", "u-night", "--ground", "battery", "--why", "更换电池", *when)
    [gap] = obligations(client)["u-night"]["gaps"]
    assert gap["reason"]["zh"] == "2026-08-04 23:10 起中断 600 秒：电池耗尽（人员说明）"
    asked = "board", "--since", "2026-08-01", "--until", "2026-08-31", "--rows", "--unit", "u"
    told = office.run(*asked, "--stage", "送达执行", "--standing", "PARTIAL")
    assert told.splitlines()[-7:] == [
        "不完整  强制拆除  2026-08-04 23:00–23:30  u-night",
        "    案 k-u，市局 u",
        "    没有写明执法人员；送达执行",
        "    按三项制度要求：全程音像记录，已录 66.6%",
        "    · 应全程记录，只有 66.6%（要求 98%）",
        "    · 行政强制执行在夜间实施（2026-08-04 23:00），须说明紧急情况",
        "    · 2026-08-04 23:10 起中断 600 秒：电池耗尽（人员说明）",
    ]
    assert "另有 3 条未显示" in office.run(*asked, "--failing", "--limit", "3", expect=1)
    assert "另有" not in office.run(*asked, "--limit", "0", expect=1)


def test_pages_of_rows_and_groups(office: Office, client: TestClient) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        params = {**SPAN, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/obligations", params=params).json()
        seen += [one["activity"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["u-moon", "below-moon", "u-night", "below-night", "u-check", "below-check"]
    first = client.get("/api/v1/board", params={**SPAN, "by": "case", "limit": 1}).json()
    second = client.get(
        "/api/v1/board", params={**SPAN, "by": "case", "limit": 1, "cursor": first["next"]}
    ).json()
    assert [first["groups"][0]["key"], second["groups"][0]["key"], second["next"]] == ["k-below", "k-u", None]
    for wrong in (
        {"cursor": "x"},
        {"cursor": "2026-08-04T00:00:00 x"},
        {"until": SPAN["since"]},
        {"since": "2020-01-01T00:00:00Z"},
    ):
        assert client.get("/api/v1/obligations", params={**SPAN, **wrong}).status_code == 422, wrong
    assert client.get("/api/v1/board", params={"stnding": "MISSING"}).status_code == 422


def test_every_row_is_vouched_for_and_an_edited_one_is_named(
    office: Office, client: TestClient, store: LocalStore
) -> None:
    office.run("scope", "import", office.write(GOOD), "--unit", "u", "--from", "2026-08-04")
    office.run(
        "scope",
        "import",
        office.write(GOOD + "2,听证,视频监控,进入听证室,听证结束,永久\n"),
        "--unit",
        "u",
        "--from",
        "2026-08-04",
    )
    made = client.post("/api/v1/activities/u-night/statements", json={"kind": "URGENCY", "why": "房屋倒塌"})
    assert made.status_code == 201
    database = office.database()

    def differences() -> list[str]:
        with database.read() as session:
            found = [str(one) for one in (*audit.chains(session), *audit.rows(session))]
        return [one for one in found if "row account" not in one and "row apikey" not in one]

    assert differences() == []
    with database.read() as session:
        events = session.exec(
            select(CustodyEvent.event).where(
                col(CustodyEvent.event).in_(["SCOPE_LIST_IMPORTED", "RECORDING_STATED"])
            )
        )
        assert sorted(events) == ["RECORDING_STATED", "SCOPE_LIST_IMPORTED", "SCOPE_LIST_IMPORTED"]
    with database.write() as session:
        session.exec(select(Statement)).one().why = "别的"
        session.exec(select(ScopeItem).where(ScopeItem.row == 3)).one().keep = "1年"
    assert len(differences()) == 2


def test_a_broken_pack_is_told_in_words(office: Office) -> None:
    pack = office.folder / "own.yaml"
    pack.write_text(
        pack.read_text(encoding="utf-8").replace("source: 本局规定", "source: ' '"), encoding="utf-8"
    )
    rulepacks.load.cache_clear()
    assert "own.yaml:5" in office.run("board", expect=2)


def test_an_import_tells_of_a_unit_that_nobody_knew(office: Office) -> None:
    """It becomes a unit of its own, which a misspelt one should not do without a word."""
    path = office.folder / "more.json"
    path.write_text(json.dumps([{"uid": "m1", "title": "案", "unit": "nix"}]))
    assert "unit nix was not known" in office.run("cases", "import", path)
    assert "not known" not in office.run("cases", "import", path)
