"""What commands say of what they did: whole, in local time, in the reader's words."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from gateway.cli import main

REGISTRY = {
    "units": [{"id": "xt", "name": "市局"}],
    "rooms": [{"id": "r1", "name": "第一询问室", "unit": "xt"}],
    "officers": [{"id": name, "name": name, "unit": "xt"} for name in ("zhang", "li")],
    "devices": [{"id": "cam-1", "serial_no": "A1"}],
    "allocations": [{"device": "cam-1", "officer": "zhang", "valid_from": "2024-01-01T00:00:00+08:00"}],
}
NUMBER = "冀邢市监罚〔2024〕27号"


class Desk:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.config = folder / "devices.yaml"
        camera = {"id": "cam-1", "driver": "volume", "path": "card", "unit": "xt"}
        self.config.write_text(yaml.safe_dump({"devices": [camera]}))

    def says(self, *words: object, code: int = 0) -> str:
        assert main(["--config", str(self.config), *map(str, words)]) == code
        told = self.capsys.readouterr()
        return told.out + told.err

    def file(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(content, ensure_ascii=False))
        return path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def lines_of(said: str) -> list[str]:
    return [line.partition(": ")[2] for line in said.splitlines()]


def test_an_import_says_what_was_new_changed_and_there_already(desk: Desk) -> None:
    first = desk.says("devices", "import", desk.file("r.json", REGISTRY))
    new = ["units: 1 changed", "rooms: 1 new", "officers: 2 new", "devices: 1 changed", "allocations: 1 new"]
    assert lines_of(first) == new
    again = lines_of(desk.says("devices", "import", desk.folder / "r.json"))
    assert again == [
        "units: 1 unchanged", "rooms: 1 unchanged", "officers: 2 unchanged", "devices: 1 unchanged",
        "allocations: 1 unchanged",
    ]  # fmt: skip
    officers = [
        *REGISTRY["officers"][:1],
        {"id": "li", "name": "李", "unit": "xt"},
        {"id": "wu", "name": "吴", "unit": "xt"},
    ]
    more = desk.says("equipment", "import", desk.file("m.json", {"officers": officers}))
    assert lines_of(more) == ["officers: 1 new, 1 changed, 1 unchanged"]
    assert lines_of(desk.says("devices", "import", desk.file("e.json", {}))) == ["nothing in it"]


def case(uid: str, **more: object) -> dict[str, object]:
    paper = {"id": f"{uid}-d", "type": "检查(勘验)笔录", "number": f"冀邢市监一笔〔2024〕{uid[1:]}号"}
    return {"uid": uid, "title": "案", "numbers": [NUMBER], "documents": [paper], **more}


def test_two_cases_with_one_number_are_told_of(desk: Desk) -> None:
    said = desk.says("cases", "import", desk.file("c.json", [case("k1"), case("k2")]))
    assert "2 cases, 2 new" in said
    assert said.count(f"number {NUMBER}: of case k1 and of case k2; kept") == 1
    third = desk.says(
        "cases", "import", desk.file("d.json", [case("k3", numbers=["冀邢市监罚〔2024〕28号"])])
    )
    assert "number 冀" not in third


def test_officers_whom_nobody_knows_are_told_of_once_each(desk: Desk) -> None:
    desk.says("devices", "import", desk.file("r.json", REGISTRY))
    step = {
        "id": "a", "kind": "现场检查", "started_at": "2024-05-01T09:00:00+08:00",
        "ended_at": "2024-05-01T10:00:00+08:00", "officers": ["zhang", "zhagn"],
    }  # fmt: skip
    told = case("k1", unit="xt", activities=[step], handlers=["li", {"cert_no": "冀E001"}, {"name": "外聘"}])
    said = desk.says("cases", "import", desk.file("c.json", [told, case("k2", handlers=["zhagn"])]))
    lines = [line for line in said.splitlines() if line.startswith("officer ")]
    assert [line.split()[1:4] for line in lines] == [["zhagn", "of", "case"], ["冀E001", "of", "case"]]
    assert lines[0].startswith("officer zhagn of case k1 is in no register")


def test_the_case_s_own_number_comes_first_and_a_paper_s_says_so(desk: Desk) -> None:
    decided = {"decision": {"number": "冀邢市监罚决〔2024〕1号"}}
    desk.says("cases", "import", desk.file("c.json", [case("k1", **decided)]))
    desk.says("cases", "import", desk.file("c.json", [case("k1", numbers=["甲〔2024〕9号"], **decided)]))
    said = desk.says("cases", "list")
    cells = [line.split("│")[3].strip() for line in said.splitlines() if line.startswith("│")]
    assert cells == [
        "甲〔2024〕9号",
        "冀邢市监罚决〔2024〕1号（决定书）",
        "冀邢市监一笔〔2024〕1号（检查(勘验)笔录）",
    ]


def test_values_of_a_pack_are_written_as_a_person_would(desk: Desk) -> None:
    said = desk.says("rules", "check")
    assert "facing the party 面对当事人: yes, compulsory 强制: none" in said
    for value in ("forms.stages", "forms.document_activities", "scope.night_from", "scope.holidays.2024"):
        said += desk.says("rules", "explain", value)
    assert "scope.night_from = 22:00" in said
    for python in ("True", "False", "datetime", "='", "{'", "('", "()"):
        assert python not in said


def test_the_basis_of_the_sheet_is_chinese(desk: Desk) -> None:
    desk.says("devices", "import", desk.file("r.json", REGISTRY))
    said = desk.says("equipment", "sheet", "--unit", "xt")
    cells = [line.split("│")[4] for line in said.splitlines() if line.startswith("│")]
    assert any("S1 第5条" in cell for cell in cells)
    assert any("该单位当日没有登记类别" in cell for cell in cells)
    assert not re.findall(r"[a-z]{2,}", " ".join(cells))


def test_a_sample_is_drawn_at_local_time_and_its_sheet_tells_numbers_apart(desk: Desk) -> None:
    desk.says("devices", "import", desk.file("r.json", REGISTRY))
    closed = {
        "unit": "xt",
        "opened_on": "2024-03-01T00:00:00+08:00",
        "closed_on": "2024-05-01T00:00:00+08:00",
    }
    desk.says("cases", "import", desk.file("c.json", [case("k1", **closed)]))
    said = desk.says("sample", "draw", "xt", "--period", "2024-H1", "--count", "1")
    assert re.search(r"^抽取 \S+ \d{4}-\d\d-\d\d \d\d:\d\d$", said, re.MULTILINE)
    assert "+00:00" not in said
    sample = re.findall(r"^抽查 (\S+)", said, re.MULTILINE)[0]
    out = desk.folder / "sheets.xlsx"
    desk.says("sample", "sheets", sample, "--out", out)
    values = [[cell.value for cell in row] for sheet in load_workbook(out) for row in sheet.iter_rows()]
    told = {name: value for row in values for name, value in pairwise(row) if name}
    assert told["案件编号"] == NUMBER
    assert told["文书编号"] == "冀邢市监一笔〔2024〕1号（检查(勘验)笔录）"


def test_settings_that_are_wrong_say_which_and_how(desk: Desk) -> None:
    desk.config.write_text("identity_key: short\n")
    assert "identity_key: expected 32 characters or more" in desk.says("check", code=2)
    desk.config.write_text("rule_pack: nosuch.yaml\n")
    for words in (("check",), ("board",)):
        assert re.search(
            r"^rule_pack: .*nosuch\.yaml: cannot be read", desk.says(*words, code=2), re.MULTILINE
        )
    desk.config.write_text("unit_rule_packs: {xt: none-such}\n")
    assert "unit_rule_packs.xt: no rule pack 'none-such'" in desk.says("check", code=2)
