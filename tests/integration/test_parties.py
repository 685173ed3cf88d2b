"""One party, many cases, different bureaus: its text and footage together, each viewer's own part only."""

import pytest
from sqlmodel import Session, select

from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.records import store_case
from gateway.database import Database
from gateway.models import Clip, Device, Link, LinkStatus, Original, Party, Role, Unit, now
from gateway.parties import party_view
from gateway.visibility import Viewer

CODE = "91350100M000100Y43"
EVERY, U, V, W = None, frozenset({"u"}), frozenset({"v"}), frozenset({"w"})


def viewer(units: frozenset[str] | None) -> Viewer:
    return Viewer("x", "x", Role.EVIDENCE, units)


def case(session: Session, uid: str, unit: str, name: str) -> None:
    given = {
        "uid": uid, "title": uid, "unit": unit, "parties": [{"kind": "ORGANISATION", "name": name, "code": CODE}],
        "documents": [{"id": f"{uid}-d", "type": "询问笔录"}],
        "activities": [
            {"id": f"{uid}-a", "kind": "询问", "started_at": "2024-05-06T09:00:00Z", "ended_at": "2024-05-06T10:00:00Z"}
        ],
    }  # fmt: skip
    store_case(session, CaseIn.model_validate(given), "t", "t")


def clip(session: Session, name: str, unit: str, *links: tuple[str, LinkStatus]) -> None:
    session.add(Original(id=name, device_id=f"cam-{unit}", name=name, suffix=".mp4", size=1))
    session.flush()
    session.add(Clip(id=name, device_id=f"cam-{unit}", kind="VIDEO"))
    session.flush()
    for uid, status in links:
        ended = now() if status is LinkStatus.WITHDRAWN else None
        session.add(
            Link(clip_id=name, case_uid=uid, verdict="VALID", score=1, reasons=[], rule_pack="p", status=status, ended_at=ended)
        )  # fmt: skip


@pytest.fixture
def party(database: Database) -> str:
    with database.write() as session:
        for unit in ("u", "v", "w"):
            session.add(Unit(id=unit, name=unit))
            session.flush()
            session.add(Device(id=f"cam-{unit}", type="body_camera", unit_id=unit))
        session.flush()
        case(session, "k1", "u", "某店")
        case(session, "k2", "v", "某商店")
        case(session, "k3", "u", "某店")
        clip(session, "one", "u", ("k1", LinkStatus.PROPOSED), ("k3", LinkStatus.CONFIRMED))
        clip(session, "two", "v", ("k2", LinkStatus.PROPOSED))
        clip(session, "shared", "v", ("k1", LinkStatus.CONFIRMED))
        clip(session, "gone", "u", ("k1", LinkStatus.WITHDRAWN))
        clip(session, "proposed", "v", ("k1", LinkStatus.PROPOSED))
        return session.exec(select(Party.id)).one()


@pytest.mark.parametrize(
    ("units", "cases", "footage"),
    [
        (EVERY, ["k1", "k2", "k3"], {"one", "two", "shared", "proposed"}),
        (U, ["k1", "k3"], {"one", "shared"}),
        (V, ["k2"], {"two"}),
    ],
)
def test_each_sees_its_own_cases_and_their_footage_once(
    database: Database, party: str, units: frozenset[str] | None, cases: list[str], footage: set[str]
) -> None:
    with database.read() as session:
        view = party_view(session, viewer(units), party)
    assert view is not None
    assert [one.case.uid for one in view.cases] == cases
    assert len(view.footage) == len(footage)
    assert {found.id for found, _ in view.footage} == footage
    assert all(len(one.documents) == len(one.activities) == 1 for one in view.cases)


def test_whoever_has_no_case_of_it_does_not_learn_that_it_exists(database: Database, party: str) -> None:
    with database.read() as session:
        assert party_view(session, viewer(W), party) is None
        assert party_view(session, viewer(EVERY), "nobody") is None
