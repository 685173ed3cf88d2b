"""What is wrong in a file of cases is told in Chinese as well, down to the last part of each line."""

import json
import re
from pathlib import Path

import pytest

from gateway.case_sources.files import read_cases
from gateway.config import ConfigError
from gateway.wording import reason, sentence
from gateway.wording.mistakes import KNOWN, in_chinese

STEP = {
    "id": "a",
    "kind": "查封",
    "started_at": "2024-05-01T09:00:00+08:00",
    "ended_at": "2024-05-01T10:00:00+08:00",
}
CASE = {"uid": "k", "title": "t"}
HEAD = "uid,title,unit,activity_id,activity_kind,activity_started_at,activity_ended_at\n"
WRONG = {
    "a.json": json.dumps([{"uid": "k"}]),
    "b.json": json.dumps([{**CASE, "titel": "x"}]),
    "c.json": json.dumps([{**CASE, "opened_on": "昨天"}]),
    "d.json": json.dumps([{**CASE, "opened_on": 17}]),
    "e.json": json.dumps([{**CASE, "opened_on": "2024-05-01T09:00:00"}]),
    "f.json": json.dumps([{**CASE, "activities": [{**STEP, "ended_at": "2024-05-01T08:00:00+08:00"}]}]),
    "g.json": json.dumps([{**CASE, "activities": [{**STEP, "ended_at": "2034-05-01T08:00:00+08:00"}]}]),
    "h.json": json.dumps([{**CASE, "activities": [{**STEP, "document": "p"}]}]),
    "i.json": json.dumps([{**CASE, "activities": [STEP, STEP]}]),
    "j.json": json.dumps([{**CASE, "decided_on": "2024-05-06T00:00:00Z", "closed_on": "2024-05-01T00:00:00Z"}]),
    "k.json": json.dumps([{**CASE, "party_code": "91350100M000100Y44"}]),
    "l.json": json.dumps([CASE, CASE]),
    "m.json": "[]", "n.json": "7", "o.json": "{", "p.json": json.dumps([{**CASE, "uid": "a/b"}]),
    "q.json": json.dumps([{**CASE, "retention_class": "9y"}]),
    "r.json": json.dumps([{**CASE, "real_estate": "perhaps"}]),
    "s.csv": HEAD + "k,t,u,a,查封,昨天,2024-05-01T10:00:00+08:00\n",
    "t.csv": HEAD + "k,t\n", "u.csv": "uid,titel\nk,x\n", "v.csv": "title\nx\n", "w.csv": "uid,uid\nk,k\n",
    "x.csv": "uid,title\nk,x\nk,y\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_mistake_has_its_chinese_words(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(WRONG[name])
    with pytest.raises(ConfigError) as no:
        read_cases(path)
    said = sentence(reason("case_file.wrong", errors=no.value))
    for line in said.splitlines():
        last = re.split("：|: ", line.removeprefix("文件内容有误："), maxsplit=1)[1]
        assert re.search(r"[\u4e00-\u9fff]", last), line
    assert "line" not in said or "JSON" in said  # where it breaks off, Python's own words say
    assert str(no.value) in sentence(reason("case_file.wrong", errors=no.value), "en")


def test_a_place_is_told_as_tables_name_it() -> None:
    said = in_chinese(
        "c.csv: line 3, cell C3: case 1: activities.0.ended_at: activity a: ends before it starts"
    )
    assert (
        said == "c.csv: 第 3 行 C3 单元格：第 1 件案件：activities.0.ended_at: 环节 a：结束时间早于开始时间"
    )


def test_what_nobody_put_into_words_stays_as_it_is() -> None:
    assert in_chinese("c.csv: something new\n\nnext") == "c.csv: something new\n\nnext"
    assert len(KNOWN) > 20
