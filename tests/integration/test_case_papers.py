"""What a 询问笔录 and an approval form say, by every way in, on both databases; what it means for the steps."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from drivers.simulators.case_system import CaseSystem
from gateway.case_sources.files import cases_in
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.pull import Pull
from gateway.case_sources.records import Ended, put_case
from gateway.case_sources.taking import Desk
from gateway.config.sources import HttpSource
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Activity, CaseRecord, Document, Link, Officer, RelinkDue, Unit
from gateway.reports.paper import Table
from gateway.reports.recording import recording_sheet
from gateway.reports.sheet_papers import papers_table
from tests.integration.test_case_records import ID_NO, RULES
from tests.integration.test_previews import TOLD
from tests.integration.test_timely import ALL, AT, LAW
from tests.integration.test_told_anew import step as a_step
from tests.scenarios.stage import Stage

ASKED = {
    "name": "王五", "sex": "男", "age": 41, "employer": "某某商店", "post": "店长", "phone": "13800000000",
    "address": "泉北大街1号",
}  # fmt: skip
INTERVIEW: dict[str, Any] = {
    "started_at": "2024-05-06T09:25:00+08:00", "ended_at": "2024-05-06T09:45:00+08:00", "place": "第一询问室",
    "asked": {**ASKED, "id_no": ID_NO}, "askers": [{"officer": "zhang", "cert_no": "B1305001"}, "130502"],
    "recorder": "130502", "certificates_shown": True, "rights_told": True,
}  # fmt: skip
APPROVAL = {
    "handler": {"opinion": "建议立案", "by": {"officer": "zhang", "cert_no": "B1305001"}, "on": "2024-05-05T09:00:00+08:00"},
    "section": {"opinion": "同意", "by": "孙七", "on": "2024-05-05T10:00:00+08:00"},
    "head": {"opinion": "同意立案", "by": "周八", "on": "2024-05-05T11:00:00+08:00"},
}  # fmt: skip
STEP = {
    "id": "a", "kind": "询问", "started_at": "2024-05-06T09:20:00+08:00", "ended_at": "2024-05-06T09:50:00+08:00",
    "document": "d1",
}  # fmt: skip
CASE: dict[str, Any] = {
    "uid": "k", "title": "案", "unit": "u", "activities": [STEP],
    "documents": [
        {"id": "d1", "type": "询问笔录", "interview": INTERVIEW},
        {"id": "d2", "type": "立案审批表", "approval": APPROVAL},
    ],
}  # fmt: skip
TABLE = {
    "document_interview_started_at": INTERVIEW["started_at"], "document_interview_ended_at": INTERVIEW["ended_at"],
    "document_interview_place": "第一询问室", "document_interview_askers": "zhang;130502",
    "document_interview_asker_certs": "B1305001;", "document_interview_recorder": "130502",
    "document_interview_certificates_shown": "true", "document_interview_rights_told": "true",
    "document_interview_asked_id_no": ID_NO,
    **{f"document_interview_asked_{name}": str(value) for name, value in ASKED.items()},
}  # fmt: skip
OPINIONS = {
    f"document_approval_{whose}_{name}": value if isinstance(value, str) else "zhang"
    for whose, told in APPROVAL.items()
    for name, value in told.items()
}

STORED_INTERVIEW = {
    **INTERVIEW, "asked": {**ASKED, "id_masked": "1101************2X"},
    "askers": [{"officer": "zhang", "cert_no": "B1305001"}, {"officer": "li"}], "recorder": {"officer": "li"},
}  # fmt: skip


@pytest.fixture
def registered(either: Database) -> Database:
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add(Officer(id="zhang", name="张三", unit_id="u", number="130501"))
        session.add(Officer(id="li", name="李四", unit_id="u", number="130502"))
    return either


def put(database: Database, case: CaseIn) -> Ended:
    with database.write() as session:
        return put_case(session, case, "t", "t", RULES)


def told(database: Database, **changed: Any) -> Ended:
    return put(database, CaseIn.model_validate(CASE | changed))


def of_table(*lines: dict[str, str]) -> CaseIn:
    columns = list(dict.fromkeys(name for line in lines for name in line))
    text = "\n".join(
        ",".join(one) for one in (columns, *([line.get(name, "") for name in columns] for line in lines))
    )
    [case] = cases_in(Path("x.csv"), f"{text}\n".encode())
    return case


def by_table() -> CaseIn:
    step = {f"activity_{name}": value for name, value in STEP.items() if name != "document"}
    whole = {"uid": "k", "title": "案", "unit": "u"}
    return of_table(
        {**whole, **step, "document_id": "d1", "document_type": "询问笔录", **TABLE},
        {**whole, "document_id": "d2", "document_type": "立案审批表", **OPINIONS},
    )


def by_json() -> CaseIn:
    [case] = cases_in(Path("x.json"), json.dumps([CASE]).encode())
    return case


def paper(database: Database, ref: str) -> Document:
    with database.read() as session:
        return session.get_one(Document, ref)


def step(database: Database) -> Activity:
    with database.read() as session:
        return session.get_one(Activity, "a")


@pytest.mark.parametrize("way", [by_json, by_table])
def test_each_way_in_tells_all_of_it(registered: Database, way: Callable[[], CaseIn]) -> None:
    assert put(registered, way()) is Ended.NEW
    assert put(registered, way()) is Ended.SAME
    assert paper(registered, "d1").interview == STORED_INTERVIEW
    approval = paper(registered, "d2").approval
    assert approval is not None
    assert {whose: one["opinion"] for whose, one in approval.items()} == {
        "handler": "建议立案", "section": "同意", "head": "同意立案",
    }  # fmt: skip
    assert approval["handler"]["by"]["officer"] == "zhang"
    assert approval["head"]["by"] == {"officer": "周八"}
    assert approval["section"]["on"] == "2024-05-05T10:00:00+08:00"
    assert (paper(registered, "d1").approval, paper(registered, "d2").interview) == (None, None)


def test_a_case_system_is_asked_for_it(registered: Database) -> None:
    twin = CaseSystem(token="t")
    server = twin.server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    twin.change({**CASE, "version": 1})
    settings = HttpSource.model_validate(
        {"id": "s", "kind": "http", "url": f"http://127.0.0.1:{server.server_address[1]}", "token": "t"}
    )
    pull = Pull(settings, Desk(registered, RULES, settings), threading.Event())
    try:
        pull.round()
    finally:
        pull.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert paper(registered, "d1").interview == STORED_INTERVIEW
    assert paper(registered, "d2").approval is not None


def test_the_identity_number_of_who_was_asked_is_kept_nowhere(database: Database, tmp_path: Path) -> None:
    told(database)
    database.close()
    files = list(tmp_path.glob("gateway.sqlite*"))
    assert files
    assert not any(ID_NO.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"id_no": "110105194912310021"}, "公民身份号码"),
        ({"id_masked": ID_NO}, "is not masked"),
        ({"age": 400}, "age"),
    ],
)
def test_what_cannot_be_who_was_asked_is_refused(asked: dict[str, Any], says: str) -> None:
    paper = {"id": "d", "type": "询问笔录", "interview": {"asked": asked}}
    with pytest.raises(ValueError, match=says) as no:
        CaseIn.model_validate(CASE | {"activities": [], "documents": [paper]})
    assert "110105194912310021" not in str(no.value)


def test_who_asked_took_part_and_where_it_was_is_the_step_s_place(registered: Database) -> None:
    """LK-6 asks for two officers: a step that names none, or one, has those of its 询问笔录."""
    told(registered)
    assert (step(registered).officers, step(registered).place) == (["zhang", "li"], "第一询问室")
    told(registered, activities=[{**STEP, "officers": ["li"], "place": "桥西"}])
    assert (step(registered).officers, step(registered).place) == (["li", "zhang"], "桥西")
    told(registered, activities=[{**STEP, "document": None}])
    assert (step(registered).officers, step(registered).place) == ([], None)


def test_its_own_times_stay_the_step_s(registered: Database) -> None:
    """What comes before and after the questions is of the step as well, and has to be recorded."""
    told(registered)
    assert step(registered).started_at.isoformat() == "2024-05-06T01:20:00+00:00"


def dues(session: Session) -> int:
    return len(session.exec(select(RelinkDue)).all())


def test_who_asked_reaches_the_links_and_what_was_answered_does_not(registered: Database) -> None:
    told(registered)
    with registered.read() as session:
        before = dues(session)
    other = {**INTERVIEW, "asked": {"name": "赵六"}, "rights_told": None}
    assert told(registered, documents=[CASE["documents"][0] | {"interview": other}]) is Ended.CHANGED
    with registered.read() as session:
        withdrawn = dues(session)
        assert withdrawn == before, "a withdrawn approval form and an answer move no link"
    told(registered, documents=[CASE["documents"][0] | {"interview": {**INTERVIEW, "askers": ["zhang"]}}])
    with registered.read() as session:
        assert dues(session) > withdrawn


SAYS = {"uid": "k", "title": "案", "document_id": "d1", "document_type": "询问笔录"}


def test_a_table_says_of_a_paper_only_what_it_has_columns_for(registered: Database) -> None:
    told(registered)
    one = {**SAYS, "document_interview_place": "第二询问室", "document_interview_asked_phone": ""}
    assert (
        put(registered, of_table(one, {"uid": "k", "document_id": "d2", "document_type": "立案审批表"}))
        is Ended.CHANGED
    )
    kept = {name: value for name, value in STORED_INTERVIEW["asked"].items() if name != "phone"}
    assert paper(registered, "d1").interview == {**STORED_INTERVIEW, "place": "第二询问室", "asked": kept}
    assert paper(registered, "d2").approval is not None


def test_a_table_that_corrects_who_asked_takes_nothing_from_the_step(registered: Database) -> None:
    """What the step told of itself stays told; who asked by the paper goes with the paper."""
    told(registered, activities=[{**STEP, "officers": ["wang"]}])
    assert step(registered).officers == ["wang", "zhang", "li"]
    put(
        registered,
        of_table({**SAYS, "document_interview_askers": "zhao", "document_interview_place": "车内"}),
    )
    assert (step(registered).officers, step(registered).place) == (["wang", "zhao"], "车内")
    put(registered, of_table({"uid": "k", "title": "案", "document_id": "d2", "document_type": "立案审批表"}))
    assert (step(registered).officers, step(registered).place) == (["wang"], None)


def test_who_asked_and_is_of_the_step_anyway_stays_without_the_paper(registered: Database) -> None:
    told(registered, activities=[{**STEP, "officers": ["li", "zhang"], "place": "桥西"}])
    assert step(registered).told is None
    put(registered, of_table({"uid": "k", "title": "案", "document_id": "d2", "document_type": "立案审批表"}))
    assert (step(registered).officers, step(registered).place) == (["li", "zhang"], "桥西")


def test_of_somebody_else_nothing_is_kept(registered: Database) -> None:
    told(registered)
    put(registered, of_table({**SAYS, "document_interview_asked_name": "赵六"}))
    interview = paper(registered, "d1").interview
    assert interview is not None
    assert interview["asked"] == {"name": "赵六"}


def test_a_table_that_contradicts_what_is_kept_is_refused(registered: Database) -> None:
    told(registered)
    with pytest.raises(Refused) as no:
        put(registered, of_table({**SAYS, "document_interview_ended_at": "2024-05-06T08:00:00+08:00"}))
    assert no.value.reason["code"] == "case.out_of_order"


def test_the_sheet_of_the_case_says_who_asked_whom_and_who_agreed(registered: Database) -> None:
    told(registered)
    with registered.read() as session:
        sheet = recording_sheet(session, ALL, LAW, session.get_one(CaseRecord, "k"), AT)
    table = papers_table(sheet, LAW.zone)
    assert isinstance(table, Table)
    interview, approval = table.rows
    assert interview[0] == "询问笔录"
    assert interview[3] == (
        "2024-05-06 09:25 至 2024-05-06 09:45，第一询问室\n被询问人 王五\n询问人 张三（B1305001）、李四\n记录人 李四\n"
        "已表明身份、出示证件\n已告知权利"
    )
    assert approval[3] == (
        "承办人意见：建议立案（张三（B1305001），2024-05-05）\n承办机构意见：同意（孙七，2024-05-05）\n"
        "负责人审批：同意立案（周八，2024-05-05）"
    )


def test_who_puts_a_case_reads_it_back_without_the_identity_number(
    api: tuple[TestClient, dict[str, str]],
) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    assert client.put("/api/v1/cases/k", json=CASE, headers=headers).status_code == 201
    answer = client.get("/api/v1/cases/k", headers=headers)
    assert ID_NO not in answer.text
    interview, approval = sorted(answer.json()["documents"], key=lambda one: str(one["id"]))
    assert interview["interview"]["asked"] == STORED_INTERVIEW["asked"]
    assert interview["interview"]["place"] == "第一询问室"
    assert approval["approval"]["section"]["opinion"] == "同意"
    [told] = answer.json()["activities"]
    assert told["told"] == {"officers": [], "place": None}
    assert len(told["officers"]) == 2, "as LK-6 asks for"


def two_officers(database: Database) -> set[bool]:
    """What LK-6 found of the standing links to the step."""
    with database.read() as session:
        links = session.exec(select(Link).where(Link.activity_id == "a", col(Link.ended_at).is_(None))).all()
    return {bool(one["passed"]) for link in links for one in link.reasons if one["rule"] == "LK-6"}


def test_the_second_officer_that_a_paper_names_reaches_the_link(either: Database) -> None:
    """LK-6: of one officer it asks for a second, whom the 询问笔录 may name."""
    stage = Stage(either, TOLD)
    stage.play(TOLD)
    alone = a_step("a", 9, officers=["zhang"], document="d")
    paper: dict[str, Any] = {"id": "d", "type": "询问笔录"}
    case = {"uid": "k", "title": "k", "unit": "xt", "handlers": ["zhang", "li"], "activities": [alone]}
    for askers, expected in ((["zhang"], {False}), (["zhang", "li"], {True})):
        whole = case | {"documents": [paper | {"interview": {"askers": askers}}]}
        put(either, CaseIn.model_validate(whole))
        stage.settle()
        assert two_officers(either) == expected
