"""A table that says little: what it has no column for stays as it was told before."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from gateway.case_sources.files import cases_in
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import Ended, put_case
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Activity, CaseAlias, CaseParty, CaseRecord, Document, Party
from tests.integration.test_case_records import CODE, RULES, STEP, WHOLE

STEPS = [
    {**STEP, "document": "k1-d1", "latitude": 37.0, "longitude": 114.5, "notice_given": True, "place": "桥西"}
]
CLOSING = "uid,version,title,closed_on,activity_id,activity_kind,activity_started_at,activity_ended_at\n"
SAME_STEP = "k1-a1,现场检查,2024-05-06T09:20:00+08:00,2024-05-06T09:50:00+08:00\n"


@pytest.fixture
def told(database: Database) -> Database:
    with database.write() as session:
        put_case(session, CaseIn.model_validate(WHOLE | {"version": 1, "activities": STEPS}), "t", "t", RULES)
    return database


def put(database: Database, text: str) -> Ended:
    [case] = cases_in(Path("x.csv"), text.encode())
    with database.write() as session:
        return put_case(session, case, "t", "x.csv", RULES)


def stored(database: Database) -> dict[str, Any]:
    """All that is told of the case, but for the telling itself."""
    with database.read() as session:
        found: dict[str, Any] = {
            "case": session.get_one(CaseRecord, "k1").model_dump(
                exclude={"told_version", "told_at", "updated_at"}
            )
        }
        for model in (CaseAlias, CaseParty, Document, Activity, Party):
            rows: list[Any] = list(session.exec(select(model)))
            found[model.__name__] = sorted((row.model_dump() for row in rows), key=lambda one: str(one["id"]))
    return found


def test_a_table_that_closes_a_case_changes_nothing_else(told: Database) -> None:
    before = stored(told)
    assert (
        put(told, CLOSING + "k1,2,某某商店销售过期食品案,2024-07-02T00:00:00+08:00," + SAME_STEP)
        is Ended.CHANGED
    )
    after = stored(told)
    assert before["case"].pop("closed_on") < after["case"].pop("closed_on")
    assert after == before
    assert (
        put(told, CLOSING + "k1,2,某某商店销售过期食品案,2024-07-02T00:00:00+08:00," + SAME_STEP)
        is Ended.SAME
    )


def test_what_it_has_a_column_for_is_told_whole(told: Database) -> None:
    """An empty cell says that there is nothing; a step that is not there any more is withdrawn."""
    put(told, "uid,title,archive_no,cause,activity_id\nk1,案,,投诉,\n")
    with told.read() as session:
        case = session.get_one(CaseRecord, "k1")
        assert (case.title, case.archive_no, case.cause) == ("案", None, "投诉")
        assert session.get_one(Activity, "k1-a1").withdrawn_at is not None
        assert session.get_one(Document, "k1-d1").withdrawn_at is None


def test_a_step_in_a_line_without_a_paper_has_none(told: Database) -> None:
    head = "uid,title,activity_id,activity_kind,activity_started_at,activity_ended_at,document_id,document_type\n"
    put(told, head + f"k1,案,{SAME_STEP.strip()},,\nk1,,,,,,k1-d1,询问笔录\n")
    with told.read() as session:
        assert session.get_one(Activity, "k1-a1").document_id is None
        paper = session.get_one(Document, "k1-d1")
    assert (paper.type, paper.number, paper.withdrawn_at) == ("询问笔录", "冀邢市监责改〔2024〕第128号", None)


def test_a_part_of_a_decision_leaves_its_other_parts(told: Database) -> None:
    put(told, "uid,title,decision_content,archive_file\nk1,案,罚款一万元,18\n")
    with told.read() as session:
        case = session.get_one(CaseRecord, "k1")
        assert case.decision == {**WHOLE["decision"], "content": "罚款一万元"}
        assert case.archive == {"fonds": "101", "catalogue": "2", "file": "18"}
        numbers = set(session.exec(select(CaseAlias.raw)))
        assert "冀邢市监罚决〔2024〕27号" in numbers
    put(told, "uid,title,decision_number,decision_kinds,decision_basis,decision_content\nk1,案,,,,\n")
    with told.read() as session:
        assert session.get_one(CaseRecord, "k1").decision is None
        numbers = set(session.exec(select(CaseAlias.raw)))
        assert numbers == {"冀邢市监立〔2024〕9号", "冀邢市监责改〔2024〕第128号"}, "its number went with it"


def test_parties_that_a_table_names_keep_what_only_json_can_say(told: Database) -> None:
    before = stored(told)
    put(
        told,
        f"uid,title,party_name,party_code,party_kind\nk1,某某商店销售过期食品案,某某商店;王五,{CODE};,单位;公民\n",
    )
    assert stored(told) == before
    put(told, "uid,title,party_name\nk1,某某商店销售过期食品案,赵六\n")
    assert stored(told) == before, "a bare name takes nobody's place"
    put(told, f"uid,title,party_name,party_code\nk1,某某商店销售过期食品案,某某商店,{CODE}\n")
    after = stored(told)
    assert [one["name"] for one in after["CaseParty"]] == ["某某商店"]
    assert after["case"]["former_parties"] == [{"name": "王五", "code": None}]


def test_numbers_and_handlers_are_told_without_what_stands_beside_them(told: Database) -> None:
    put(told, "uid,title,numbers,handlers\nk1,案,冀邢市监立〔2024〕10号,zhang;wang\n")
    with told.read() as session:
        case = session.get_one(CaseRecord, "k1")
        assert case.handlers == ["zhang", "wang"]
        assert case.certificates == WHOLE_CERTIFICATES
        numbers = set(session.exec(select(CaseAlias.raw)))
        assert numbers == {
            "冀邢市监立〔2024〕10号",
            "冀邢市监罚决〔2024〕27号",
            "冀邢市监责改〔2024〕第128号",
        }


def test_an_empty_cell_takes_a_certificate_back(told: Database) -> None:
    put(told, "uid,title,handlers,handler_certs\nk1,案,zhang;li,;B1305002\n")
    with told.read() as session:
        certificates = session.get_one(CaseRecord, "k1").certificates
    assert certificates == [{"officer": "li", "name": None, "cert_no": "B1305002"}]


WHOLE_CERTIFICATES = [{"officer": "zhang", "name": None, "cert_no": "B1305001"}]


def test_dates_that_contradict_what_is_kept_are_refused(told: Database) -> None:
    with pytest.raises(Refused) as no:
        put(told, "uid,title,closed_on\nk1,案,2024-05-01T00:00:00+08:00\n")
    assert no.value.reason["code"] == "case.out_of_order"
    assert "closed_on: is earlier than" in str(no.value.reason["facts"])


def test_an_older_table_changes_nothing_and_a_source_writes_its_own_units_only(told: Database) -> None:
    assert put(told, "uid,version,title,closed_on\nk1,0,案,2024-05-01T00:00:00+08:00\n") is Ended.OUTDATED
    [case] = cases_in(Path("x.csv"), "uid,title\nk1,案\n".encode())
    with told.write() as session:
        with pytest.raises(Refused) as no:
            put_case(session, case, "t", "x", RULES, ["v"])
        assert no.value.reason["code"] == "case.other_unit"
        assert put_case(session, case, "t", "x", RULES, ["u"]) is Ended.CHANGED
        assert session.get_one(CaseRecord, "k1").unit_id == "u"


def test_a_case_that_nobody_told_before_is_as_the_table_says(database: Database) -> None:
    assert put(database, "uid,title,unit,real_estate\nk1,案,u,\n") is Ended.NEW
    with database.read() as session:
        assert session.get_one(CaseRecord, "k1").real_estate is None


ROW = {
    "origin": "投诉举报", "cause": "销售过期食品", "facts": "货架上有过期食品", "filing_reasons": "涉嫌违反食品安全法",
    "procedure": "普通程序", "opened_on": "2024-05-05T00:00:00+08:00", "decided_on": "2024-06-01T00:00:00+08:00",
    "closed_on": "2024-07-01T00:00:00+08:00", "archived_on": "2024-07-10T00:00:00+08:00", "archive_no": "20240001",
    "retention_class": "30y", "real_estate": "true", "closing": "自动履行", "unit": "u",
    "numbers": "冀邢市监立〔2024〕9号", "decision_number": "冀邢市监罚决〔2024〕27号", "decision_kinds": "罚款",
    "decision_basis": "食品安全法第一百二十四条", "archive_fonds": "101", "archive_catalogue": "2", "archive_file": "17",
}  # fmt: skip
STEP_ROW = {
    "activity_id": "k1-a1", "activity_kind": "现场检查", "activity_started_at": "2024-05-06T09:20:00+08:00",
    "activity_ended_at": "2024-05-06T09:50:00+08:00",
}  # fmt: skip
STEP_MORE = {
    "activity_place": "桥西", "activity_officers": "zhang", "activity_latitude": "37.0", "activity_stage": "",
    "activity_longitude": "114.5", "activity_notice_given": "true", "activity_room": "",
}  # fmt: skip
PAPER_ROW = {"document_id": "k1-d1", "document_type": "责令(限期)改正通知书"}
PAPER_MORE = {"document_number": "冀邢市监责改〔2024〕第128号"}
PARTY_ROW = {"party_name": "某某商店;王五", "party_kind": "单位;公民"}
PARTY_MORE = {"party_code": f"{CODE};", "party_id_no": ";11010519491231002X"}
HANDLER_ROW, HANDLER_MORE = {"handlers": "li;zhang"}, {"handler_certs": ";B1305001"}


def some(row: dict[str, str], least: dict[str, str] | None = None) -> st.SearchStrategy[dict[str, str]]:
    """Some of the cells; with `least` either none, or these and some of the others."""
    if least is None:
        return st.sets(st.sampled_from(sorted(row))).map(lambda names: {name: row[name] for name in names})
    return st.none().map(lambda _: {}) | some(row).map(lambda more: least | more)


tables = st.tuples(
    some(ROW), some(STEP_MORE, STEP_ROW), some(PAPER_MORE, PAPER_ROW), some(PARTY_MORE, PARTY_ROW),
    some(HANDLER_MORE, HANDLER_ROW),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables, st.randoms())
def test_any_table_that_says_the_same_changes_nothing(
    told: Database, cells: tuple[dict[str, str], ...], order: Random
) -> None:
    """Whichever columns it has, in whichever order."""
    row = {"uid": "k1", "title": WHOLE["title"]}
    for part in cells:
        row |= part
    names = list(row)
    order.shuffle(names)
    before = stored(told)
    put(told, ",".join(names) + "\n" + ",".join(row[name] for name in names) + "\n")
    assert stored(told) == before
