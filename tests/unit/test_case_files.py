"""Case records from files: what is wrong is named by file, line and column; nothing is passed over."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.case_sources.files import read_cases
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.tables import from_csv
from gateway.case_sources.told import HandlerIn
from gateway.config import ConfigError

TABLE = """uid,title,unit,numbers,activity_id,activity_kind,activity_started_at,activity_ended_at,activity_place,activity_officers
k1,某店销售过期食品案,u,冀邢市监罚〔2024〕27号；冀邢市监立〔2024〕9号,a1,现场检查,2024-05-01T09:00:00+08:00,2024-05-01T10:00:00+08:00,"泉北大街
1号",o1;o2
k1,,,,a2,询问,2024-05-02T09:00:00+08:00,2024-05-02T10:00:00+08:00,,o1
k2,另一案,u,,,,,,,
"""


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "cases.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_cases(path)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_with_one_line_per_step(tmp_path: Path, encoding: str) -> None:
    first, second = read_cases(table(tmp_path, TABLE.encode(encoding)))
    assert first.title == "某店销售过期食品案"
    assert first.numbers == ["冀邢市监罚〔2024〕27号", "冀邢市监立〔2024〕9号"]
    assert [step.kind for step in first.activities] == ["现场检查", "询问"]
    assert first.activities[0].officers == ["o1", "o2"]
    assert first.activities[0].place == "泉北大街\n1号"
    assert second.activities == []


def test_an_unknown_column_is_named_with_the_known_ones(tmp_path: Path) -> None:
    said = refused(table(tmp_path, "uid,titel\nk1,x\n"))
    assert "'titel'" in said
    assert "title" in said


def test_a_table_without_uid(tmp_path: Path) -> None:
    assert "'uid' is missing" in refused(table(tmp_path, "title\nx\n"))


@pytest.mark.parametrize("line", ["k1,x,y", "k1"])
def test_a_line_with_shifted_cells_is_named(tmp_path: Path, line: str) -> None:
    assert "line 2" in refused(table(tmp_path, f"uid,title\n{line}\n"))


@pytest.mark.parametrize(("name", "text"), [("a.csv", ""), ("b.csv", "uid,title\n"), ("c.json", "[]")])
def test_a_file_without_a_case_is_a_mistake(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert name in refused(tmp_path / name)


def test_a_time_must_be_written_out(tmp_path: Path) -> None:
    step = {"id": "a", "kind": "x", "started_at": 1714525200, "ended_at": "2024-05-01T10:00:00+08:00"}
    (tmp_path / "c.json").write_text(json.dumps([{"uid": "k", "title": "t", "activities": [step]}]))
    assert "activities.0.started_at" in refused(tmp_path / "c.json")


def test_damaged_utf8_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    """It would read without an error, and every title would be gibberish."""
    damaged = TABLE.encode().replace("另一案".encode(), b"\xe5\x8f")
    assert "damaged" in refused(table(tmp_path, damaged))


MISTAKES = {
    "a missing quotation mark": ('uid,title\nk1,"x\nk2,y\n', "quotation"),
    "a column twice": ("uid,title,title\nk1,x,y\n", "'title' is there twice"),
    "a column twice, with a blank": ("uid,title, uid\nk1,x,k2\n", "'uid' is there twice"),
    "two titles for one case": ("uid,title\nk1,x\nk1,y\n", "line 3: case k1 has another title"),
    "a huge cell": (f"uid,title\nk1,{'x' * 200_000}\n", "field limit"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_nothing_in_a_table_is_lost_without_a_word(tmp_path: Path, mistake: str) -> None:
    text, said = MISTAKES[mistake]
    assert said in refused(table(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        '[{"uid": "k", "title": "a", "title": "b"}]',
        '[{"uid": "k", "title": "a"}, {"uid": "k", "title": "b"}]',
        '{"cases": [{"uid": "k", "title": "a"}], "more": 1}',
    ],
)
def test_nothing_in_json_is_lost_without_a_word(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    refused(tmp_path / "c.json")


def test_a_wrong_cell_of_a_table_is_named_as_tables_name_it(tmp_path: Path) -> None:
    text = TABLE.replace("2024-05-02T10:00:00+08:00", "yesterday")
    said = refused(table(tmp_path, text))
    assert "line 4, cell H4: case 1: activities.1.ended_at" in said


def test_a_wrong_time_of_a_table_is_told_by_an_example(tmp_path: Path) -> None:
    said = refused(table(tmp_path, TABLE.replace("2024-05-02T10:00:00+08:00", "昨天")))
    assert said.endswith(
        "activities.1.ended_at: is no time; write date, time and zone, such as 2024-05-06T09:30:00+08:00"
    )


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_is_wrong_between_two_parts_has_its_place_as_well(tmp_path: Path, kind: str) -> None:
    """Neither two colons in a row nor only the number of the case."""
    for cell, value, place, message in (
        ("H4", "2024-05-01T08:00:00+08:00", "activities.1.ended_at", "activity {id}: ends before it starts"),
        ("H4", "2034-05-01T08:00:00+08:00", "activities.1.ended_at", "activity {id}: lasts "),
    ):
        path = table(tmp_path, TABLE.replace("2024-05-02T10:00:00+08:00", value))
        if kind == "json":
            record = from_csv(path, path.read_text())[0].record
            path = tmp_path / "c.json"
            path.write_text(json.dumps([record]))
        said = refused(path)
        named = said.partition(f"case 1: {place}: ")
        assert named[1], said
        assert named[2].startswith(message.format(id=named[2].split()[1].rstrip(":")))
        assert (f"line 4, cell {cell}: " in said) == (kind == "csv")
        assert ": : " not in said


def test_a_case_whose_dates_are_out_of_order_names_the_later(tmp_path: Path) -> None:
    head = "uid,title,decided_on,closed_on\n"
    said = refused(table(tmp_path, f"{head}k1,x,2024-05-06T00:00:00+08:00,2024-05-01T00:00:00+08:00\n"))
    assert "line 2, cell D2: case 1: closed_on: is earlier than decided_on" in said
    (tmp_path / "c.json").write_text(
        json.dumps(
            [
                {**one_step(ended_at="2024-05-01T10:00:00+08:00")}
                | {
                    "activities": [
                        {
                            **one_step()["activities"][0],
                            "ended_at": "2024-05-01T10:00:00+08:00",
                            "document": "p",
                        }
                    ]
                }
            ]
        )
    )
    said = refused(tmp_path / "c.json")
    assert "case 1: activities.0.document: activity a: no document 'p' in this case" in said


def test_a_wrong_code_of_a_party_is_named_by_its_cell(tmp_path: Path) -> None:
    said = refused(table(tmp_path, "uid,title,party_name,party_code\nk1,x,某店,91350100M000100Y44\n"))
    assert "line 2, cell D2: case 1: party_code: is no 统一社会信用代码" in said


def one_step(**told: str) -> dict[str, object]:
    step = {"id": "a", "kind": "查封", "started_at": "2024-05-01T09:00:00+08:00", **told}
    return {"uid": "k", "title": "t", "activities": [step]}


@pytest.mark.parametrize("until", ["2024-05-01T09:00:00+08:00", "2024-06-30T09:00:00+08:00"])
def test_a_step_may_last_as_long_as_a_sealing(until: str) -> None:
    """查封、扣押: 30 days, and 30 more."""
    assert len(CaseIn.model_validate(one_step(ended_at=until)).activities) == 1


@pytest.mark.parametrize("until", ["2025-05-01T09:50:00+08:00", "2064-05-01T09:50:00+08:00"])
def test_a_mistyped_year_makes_no_step(tmp_path: Path, until: str) -> None:
    """It would lie over every clip of its officers, and take them from the steps that they show."""
    (tmp_path / "c.json").write_text(json.dumps([one_step(ended_at=until)]))
    said = refused(tmp_path / "c.json")
    assert "activity a: lasts " in said
    assert "is a year mistyped?" in said


@pytest.mark.parametrize("uid", ["a/b", ".", "..", "/"])
def test_an_id_that_no_address_can_name_is_refused(uid: str) -> None:
    """It came in by a file, and GET /cases/a%2Fb did not find it."""
    step = {"id": uid, "kind": "x", "started_at": "2024-05-01T09:00:00Z", "ended_at": "2024-05-01T10:00:00Z"}
    for told in (
        {"uid": uid},
        {"activities": [step]},
        {"documents": [{"id": uid, "type": "现场笔录"}]},
    ):
        with pytest.raises(ValidationError, match="an id holds no slash"):
            CaseIn.model_validate({"uid": "k", "title": "t"} | told)


@pytest.mark.parametrize("uid", ["k.1", "..a", "冀邢市监罚〔2024〕27号", "a b", "k#1?x"])
def test_other_ids_stay_as_they_are(uid: str) -> None:
    assert CaseIn.model_validate({"uid": uid, "title": "t"}).uid == uid


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("opened_on", "decided_on"), ("opened_on", "closed_on"), ("opened_on", "archived_on"),
     ("decided_on", "closed_on"), ("closed_on", "archived_on")],
)  # fmt: skip
def test_a_case_does_not_end_before_it_begins(earlier: str, later: str) -> None:
    dates = {earlier: "2024-05-05T10:00:00+08:00", later: "2024-05-04T00:00:00+08:00"}
    with pytest.raises(ValidationError, match=f"{later}: is earlier than {earlier}"):
        CaseIn.model_validate({"uid": "k", "title": "t"} | dates)
    same_day = dates | {later: "2024-05-05T00:00:00+08:00"}
    assert CaseIn.model_validate({"uid": "k", "title": "t"} | same_day)


FULL = """uid,title,party_name,party_code,party_kind,party_id_no,handlers,handler_certs,decision_number,decision_kinds,archive_no,archive_fonds,closing,activity_id,activity_kind,activity_started_at,activity_ended_at,activity_latitude,activity_notice_given,document_id,document_type,document_number
k1,案,某店;王五,91350100M000100Y43;,;公民,;11010519491231002X,zhang;li,B1305001;,冀邢市监罚决〔2024〕27号,罚款;没收,20240001,101,自动履行,a1,现场检查,2024-05-01T09:00:00+08:00,2024-05-01T10:00:00+08:00,37.05,true,d1,检查(勘验)笔录,冀邢市监现笔〔2024〕12号
k1,,,,,,,,,,,,,a2,询问,2024-05-01T11:00:00+08:00,2024-05-01T12:00:00+08:00,,,d1,检查(勘验)笔录,冀邢市监现笔〔2024〕12号
k1,,,,,,,,,,,,,,,,,,,d2,送达回证,
"""


def test_a_table_carries_parties_certificates_papers_decision_and_archive(tmp_path: Path) -> None:
    [case] = read_cases(table(tmp_path, FULL))
    assert [(one.kind, one.name, one.code, one.id_no) for one in case.parties] == [
        ("ORGANISATION", "某店", "91350100M000100Y43", None),
        ("CITIZEN", "王五", None, "11010519491231002X"),
    ]
    assert [(one.ref, one.cert_no) for one in case.handlers if isinstance(one, HandlerIn)] == [
        ("zhang", "B1305001"),
        ("li", None),
    ]
    assert case.decision is not None
    assert (case.decision.number, case.decision.kinds) == ("冀邢市监罚决〔2024〕27号", ["罚款", "没收"])
    assert (case.archive_no, case.archive and case.archive.fonds, case.closing) == (
        "20240001",
        "101",
        "自动履行",
    )
    assert [(one.id, one.document) for one in case.activities] == [("a1", "d1"), ("a2", "d1")]
    assert (case.activities[0].latitude, case.activities[0].notice_given) == (37.05, True)
    assert [(one.id, one.type) for one in case.documents] == [("d1", "检查(勘验)笔录"), ("d2", "送达回证")]
    assert case.is_partial


def test_a_table_says_nothing_of_what_it_has_no_column_for(tmp_path: Path) -> None:
    [case] = read_cases(table(tmp_path, "uid,title,closed_on,activity_id\nk1,案,,\n"))
    assert case.model_fields_set == {"uid", "title", "closed_on", "activities"}
    (tmp_path / "c.json").write_text('{"uid": "k1", "title": "案"}')
    assert not read_cases(tmp_path / "c.json")[0].is_partial


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uid,title,party_name,party_code\nk,x,甲;乙,91350100M000100Y43\n", "party_name 2, party_code 1"),
        ("uid,title,party_name\nk,x,甲;乙\n", "party 甲: say in party_kind"),
        ("uid,title,handlers,handler_certs\nk,x,a;b;c,1;2\n", "handlers 3, handler_certs 2"),
        ("uid,title,party_name,party_kind\nk,x,甲,店\n", "cell C2: case 1: parties.0.kind"),
        ("uid,title,document_id,document_type\nk,x,d,笔录\nk,,d,回证\n", "line 3: document d is another than in line 2"),
        ("uid,title\n,x\n", "case 1: uid: Field required"),
        ("uid,title,document_id,document_type\nk,x,,笔录\n", "line 2, cell C2: case 1: documents.0.id"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_in_a_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(table(tmp_path, text))
