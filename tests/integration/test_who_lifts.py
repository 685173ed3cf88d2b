"""What keeps or closes footage is lifted by whose footage it is: marks, holds, state secrets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.signin import add_key, add_user
from gateway import approvals, holds
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import (
    CaseRecord,
    Clip,
    CustodyEvent,
    Device,
    LegalHold,
    Link,
    LinkStatus,
    Original,
    RetentionFlag,
    Role,
    Unit,
)
from gateway.rules.retention import Flag
from gateway.store import LocalStore
from tests.client import client_of

PEOPLE = {
    "boss": (Role.SUPERVISOR, "recorded"),
    "staff": (Role.EVIDENCE, "recorded"),
    "mate": (Role.EVIDENCE, "recorded"),
    "above": (Role.SUPERVISOR, "bureau"),
    "linked": (Role.SUPERVISOR, "has-case"),
    "linked-staff": (Role.EVIDENCE, "has-case"),
    "stranger": (Role.SUPERVISOR, "other"),
    "root": (Role.ADMIN, None),
}
HEADS = {
    "boss": "recorded",
    "staff": "recorded",
    "above": "bureau",
    "linked": "has-case",
    "stranger": "other",
}
Town = tuple[TestClient, Database, dict[str, str], dict[str, str]]


@pytest.fixture
def town(either: Database, tmp_path: Path, store: LocalStore) -> Iterator[Town]:
    """A unit that recorded a clip, the bureau above it, and a unit to whose case the clip belongs."""
    keys = {}
    with either.write() as session:
        session.add(Unit(id="bureau", name="bureau"))
        session.flush()
        session.add_all(
            Unit(id=one, name=one, parent_id="bureau") for one in ("recorded", "has-case", "other")
        )
        session.flush()
        for name, (role, unit) in PEOPLE.items():
            _, keys[name] = add_key(session, add_user(session, name, None, role, unit), "t")
        session.add(Device(id="cam", type="body_camera", unit_id="recorded"))
        session.add(CaseRecord(uid="k", title="案", unit_id="has-case"))
        session.flush()
        session.add(Original(id="one", device_id="cam", name="one.mp4", suffix=".mp4", size=1))
        session.flush()
        session.add(Clip(id="one", device_id="cam", kind="VIDEO"))
        session.flush()
        session.add(
            Link(
                clip_id="one", case_uid="k", verdict="VALID", score=1, reasons=[], rule_pack="p",
                status=LinkStatus.CONFIRMED,
            )
        )  # fmt: skip
        for name, unit in HEADS.items():
            approvals.appoint(session, name, unit, "t")
        ids = {
            "mark": holds.mark(session, "one", Flag.MAJOR, "重大", "staff").id,
            "linked-mark": holds.mark(session, "one", Flag.EVIDENCE, "证据", "linked-staff").id,
            "hold": holds.place(session, holds.HoldIn(clip="one", why="复议"), "staff", "recorded").id,
            "linked-hold": holds.place(session, holds.HoldIn(clip="one", why="诉讼"), "linked-staff", "has-case").id,
        }  # fmt: skip
    with client_of(either, store, LiveFolder(tmp_path)) as client:
        yield client, either, keys, ids


def send(town: Town, who: str, method: str, path: str, **body: Any) -> Any:
    client, _, keys, _ = town
    return client.request(method, f"/api/v1{path}", json=body, headers={"x-api-key": keys[who]})


LIFTS = {  # (mark of the unit that recorded it, mark of the case's unit), (hold of the one, of the other)
    "boss": ((200, 200), (200, 404)),
    "above": ((200, 200), (200, 200)),
    "linked": ((403, 403), (404, 200)),
    "stranger": ((404, 404), (404, 404)),
    "staff": ((403, 403), (403, 403)),
    "linked-staff": ((403, 403), (403, 403)),
    "root": ((200, 200), (200, 200)),
}


def test_who_lifts_a_mark_or_a_hold(town: Town) -> None:
    """A mark is lifted by whose footage it is, a hold by the unit that placed it; each by who may, and above."""
    _, database, _, ids = town
    for who, ((mark, linked_mark), (hold, linked_hold)) in LIFTS.items():
        expected = {
            f"/flags/{ids['mark']}/lift": mark, f"/flags/{ids['linked-mark']}/lift": linked_mark,
            f"/holds/{ids['hold']}/lift": hold, f"/holds/{ids['linked-hold']}/lift": linked_hold,
        }  # fmt: skip
        said = {path: send(town, who, "POST", path, why="终结").status_code for path in expected}
        assert said == expected, who
        with database.write() as session:  # as it was, for the next
            for row in (*session.exec(select(RetentionFlag)), *session.exec(select(LegalHold))):
                row.lifted_at = row.lifted_by = row.lifted_why = None
                session.add(row)
    assert send(town, "linked", "POST", f"/flags/{ids['mark']}/lift", why="终结").json()["code"] == (
        "hold.not_collected"
    )


SECRECY = {  # by the endpoint of its own, by the labels
    "boss": (200, 403),  # a supervisor enters no labels
    "staff": (200, 200),
    "mate": (409, 409),
    "above": (200, 403),
    "linked": (409, 403),
    "linked-staff": (409, 409),
    "stranger": (404, 403),
    "root": (409, 409),
}


def test_who_lifts_that_a_clip_is_a_state_secret(town: Town) -> None:
    """Ours, by R-71 and R-72: a head of the unit that recorded it or of one above, not whoever enters labels."""
    _, database, _, _ = town
    why = {"why": "经保密办审查不属于国家秘密"}
    for who, expected in SECRECY.items():
        said = []
        for method, path, body in (
            ("POST", "/clips/one/secrecy/lift", why),
            ("PATCH", "/clips/one/labels", {"secrecy": "privacy", **why}),
        ):
            with database.write() as session:
                session.get_one(Clip, "one").secrecy = "state_secret"
            said.append(send(town, who, method, path, **body).status_code)
            with database.read() as session:
                is_secret = session.get_one(Clip, "one").secrecy == "state_secret"
            assert is_secret is (said[-1] != 200), (who, path)
        assert tuple(said) == expected, who
    assert send(town, "mate", "POST", "/clips/one/secrecy/lift", **why).json()["code"] == "labels.secret_head"
    assert send(town, "staff", "POST", "/clips/one/secrecy/lift").status_code == 422, "why has to be said"
    with database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LABELLED_BY_PERSON")).all()
        assert [(one.actor, one.detail["before"]["secrecy"]) for one in lines][:1] == [
            ("boss", "state_secret")
        ]


def test_everybody_who_enters_labels_says_that_it_is_one(town: Town) -> None:
    for who in ("mate", "linked-staff"):
        assert send(town, who, "PATCH", "/clips/one/labels", secrecy="state_secret").status_code == 200
