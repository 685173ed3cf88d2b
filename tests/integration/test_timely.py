"""What a case's record says late, and which of its papers are no forms: in its answer, its sheet, its import."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import put_case
from gateway.cli import main
from gateway.database import Database
from gateway.law import Law
from gateway.models import CaseRecord, Role
from gateway.reports.recording import recording_sheet
from gateway.reports.timely import untimely
from gateway.rulepacks import RulePacks, Sourced, packs
from gateway.scope import statements
from gateway.scope.statements import StatementIn
from gateway.visibility import Viewer

LAW = Law(packs("hebei-xingtai-2019"), ZoneInfo("Asia/Shanghai"))
ALL = Viewer("x", "x", Role.ADMIN, None)
AT = datetime(2024, 12, 1, tzinfo=UTC)
IN_TIME: dict[str, Any] = {
    "uid": "k", "title": "k", "unit": "u", "opened_on": "2024-05-06T00:00:00+08:00",
    "decided_on": "2024-08-04T00:00:00+08:00",
    "services": [{"document": "行政处罚决定书", "method": "直接", "served_on": "2024-08-11T17:00:00+08:00"}],
    "documents": [
        {"id": "d1", "type": "先行登记保存证据通知书", "issued_at": "2024-05-07T00:00:00+08:00"},
        {"id": "d2", "type": "先行登记保存证据物品处理通知书", "issued_at": "2024-05-14T00:00:00+08:00"},
    ],
    "activities": [
        {"id": "seal", "kind": "查封", "started_at": "2024-05-06T09:00:00+08:00", "ended_at": "2024-05-06T10:00:00+08:00"}
    ],
}  # fmt: skip
LATER: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, []),
    ({"decided_on": "2024-08-05T00:00:00+08:00"}, [("deadlines.decision_days", "case.decision_late")]),
    ({"decided_on": None, "services": []}, [("deadlines.decision_days", "case.decision_overdue")]),
    ({"decided_on": None, "services": [], "closed_on": "2024-06-01T00:00:00+08:00"}, []),
    ({"services": []}, [("deadlines.service_days", "case.service_overdue")]),
    (
        {"services": [{"method": "直接", "served_on": "2024-08-12T00:00:00+08:00"}]},
        [("deadlines.service_days", "case.service_late")],
    ),
    (
        {"services": [{"document": "行政处罚事先告知书", "method": "直接", "served_on": "2024-08-20T00:00:00+08:00"}]},
        [("deadlines.service_days", "case.service_overdue")],
    ),
    ({"documents": IN_TIME["documents"][:1]}, [("R-26", "case.preserve_overdue")]),
    ({"opened_on": None}, []),
]  # fmt: skip


def stored(session: Session, **told: Any) -> CaseRecord:
    put_case(session, CaseIn.model_validate(IN_TIME | told), "t", "t")
    session.flush()
    return session.get_one(CaseRecord, "k")


@pytest.mark.parametrize(("told", "expected"), LATER)
def test_what_came_late_is_told_with_its_rule(
    either: Database, told: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    with either.write() as session:
        found = untimely(session, LAW, stored(session, **told), AT)
    assert [(one.rule, one.code) for one in found] == expected


LATE = {
    "services": [{"document": "行政处罚决定书", "method": "直接", "served_on": "2024-08-12T00:00:00+08:00"}],
    "documents": IN_TIME["documents"][:1],
}
OVERDUE = ("R-26", "case.preserve_overdue")


def saying(**words: tuple[str, ...] | None) -> Law:
    """The pack with other words of a unit's own, or without them."""
    default = LAW.packs.default
    told = {
        name: None if one is None else Sourced(value=one, source="本局", verified=True)
        for name, one in words.items()
    }
    forms = default.forms.model_copy(update=told)
    return Law(RulePacks(default.model_copy(update={"forms": forms})), LAW.zone)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, [("deadlines.service_days", "case.service_late"), OVERDUE]),
        ({"decision_words": ("处理决定",)}, [("deadlines.service_days", "case.service_overdue"), OVERDUE]),
        ({"decision_words": None}, [OVERDUE]),
        ({"notice_words": None}, [OVERDUE]),
        ({"notice_words": ("直接",)}, [OVERDUE]),
        ({"preserve_documents": None}, [("deadlines.service_days", "case.service_late")]),
        ({"preserve_documents": ("抽样取证通知书",)}, [("deadlines.service_days", "case.service_late")]),
        (
            {"handling_documents": ("先行登记保存证据通知书",)},
            [("deadlines.service_days", "case.service_late")],
        ),
    ],
)
def test_which_papers_and_services_count_the_pack_says(
    database: Database, words: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    with database.write() as session:
        found = untimely(session, saying(**words), stored(session, **LATE), AT)
    assert [(one.rule, one.code) for one in found] == expected


@pytest.mark.parametrize(
    ("hours", "expected"), [(24, []), (25, ["case.emergency_late"]), (None, ["case.emergency_overdue"])]
)
def test_an_urgent_measure_is_approved_within_its_hours(
    either: Database, hours: int | None, expected: list[str]
) -> None:
    """R-23."""
    ended = datetime(2024, 5, 6, 2, tzinfo=UTC)
    approved = None if hours is None else (ended + timedelta(hours=hours)).isoformat()
    given = {"kind": "URGENCY", "why": "正在转移", "approved_by": "局长", "approved_at": approved}
    with either.write() as session:
        case = stored(session)
        statements.state(session, "seal", StatementIn.model_validate(given), "li")
        session.flush()
        assert [one.code for one in untimely(session, LAW, case, AT)] == expected


def test_a_statement_that_was_corrected_and_a_paper_that_was_taken_out_count_no_more(
    either: Database,
) -> None:
    late = {
        "kind": "URGENCY",
        "why": "正在转移",
        "approved_by": "局长",
        "approved_at": "2024-05-09T10:00:00+08:00",
    }
    with either.write() as session:
        case = stored(session)
        first = statements.state(session, "seal", StatementIn.model_validate(late), "li").id
        session.flush()
        assert [one.code for one in untimely(session, LAW, case, AT)] == ["case.emergency_late"]
        right = late | {"approved_at": "2024-05-06T12:00:00+08:00", "replaces": first}
        statements.state(session, "seal", StatementIn.model_validate(right), "li")
        session.flush()
        assert untimely(session, LAW, case, AT) == []
        case = stored(session, documents=IN_TIME["documents"][:1])
        assert [one.rule for one in untimely(session, LAW, case, AT)] == ["R-26"]
        assert untimely(session, LAW, stored(session, documents=[]), AT) == []


def test_an_execution_is_no_urgent_measure(either: Database) -> None:
    """R-23 is about measures; what is executed has LK-18."""
    given = {
        "kind": "URGENCY",
        "why": "正在转移",
        "approved_by": "局长",
        "approved_at": "2024-05-09T10:00:00+08:00",
    }
    step = IN_TIME["activities"][0] | {"kind": "强制拆除"}
    with either.write() as session:
        case = stored(session, activities=[step])
        statements.state(session, "seal", StatementIn.model_validate(given), "li")
        session.flush()
        assert untimely(session, LAW, case, AT) == []


def test_the_sheet_says_it_too_and_counts_papers_that_are_no_forms(either: Database) -> None:
    papers = [
        *IN_TIME["documents"],
        {"id": "d3", "type": "现场笔录"},
        {"id": "d4", "type": "检查（勘验）笔录"},
    ]
    with either.write() as session:
        case = stored(session, decided_on="2024-08-05T00:00:00+08:00", documents=papers)
        notes = {one["code"]: one for one in recording_sheet(session, ALL, LAW, case, AT).notes}
    assert notes.keys() >= {"case.decision_late", "sample.strange_forms"}
    assert notes["sample.strange_forms"]["facts"] == {"papers": "1", "types": "现场笔录"}


def test_a_case_answers_with_both(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    papers = [{"id": "d1", "type": "行政处罚决定书"}, {"id": "d3", "type": "现场笔录"}]
    told = {"uid": "case-u", "title": "x", "unit": "u", "opened_on": "2024-01-01T00:00:00+08:00",
            "decided_on": "2024-06-01T00:00:00+08:00", "documents": papers}  # fmt: skip
    assert client.put("/api/v1/cases/case-u", json=told, headers=headers).status_code == 200
    said = client.get("/api/v1/cases/case-u", headers=headers).json()
    assert [one["code"] for one in said["untimely"]] == ["case.decision_late", "case.service_overdue"]
    assert {one["id"]: (one["is_form"], one["stage"], one["seed_stage"]) for one in said["documents"]} == {
        "d1": (True, "决定", "审核决定"), "d3": (False, None, None),
    }  # fmt: skip


def test_an_import_names_the_cell_of_a_paper_that_is_no_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text(
        f"database: sqlite:///{tmp_path / 'gateway.sqlite'}\nstore: {{path: {tmp_path / 'store'}}}\ndevices: []\n"
    )
    table = tmp_path / "cases.csv"
    table.write_text("uid,title,unit,document_id,document_type\nk,k,u,d1,询问笔录\nk,k,u,d2,问话笔录\n")
    assert main(["--config", str(config), "cases", "import", str(table)]) == 0
    told = capsys.readouterr().out
    assert "line 3, cell E3: case 1: documents.1.type: '问话笔录' is none of the forms" in told
    assert "询问笔录'" not in told
