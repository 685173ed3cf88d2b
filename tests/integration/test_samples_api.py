"""Samples by API: a stranger works out the draw from the answer alone; units see their own cases; files."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.signin import add_key, add_user
from gateway.cli import main
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import Role
from gateway.store import LocalStore
from tests.client import client_of
from tests.integration import test_samples
from tests.integration.test_samples import LAW, seed

SOON = test_samples.SOON.isoformat()


@dataclass
class Api:
    client: TestClient
    keys: dict[str, str]
    folder: Path

    def get(self, who: str, path: str, expected: int = 200) -> Any:
        answer = self.client.get(f"/api/v1{path}", headers={"x-api-key": self.keys[who]})
        assert answer.status_code == expected, answer.text
        return answer

    def post(self, who: str, path: str, expected: int = 201, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1{path}", json=body, headers={"x-api-key": self.keys[who]})
        assert answer.status_code == expected, answer.text
        return answer.json()


@pytest.fixture
def api(database: Database, store: LocalStore, tmp_path: Path) -> Iterator[Api]:
    keys = {}
    with database.write() as session:
        seed(session)
        for name, role, unit in (
            ("justice", Role.SUPERVISOR, "city"), ("east", Role.EVIDENCE, "east"), ("chief", Role.SUPERVISOR, "east"),
            ("other", Role.SUPERVISOR, "other"),
        ):  # fmt: skip
            keys[name] = add_key(session, add_user(session, name, None, role, unit), "test")[1]
    (tmp_path / "devices.yaml").write_text(
        f"database: sqlite:///{tmp_path / 'gateway.sqlite'}\ndevices: []\n"
    )
    with client_of(database, store, LiveFolder(tmp_path), law=LAW) as client:
        yield Api(client, keys, tmp_path)


def test_a_stranger_draws_the_same_from_the_answer_alone(api: Api) -> None:
    made = api.post("justice", "/samples", unit="city", period="2026-H1", count=4)
    sample = api.get("justice", f"/samples/{made['id']}").json()
    frame, seed = sample["frame"], sample["seed"]
    written = json.dumps(frame, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(written.encode()).hexdigest() == sample["frame_digest"]
    assert hashlib.sha256(sample["seal"].encode()).hexdigest() == seed
    assert json.loads(sample["seal"])["detail"]["frame"] == sample["frame_digest"]
    drawn = sorted(frame, key=lambda case: hashlib.sha256(f"{seed}\n{case}".encode()).hexdigest())[:4]
    assert [one["case"] for one in sample["cases"]] == drawn
    assert sample["faults"] == []


def test_a_unit_sees_its_own_cases_of_a_sample_and_nothing_of_another(api: Api) -> None:
    made = api.post("justice", "/samples", unit="city", period="2026-H1", count=50)
    own = api.get("east", f"/samples/{made['id']}").json()
    assert {one["unit"] for one in own["cases"]} == {"east"}
    assert (own["frame"], own["seal"], own["candidates"]) == (None, None, 10)
    api.get("other", f"/samples/{made['id']}", 404)
    api.get("east", f"/samples/{made['id']}/cases/k01", 404)
    assert api.get("east", f"/samples/{made['id']}/cases/k00").json()["steps"][0]["standing"] == "PARTIAL"
    refused = api.post("chief", "/samples", 404, unit="city", period="2026-H1", count=1, why="再抽")
    assert refused["status"] == 404, "who supervises one bureau draws for that bureau"
    api.post("east", "/samples", 403, unit="east", period="2026-H1", count=1)
    sheets = load_workbook(io.BytesIO(api.get("east", f"/samples/{made['id']}/sheets?format=xlsx").content))
    assert "候选清单" not in sheets.sheetnames
    texts = [str(cell.value) for sheet in sheets.worksheets for row in sheet.iter_rows() for cell in row]
    assert not any("第 1 案" in text for text in texts)


def test_remarks_by_api_and_who_drew_again(api: Api) -> None:
    made = api.post("justice", "/samples", unit="east", period="2026-H1", count=50)
    again = api.post("justice", "/samples", 409, unit="east", period="2026-H1", count=50)
    assert again["code"] == "sample.again"
    path = f"/samples/{made['id']}/cases/k00/remarks"
    fault = api.post("justice", path, result="FAULTY", remark="缺半小时", due_on=SOON)
    api.post("east", path, 403, result="SOUND")
    assert api.post("justice", path, 409, result="SOUND")["code"] == "sample.fault_stands"
    [case] = [
        one for one in api.get("east", f"/samples/{made['id']}").json()["cases"] if one["case"] == "k00"
    ]
    assert (case["checked"], case["remarks"][0]["due_on"]) == ("OPEN", SOON)
    api.post("justice", path, result="SETTLED", remark="已补", answers=fault["id"])
    api.post("justice", f"/samples/{made['id']}/cases/k19/remarks", 404, result="SOUND")


def test_sheets_as_files_are_on_record(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    made = api.post("justice", "/samples", unit="east", period="2026-H1", count=50)["id"]
    answer = api.get("justice", f"/samples/{made}/sheets?format=pdf&case=k00")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for words in (
        "全过程记录抽查表",
        "电池耗尽",
        "=甲公司",
        "有效（附注）",
        "尚缺标注：证明对象",
        "张三",
        "检查人（签名）",
        made,
    ):
        assert words in text.replace("\n", ""), words
    listed = api.get("justice", f"/reports/files?sha256={answer.headers['x-sha256']}").json()["items"]
    assert [(one["kind"], one["sample_id"], one["made_by"]) for one in listed] == [
        ("sheets", made, "justice")
    ]
    config = ["--config", str(api.folder / "devices.yaml")]
    out = api.folder / "s.xlsx"
    assert main(["sample", "sheets", made, "--out", str(out), *config]) == 0
    book = load_workbook(out)
    assert book.sheetnames[:3] == ["封面", "抽样结果", "1"]
    assert main(["sample", "check", made, *config]) == 0
    assert "与重新计算的结果一致" in capsys.readouterr().out
    assert main(["sample", "draw", "east", "--period", "2026-H1", "--count", "2", *config]) == 1
    assert (
        main(["sample", "draw", "east", "--period", "2026-H1", "--count", "2", "--why", "复核", *config]) == 0
    )
    assert "第 2 次 复核" in capsys.readouterr().out
    assert main(["sample", "remark", made, "--case", "k00", "--result", "sound", *config]) == 0
    assert main(["sample", "list", *config]) == 0
    assert "合格 1" in capsys.readouterr().out
