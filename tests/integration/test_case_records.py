"""The full record of a case in both databases: parties, editions, numbers of companions, custody."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from gateway import migrations
from gateway.audit import audit
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import Ended, put_case
from gateway.case_sources.rules import CaseRules, identity_key, usual
from gateway.config import Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Activity, CaseAlias, CaseParty, CaseRecord, Document, Party, RelinkDue, Role
from gateway.parties import party_view
from gateway.store import LocalStore
from gateway.visibility import Viewer

CODE, OTHER_CODE = "91350100M000100Y43", "91130500MA00000003"
ID_NO = "11010519491231002X"
RULES = CaseRules(usual().packs, b"a key of this site, long enough to be one")
SHOP = {
    "kind": "ORGANISATION",
    "name": "某某商店",
    "code": CODE,
    "representative": "王五",
    "address": "泉北大街1号",
}
OWNER = {"kind": "CITIZEN", "name": "王五", "id_no": ID_NO, "sex": "男", "phone": "13800000000"}
STEP = {
    "id": "k1-a1", "kind": "现场检查", "started_at": "2024-05-06T09:20:00+08:00",
    "ended_at": "2024-05-06T09:50:00+08:00", "officers": ["zhang"],
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "uid": "k1", "title": "某某商店销售过期食品案", "unit": "u", "numbers": ["冀邢市监立〔2024〕9号"],
    "origin": "投诉举报", "cause": "销售过期食品", "facts": "货架上有过期食品", "filing_reasons": "涉嫌违反食品安全法",
    "procedure": "普通程序", "parties": [SHOP, OWNER], "handlers": ["li", {"officer": "zhang", "cert_no": "B1305001"}],
    "opened_on": "2024-05-05T00:00:00+08:00", "decided_on": "2024-06-01T00:00:00+08:00",
    "closed_on": "2024-07-01T00:00:00+08:00", "archived_on": "2024-07-10T00:00:00+08:00", "archive_no": "20240001",
    "archive": {"fonds": "101", "catalogue": "2", "file": "17"}, "retention_class": "30y", "real_estate": True,
    "decision": {"number": "冀邢市监罚决〔2024〕27号", "kinds": ["罚款"], "basis": "食品安全法第一百二十四条"},
    "services": [{"document": "行政处罚决定书", "method": "留置", "served_on": "2024-06-03T10:00:00+08:00", "witness": "赵六"}],
    "legal_review": {"required": True, "opinion": "同意", "reviewed_on": "2024-05-30T00:00:00+08:00"},
    "closing": "自动履行",
    "documents": [{"id": "k1-d1", "type": "责令(限期)改正通知书", "number": "冀邢市监责改〔2024〕第128号"}],
    "activities": [STEP],
}  # fmt: skip


def put(database: Database, rules: CaseRules = RULES, **told: Any) -> Ended:
    with database.write() as session:
        return put_case(session, CaseIn.model_validate(WHOLE | told), "test", "test", rules)


def stored(database: Database, uid: str = "k1") -> CaseRecord:
    with database.read() as session:
        return session.get_one(CaseRecord, uid)


def parties(session: Session, uid: str = "k1") -> dict[str, str]:
    """Party by the name under which the case has it."""
    rows = session.exec(select(CaseParty).where(CaseParty.case_uid == uid).order_by(col(CaseParty.place)))
    return {row.name: row.party_id for row in rows}


def test_what_the_forms_carry_is_kept_whole(either: Database) -> None:
    assert put(either) is Ended.NEW
    assert put(either) is Ended.SAME
    case = stored(either)
    assert (case.origin, case.retention_class, case.real_estate) == ("投诉举报", "30y", True)
    assert case.archive == {"fonds": "101", "catalogue": "2", "file": "17"}
    assert case.handlers == ["li", "zhang"]
    assert case.certificates == [{"officer": "zhang", "name": None, "cert_no": "B1305001"}]
    assert case.services is not None
    assert case.services[0]["witness"] == "赵六"
    assert case.archived_on is not None
    assert (case.party_name, case.party_code) == ("某某商店", CODE)


def test_every_paper_s_number_is_an_alias_and_the_archive_number_is_none(either: Database) -> None:
    """Companion numbers differ (郑环); archive numbers count anew in every unit and must link nothing."""
    put(either)
    with either.read() as session:
        numbers = set(session.exec(select(CaseAlias.norm)))
    assert numbers == {"冀邢市监立〔2024〕9号", "冀邢市监罚决〔2024〕27号", "冀邢市监责改〔2024〕第128号"}


def test_one_party_in_two_cases_of_two_bureaus_is_one(either: Database) -> None:
    put(either)
    put(
        either, uid="k2", unit="v", numbers=[], documents=[], activities=[], decision=None,
        parties=[{**SHOP, "name": "某某商店（个体工商户）"}, {**OWNER, "name": "王伍"}],
    )  # fmt: skip
    with either.read() as session:
        assert list(parties(session).values()) == list(parties(session, "k2").values())
        assert len(session.exec(select(Party)).all()) == 2


def test_a_name_alone_never_makes_two_parties_one(either: Database) -> None:
    nameless = [{"kind": "CITIZEN", "name": "王五"}]
    put(either, parties=nameless)
    with either.read() as session:
        before = parties(session)
    assert put(either, parties=nameless, title="改") is Ended.CHANGED
    put(either, uid="k2", parties=nameless, numbers=[], documents=[], activities=[], decision=None)
    with either.read() as session:
        assert parties(session) == before
        assert parties(session, "k2") != before


def test_an_identity_number_is_nowhere_in_the_database(database: Database, tmp_path: Path) -> None:
    put(database)
    with database.read() as session:
        party = session.exec(select(Party).where(col(Party.id_hash).is_not(None))).one()
    assert party.id_masked == "1101************2X"
    database.close()
    files = list(tmp_path.glob("gateway.sqlite*"))
    assert files
    assert not any(
        ID_NO.encode() in file.read_bytes() or ID_NO[4:16].encode() in file.read_bytes() for file in files
    )


def test_another_key_gives_another_hash_and_none_refuses(either: Database) -> None:
    put(either)
    with pytest.raises(Refused) as no:
        put(either, usual(), uid="k2")
    assert no.value.reason["code"] == "case.no_identity_key"
    with either.read() as session:
        assert session.get(CaseRecord, "k2") is None


def test_a_party_that_left_the_case_is_gone_and_the_chain_says_so(either: Database, tmp_path: Path) -> None:
    put(either)
    put(either, parties=[SHOP])
    with either.read() as session:
        assert list(parties(session)) == ["某某商店"]
    store = LocalStore(tmp_path / "store")
    store.prepare()
    assert [str(one) for one in audit(either, store)] == []


def test_who_was_a_party_once_stays_known(either: Database) -> None:
    """By name and code, whatever later tellings say: a legal hold on a party reaches the case by it."""
    put(either)
    assert stored(either).former_parties is None
    put(either, parties=[{**SHOP, "name": "某某超市"}])
    once = [{"name": "某某商店", "code": CODE}, {"name": "王五", "code": None}]
    assert stored(either).former_parties == once
    put(either, parties=[], party_name="赵六")
    assert stored(either).former_parties == [
        {"name": "某某商店", "code": CODE},
        {"name": "某某超市", "code": CODE},
        once[1],
    ]
    put(either)
    assert stored(either).former_parties == [
        {"name": "某某超市", "code": CODE},
        {"name": "赵六", "code": None},
    ]


@pytest.mark.parametrize(
    ("told", "kept"), [({}, None), ({"real_estate": None}, None), ({"real_estate": False}, False)]
)
def test_whether_a_case_is_over_real_estate_may_not_be_known(
    database: Database, told: dict[str, Any], kept: bool | None
) -> None:
    silent = {name: value for name, value in WHOLE.items() if name != "real_estate"}
    with database.write() as session:
        put_case(session, CaseIn.model_validate(silent | told), "test", "test", RULES)
    assert stored(database).real_estate is kept


def test_a_paper_that_vanishes_is_withdrawn_and_one_that_comes_back_counts_again(
    either: Database, tmp_path: Path
) -> None:
    other = {"id": "k1-d2", "type": "现场笔录"}
    put(either, version=1, activities=[{**STEP, "document": "k1-d1"}])
    assert put(either, version=2, documents=[other]) is Ended.CHANGED
    with either.read() as session:
        assert session.get_one(Document, "k1-d1").withdrawn_at is not None
        assert session.get_one(Document, "k1-d2").withdrawn_at is None
        assert "冀邢市监责改〔2024〕第128号" not in set(session.exec(select(CaseAlias.norm)))
        party = session.exec(select(Party).where(Party.code == CODE)).one()
        view = party_view(session, Viewer("x", "x", Role.EVIDENCE, None), party.id)
        assert view is not None
        assert [paper.id for one in view.cases for paper in one.documents] == ["k1-d2"]
    put(either, version=3)
    with either.read() as session:
        assert session.get_one(Document, "k1-d1").withdrawn_at is None
        assert session.get_one(Document, "k1-d2").withdrawn_at is not None
    store = LocalStore(tmp_path / "store")
    store.prepare()
    assert [str(one) for one in audit(either, store)] == []


def test_a_party_that_somebody_edited_is_named(either: Database, tmp_path: Path) -> None:
    put(either)
    with either.write() as session:
        session.exec(select(Party).where(Party.code == CODE)).one().code = OTHER_CODE
    store = LocalStore(tmp_path / "store")
    store.prepare()
    assert any("party" in str(one) for one in audit(either, store))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"version": 3}, {"version": 4}),
        ({"updated_at": "2024-05-06T09:00:00+08:00"}, {"updated_at": "2024-05-06T10:00:00+09:00"}),
    ],
)
def test_older_never_overwrites_newer(
    database: Database, older: dict[str, Any], newer: dict[str, Any]
) -> None:
    if "updated_at" in newer:  # the same instant, written in another zone, is no older
        assert put(database, title="新", **older) is Ended.NEW
        assert put(database, title="新", **newer) is Ended.SAME
        newer = {"updated_at": "2024-05-06T09:00:01+08:00"}
    put(database, title="新", **newer)
    with database.write() as session:
        for due in session.exec(select(RelinkDue)):
            session.delete(due)
    assert put(database, title="旧", activities=[], **older) is Ended.OUTDATED
    assert stored(database).title == "新"
    with database.read() as session:
        assert session.get_one(Activity, "k1-a1").withdrawn_at is None
        assert session.exec(select(RelinkDue)).first() is None


def test_a_step_that_vanishes_is_withdrawn_and_one_that_comes_back_counts_again(database: Database) -> None:
    put(database, version=1)
    put(database, version=2, activities=[])
    with database.read() as session:
        assert session.get_one(Activity, "k1-a1").withdrawn_at is not None
    put(database, version=3)
    with database.read() as session:
        assert session.get_one(Activity, "k1-a1").withdrawn_at is None


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"parties": [{**SHOP, "code": CODE[:-1] + "4"}]}, "统一社会信用代码"),
        ({"parties": [{**OWNER, "id_no": "110105194912310021"}]}, "公民身份号码"),
        ({"parties": [{**OWNER, "code": CODE}]}, "a citizen has none"),
        ({"parties": [SHOP, SHOP]}, "twice"),
        ({"retention_class": "20y"}, "retention_class"),
        ({"handlers": [{}]}, "name a handler"),
        ({"party_name": "x"}, "not both"),
        ({"version": 2**63}, "version"),
    ],
)
def test_what_cannot_be_a_record_is_refused(told: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as no:
        CaseIn.model_validate(WHOLE | told)
    assert "110105194912310021" not in str(no.value)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var")
    key = identity_key(settings)
    assert key == identity_key(settings)
    assert key is not None
    assert len(key) == 32
    assert (tmp_path / "var" / "identity.key").stat().st_mode & 0o077 == 0
    many_hosts = Settings(data=tmp_path / "var", database="postgresql://x@127.0.0.1/y")  # type: ignore[arg-type]
    assert identity_key(many_hosts) is None


def test_rows_from_before_still_match_their_chain(tmp_path: Path) -> None:
    """A column that is new must not change what the chain says of rows that were there."""
    from sqlalchemy import text

    from gateway import custody

    opened = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    migrations.upgrade(opened.engine, "0007")
    with opened.engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO caserecord (uid, title, handlers, source, updated_at) "
                "VALUES ('k', '旧案', '[]', 'api', '2024-05-06 00:00:00.000000')"
            )
        )
    before = custody.value_digest(
        {
            "uid": "k",
            "title": "旧案",
            "handlers": [],
            "source": "api",
            "updated_at": "2024-05-06T00:00:00.000000+00:00",
        }
    )
    migrations.upgrade(opened.engine)
    with opened.read() as session:
        assert custody.row_digest(session.get_one(CaseRecord, "k")) == before
    opened.close()
