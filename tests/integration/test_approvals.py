"""Watching beyond one's own right: what a grant opens, to whom, until when; and the whole walk."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.signin import add_key, add_user
from gateway import approvals, audit, custody
from gateway.approvals import Asked, Verdict, asking, deciding
from gateway.config import Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import (
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    CustodyEvent,
    Device,
    Link,
    Original,
    Party,
    PartyKind,
    RequestedClip,
    RequestState,
    RequestUse,
    Role,
    Unit,
    User,
    ViewApprover,
    Viewing,
    ViewRequest,
    now,
)
from gateway.store import LocalStore
from gateway.visibility import Viewer, units_below, visible, watchable

Api = tuple[TestClient, dict[str, str]]
LAW = Law.of(Settings())
WEEK = {"unit": "theirs", "purpose": "案卷评查", "days": 7}


@pytest.fixture
def town(either: Database) -> Database:
    """A section that has footage, the bureau above it, and another section that wants to see some."""
    with either.write() as session:
        session.add(Unit(id="bureau", name="局"))
        session.flush()
        for unit in ("theirs", "ours"):
            session.add(Unit(id=unit, name=unit, parent_id="bureau", is_section=True))
        session.flush()
        people = (
            ("asker", Role.OPERATOR, "ours"), ("other", Role.EVIDENCE, "ours"), ("head", Role.EVIDENCE, "theirs"),
            ("own", Role.EVIDENCE, "theirs"), ("chief", Role.SUPERVISOR, "bureau"), ("prog", Role.INTEGRATOR, "ours"),
        )  # fmt: skip
        session.add_all(User(id=name, name=name, role=role, unit_id=unit) for name, role, unit in people)
        session.add(Device(id="cam", type="body_camera", unit_id="theirs"))
        session.add(CaseRecord(uid="k", title="案", unit_id="theirs"))
        session.add(Party(id="p", kind=PartyKind.CITIZEN))
        session.flush()
        session.add(CaseAlias(case_uid="k", raw="冀邢市监罚〔2026〕7号", norm="冀邢市监罚〔2026〕7号"))
        session.add(CaseParty(case_uid="k", party_id="p", place=0, name="王五"))
        for number, clip in enumerate(("one", "two", "secret")):
            session.add(Original(id=clip, device_id="cam", name=f"{clip}.mp4", suffix=".mp4", size=1))
            session.flush()
            at = now() - timedelta(days=number)
            session.add(
                Clip(
                    id=clip, device_id="cam", kind="VIDEO", started_at=at, ended_at=at + timedelta(minutes=5),
                    secrecy="state_secret" if clip == "secret" else None,
                )
            )  # fmt: skip
        session.flush()
        session.add(Link(clip_id="two", case_uid="k", verdict="VALID", score=1, reasons=[], rule_pack="p"))
        approvals.appoint(session, "head", "theirs", "t")
        approvals.appoint(session, "chief", "bureau", "t")
    return either


def viewer(session: Session, name: str) -> Viewer:
    user = session.exec(select(User).where(User.name == name)).one()
    return Viewer(user.id, name, user.role, units_below(session, user.unit_id) if user.unit_id else None)


def asked(database: Database, who: str, **more: Any) -> str:
    with database.write() as session:
        return approvals.ask(session, LAW, viewer(session, who), Asked.model_validate(WEEK | more)).id


def says(database: Database, who: str, request: str, approve: bool = True, **more: Any) -> RequestState:
    with database.write() as session:
        row = session.get_one(ViewRequest, request)
        said = Verdict.model_validate({"approve": approve, **more})
        approvals.decide(session, row, viewer(session, who), said)
        return row.state


def watches(database: Database, who: str) -> set[str]:
    with database.read() as session:
        return set(session.exec(select(Clip.id).where(watchable(viewer(session, who)))))


def change(database: Database, request: str, **values: Any) -> None:
    with database.write() as session:
        row = session.get_one(ViewRequest, request)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def test_a_request_that_is_sent_twice_is_one(town: Database) -> None:
    """Until it is decided, or means other clips."""
    with ThreadPoolExecutor(2) as both:
        one, same = both.map(lambda _: asked(town, "asker", case="k"), range(2))
    assert one == same
    assert asked(town, "other", case="k") != one
    assert asked(town, "asker", case="k", days=8) != one
    with town.write() as session:
        session.add(Link(clip_id="one", case_uid="k", verdict="VALID", score=1, reasons=[], rule_pack="p"))
    assert asked(town, "asker", case="k") == one, "who may not see the footage does not learn that more came"
    own = [asked(town, "own", case="k") for _ in range(2)]
    assert own[0] == own[1]
    with town.write() as session:
        session.add(Link(clip_id="secret", case_uid="k", verdict="VALID", score=1, reasons=[], rule_pack="p"))
    assert asked(town, "own", case="k") != own[0], "it names a clip more"
    assert says(town, "head", one, approve=False, why="不需要") is RequestState.DECLINED
    assert asked(town, "asker", case="k") != one


@pytest.mark.parametrize("purpose", ["评查\u202e", "\u2066评查", "评\x07查", "评\u061c查"])
def test_a_purpose_that_turns_the_text_beside_it_in_a_copy_is_refused(town: Database, purpose: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(town, "asker", clips=["one"], purpose=purpose)
    assert refused.value.reason["code"] == "retrieval.unseen_characters"
    asked(town, "asker", clips=["one"], purpose="评查\n古丽娜尔\u200c👨\u200d👩")


def test_a_grant_opens_those_clips_to_that_person_while_it_holds_and_nothing_else(town: Database) -> None:
    request = asked(town, "asker", clips=["one"])
    assert watches(town, "asker") == set(), "asking opens nothing"
    assert says(town, "head", request) is RequestState.GRANTED
    assert watches(town, "asker") == {"one"}, "that clip and no other"
    assert watches(town, "other") == set(), "nobody else of his unit"
    with town.read() as session:
        lists = select(Clip.id).where(visible(viewer(session, "asker"), Clip))
        assert list(session.exec(lists)) == [], "a grant is for watching: lists show what they showed"
    row = {"granted_at": now() + timedelta(hours=1), "valid_until": now() + timedelta(days=2)}
    change(town, request, **row)
    assert watches(town, "asker") == set(), "not before it begins"
    change(town, request, granted_at=now() - timedelta(days=8), valid_until=now() - timedelta(seconds=1))
    assert watches(town, "asker") == set(), "not after its end"
    change(town, request, valid_until=now() + timedelta(days=1))
    assert watches(town, "asker") == {"one"}
    with town.write() as session:
        session.get_one(User, "asker").role = Role.INTEGRATOR
    assert watches(town, "asker") == set(), "programs watch nothing"
    with town.write() as session:
        session.get_one(User, "asker").role = Role.OPERATOR
        approvals.revoke(session, session.get_one(ViewRequest, request), viewer(session, "chief"), "已结案")
    assert watches(town, "asker") == set(), "not once it was revoked"


def test_a_state_secret_is_watched_by_nobody_without_two_heads(town: Database) -> None:
    """LK-16; today's own unit as little as an administrator who sees everything."""
    assert watches(town, "own") == {"one", "two"}
    with town.write() as session:
        session.add(User(id="root", name="root", role=Role.ADMIN))
    assert watches(town, "root") == {"one", "two"}
    request = asked(town, "own", clips=["secret"])
    assert says(town, "head", request) is RequestState.ASKED
    assert watches(town, "own") == {"one", "two"}
    assert says(town, "chief", request) is RequestState.GRANTED
    assert watches(town, "own") == {"one", "two", "secret"}
    assert watches(town, "head") == {"one", "two"}


def test_what_becomes_a_state_secret_is_closed_although_it_was_granted(town: Database) -> None:
    request = asked(town, "asker", clips=["one"])
    says(town, "head", request)
    with town.write() as session:
        session.get_one(Clip, "one").secrecy = "state_secret"
    assert watches(town, "asker") == set()


@pytest.mark.parametrize("more", [{}, {"use": RequestUse.OUTSIDE}])
def test_each_clip_of_a_grant_is_judged_by_itself(town: Database, more: dict[str, Any]) -> None:
    """Two heads opened one secret: another clip of the same request is not theirs when it becomes one."""
    request = asked(town, "asker", clips=["one", "secret"], **more)
    assert says(town, "head", request) is RequestState.ASKED
    assert says(town, "chief", request) is RequestState.GRANTED
    assert watches(town, "asker") == {"one", "secret"}
    with town.write() as session:
        session.get_one(Clip, "one").secrecy = "state_secret"
    assert watches(town, "asker") == {"secret"}, "nobody decided over it as a secret"
    with town.write() as session:
        session.get_one(Clip, "one").secrecy = None
        session.get_one(Clip, "secret").secrecy = None
    assert watches(town, "asker") == {"one", "secret"}, "what is none any more needs no second head"


def test_what_becomes_a_secret_while_it_is_decided_has_to_be_asked_for_anew(town: Database) -> None:
    request = asked(town, "asker", clips=["one", "secret"])
    says(town, "head", request)
    with town.write() as session:
        session.get_one(Clip, "one").secrecy = "state_secret"
    refused("retrieval.became_secret", says, town, "chief", request)
    assert says(town, "chief", request, approve=False, why="重新申请") is RequestState.DECLINED
    again = asked(town, "asker", clips=["one", "secret"])
    says(town, "head", again)
    assert says(town, "chief", again) is RequestState.GRANTED
    assert watches(town, "asker") == {"one", "secret"}


def test_only_who_sees_that_unit_is_told_that_it_is_too_much(
    town: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else anybody would learn by asking how much another unit has."""
    for module in (asking, deciding):
        monkeypatch.setattr(module, "MOST", 1)
    both = {"clips": ["one", "two"]}
    refused("retrieval.too_many", asked, town, "own", **both)
    request = asked(town, "asker", **both)
    refused("retrieval.too_many", says, town, "head", request)
    assert says(town, "head", request, approve=False, why="范围过大") is RequestState.DECLINED


def refused(code: str, call: Any, *args: Any, **more: Any) -> None:
    with pytest.raises(Refused) as no:
        call(*args, **more)
    assert no.value.reason["code"] == code


def test_who_may_decide(town: Database) -> None:
    request = asked(town, "head", clips=["one"])
    refused("retrieval.own_request", says, town, "head", request)
    refused("retrieval.not_the_head", says, town, "own", request)
    assert says(town, "chief", request) is RequestState.GRANTED, "the unit above, where its head asks himself"
    refused("retrieval.decided", says, town, "chief", request)
    second = asked(town, "asker", clips=["one"])
    refused("retrieval.not_the_head", says, town, "chief", second)
    refused("retrieval.says_nothing", says, town, "head", second, approve=False)
    assert says(town, "head", second, approve=False, why="与案件无关") is RequestState.DECLINED
    assert watches(town, "asker") == set()
    third = asked(town, "asker", clips=["one"])
    with town.write() as session:
        [appointment] = session.exec(select(ViewApprover).where(ViewApprover.user_id == "head"))
        approvals.dismiss(session, appointment, "t")
    refused("retrieval.not_the_head", says, town, "head", third)
    assert says(town, "chief", third) is RequestState.GRANTED


def test_use_outside_needs_the_head_of_the_organ_besides(town: Database) -> None:
    """R-74."""
    request = asked(town, "asker", clips=["one"], use=RequestUse.OUTSIDE)
    assert says(town, "head", request) is RequestState.ASKED
    refused("retrieval.not_the_head", says, town, "head", request)
    assert watches(town, "asker") == set()
    assert says(town, "chief", request, days=2) is RequestState.GRANTED
    with town.read() as session:
        row = session.get_one(ViewRequest, request)
        assert row.valid_until is not None
        assert row.granted_at is not None
        assert row.valid_until - row.granted_at == timedelta(days=2)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"case": "冀邢市监罚〔2026〕7号"}, {"two"}),
        ({"case": "k"}, {"two"}),
        ({"party": "王五"}, {"two"}),
        ({"party": "王"}, set()),
        ({"case": "k", "unit": "ours"}, set()),
        ({"clips": ["one", "nothing"]}, {"one"}),
        ({"unit": "bureau", "clips": ["one"]}, {"one"}),
    ],
)
def test_what_a_request_names(town: Database, named: dict[str, Any], found: set[str]) -> None:
    """Only footage of the unit that is asked; what is not there is not told from what is another's."""
    request = asked(town, "asker", **named)
    with town.read() as session:
        clips = select(RequestedClip.clip_id).where(RequestedClip.request_id == request)
        assert set(session.exec(clips)) == found
    if not found and named.get("unit") != "ours":
        refused("retrieval.nothing_found", says, town, "head", request)


def test_a_span_of_time_names_what_was_recorded_in_it(town: Database) -> None:
    since, until = now() - timedelta(hours=30), now() - timedelta(hours=12)
    request = asked(town, "asker", since=since.isoformat(), until=until.isoformat())
    with town.read() as session:
        assert session.exec(select(RequestedClip.clip_id)).all() == ["two"]
        assert session.get_one(ViewRequest, request).subject.keys() == {"since", "until"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "retrieval.which"),
        ({"clips": ["one"], "case": "k"}, "retrieval.which"),
        ({"clips": ["one"], "days": 31}, "retrieval.too_long"),
        ({"clips": ["one"], "unit": "nowhere"}, "scope.unknown_unit"),
        ({"since": "2026-01-01T00:00:00+08:00"}, "retrieval.which"),
        (
            {"since": "2026-01-01T00:00:00+08:00", "until": "2026-03-01T00:00:00+08:00"},
            "retrieval.span_too_wide",
        ),
        ({"since": "2026-01-02T00:00:00+08:00", "until": "2026-01-01T00:00:00+08:00"}, "retrieval.no_span"),
    ],
)
def test_what_cannot_be_asked(town: Database, wrong: dict[str, Any], code: str) -> None:
    refused(code, asked, town, "asker", **wrong)


def test_only_who_may_watch_can_be_head(town: Database) -> None:
    def make(name: str, unit: str) -> None:
        with town.write() as session:
            approvals.appoint(session, name, unit, "t")

    refused("retrieval.head_may_not_watch", make, "asker", "ours")
    refused("retrieval.no_person", make, "nobody", "ours")
    refused("scope.unknown_unit", make, "other", "nowhere")
    refused("retrieval.head_already", make, "head", "theirs")


def test_everything_stands_in_the_chain_and_verifies(town: Database, store: LocalStore) -> None:
    request = asked(town, "asker", clips=["one"])
    says(town, "head", request)
    with town.write() as session:
        approvals.revoke(session, session.get_one(ViewRequest, request), viewer(session, "asker"), "不再需要")
    taken_back = asked(town, "asker", clips=["one"])
    with town.write() as session:
        approvals.withdraw(session, session.get_one(ViewRequest, taken_back), viewer(session, "asker"))
    with town.read() as session:
        told = select(CustodyEvent.event).where(CustodyEvent.chain == custody.SITE)
        assert list(session.exec(told.order_by(col(CustodyEvent.seq))))[2:] == [
            "VIEW_REQUESTED", "VIEW_APPROVED", "VIEW_REVOKED", "VIEW_REQUESTED", "VIEW_REQUEST_WITHDRAWN",
        ]  # fmt: skip
        of_clip = select(CustodyEvent.event).where(CustodyEvent.subject == "one")
        assert list(session.exec(of_clip)) == ["VIEW_GRANTED", "VIEW_GRANT_ENDED"]
    mine = ("viewrequest", "requestedclip", "viewdecision", "viewapprover")
    wrong = [
        one
        for one in audit.audit(town, store, read_bytes=False)
        if one.where.split()[-1].split("/")[0] in mine
    ]
    assert wrong == []
    change(town, request, purpose="别的")
    wrong = [
        one for one in audit.audit(town, store, read_bytes=False) if f"viewrequest/{request}" in one.where
    ]
    assert len(wrong) == 1


# the walk, as people and programs go it


def ask(api: Api, key: str, method: str, path: str, body: Any = None) -> Any:
    client, _ = api
    return client.request(method, f"/api/v1{path}", json=body, headers={"x-api-key": key})


def test_the_walk_from_a_request_to_its_end(api: Api, database: Database) -> None:
    _, keys = api
    with database.write() as session:
        li = add_user(session, "li", None, Role.EVIDENCE, "v")
        _, key = add_key(session, li, "t")
    head = keys["supervisor"]
    purpose = {"purpose": "案卷评查"}
    assert ask(api, key, "POST", "/clips/clip-u/viewings", purpose).status_code == 404
    asked = ask(
        api, key, "POST", "/requests", {"unit": "u", "days": 3, "clips": ["clip-u"], **purpose}
    ).json()
    request = f"/requests/{asked['id']}"
    assert (asked["state"], asked["waits_for"], asked["clips"], asked["may_decide"]) == (
        "ASKED",
        "u",
        None,
        False,
    )
    assert (
        ask(api, key, "POST", f"{request}/decision", {"approve": True}).json()["code"]
        == "retrieval.own_request"
    )
    assert ask(api, key, "POST", "/clips/clip-u/viewings", purpose).status_code == 404
    seen = ask(api, head, "GET", request).json()
    assert seen["may_decide"]
    assert [one["id"] for one in seen["clips"]] == ["clip-u"]
    assert ask(api, head, "POST", f"{request}/decision", {"approve": True}).json()["state"] == "GRANTED"

    begun = ask(api, key, "POST", "/clips/clip-u/viewings", purpose)
    assert begun.status_code == 201, begun.text
    original = begun.json()["original"].removeprefix("/api/v1")
    assert ask(api, key, "GET", original).content == b"original of u"
    assert ask(api, key, "GET", "/clips/clip-u").status_code == 404, "what is known of it is not opened"
    assert ask(api, key, "GET", "/custody?clip=clip-u").status_code == 404
    assert ask(api, key, "PATCH", "/clips/clip-u/labels", {"place": "x"}).status_code == 404
    [line] = ask(api, head, "GET", f"/viewings?request={asked['id']}").json()["items"]
    assert (line["person"], line["clip"], line["purpose"], line["kind"]) == (
        "li",
        "clip-u",
        "案卷评查",
        "VIEWING",
    )

    change(
        database, asked["id"], granted_at=now() - timedelta(days=4), valid_until=now() - timedelta(seconds=1)
    )
    over = ask(api, key, "GET", original)
    assert (over.status_code, over.json()["code"]) == (403, "retrieval.grant_over")
    again = ask(api, key, "POST", "/clips/clip-u/viewings", purpose)
    assert (again.status_code, again.json()["code"]) == (403, "retrieval.grant_over")
    log = ask(api, head, "GET", "/viewings?clip=clip-u&person=li").json()["items"]
    assert [(one["kind"], (one["why"] or {}).get("code")) for one in log] == [
        ("REFUSED", "retrieval.grant_over"), ("VIEWING", None), ("REFUSED", "retrieval.not_visible"),
    ]  # fmt: skip
    taken = ask(api, head, "GET", "/viewings/file?format=csv&clip=clip-u&person=li")
    assert taken.content.startswith(b"\xef\xbb\xbf")
    assert taken.text.count("\r\n") == 4
    assert "调阅授权已到期或者被撤销" in taken.text


def test_a_revoked_grant_ends_what_is_being_watched(api: Api, database: Database) -> None:
    _, keys = api
    with database.write() as session:
        _, key = add_key(session, session.exec(select(User).where(User.name == "asker-v")).one(), "t")
    body = {"unit": "u", "days": 3, "clips": ["clip-u"], "purpose": "评查"}
    request = ask(api, key, "POST", "/requests", body).json()["id"]
    ask(api, keys["evidence"], "POST", f"/requests/{request}/decision", {"approve": True})
    begun = ask(api, key, "POST", "/clips/clip-u/viewings", {"purpose": "评查"}).json()
    original = begun["original"].removeprefix("/api/v1")
    assert ask(api, key, "GET", original).status_code == 200, "an operator may, for it was granted to him"
    assert ask(api, key, "POST", "/clips/old-u/viewings", {"purpose": "评查"}).status_code == 403
    ask(api, keys["evidence"], "POST", f"/requests/{request}/revoke", {"why": "误批"})
    assert ask(api, key, "GET", original).status_code == 403
    with database.read() as session:
        viewing = session.get_one(Viewing, begun["viewing"])
        assert viewing.ended_at is not None
        assert viewing.request_id == request
        assert viewing.expires_at <= viewing.started_at + timedelta(days=3)


def test_a_state_secret_is_refused_with_its_reason(api: Api, database: Database) -> None:
    _, keys = api
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = "state_secret"
    for role in ("evidence", "supervisor", "admin"):
        said = ask(api, keys[role], "POST", "/clips/clip-u/viewings", {"purpose": "评查"})
        assert (said.status_code, said.json()["code"]) == (403, "retrieval.state_secret")
        assert ask(api, keys[role], "GET", f"/clips/clip-u/original?viewing=view-{role}-u").status_code == 403
        assert ask(api, keys[role], "GET", "/clips/clip-u").status_code == 200, (
            "that it is there is no secret"
        )
    log = ask(api, keys["admin"], "GET", "/viewings?clip=clip-u&kind=REFUSED").json()["items"]
    assert {one["why"]["code"] for one in log} == {"retrieval.state_secret"}
