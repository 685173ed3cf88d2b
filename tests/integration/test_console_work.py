"""The work list: who may open it, what a key does, and what happens when two sit at one queue."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console.purposes import PURPOSE
from api.signin import add_key, add_user
from gateway.database import Database
from gateway.linking import labelling
from gateway.models import (
    CaseAlias,
    CaseRecord,
    Clip,
    CustodyEvent,
    Link,
    LinkStatus,
    OrderRow,
    Original,
    Postponed,
    Role,
    State,
    User,
    Viewing,
)
from gateway.rules.case_number import normalise
from gateway.wording import reason
from gateway.wording.console import word
from gateway.worklist.marks import MARKS, Queue
from tests.integration.test_api_matrix import ADMIN, LEDGER, Row, roles

DECIDE = {"clip": "clip-{}", "seen": "0", "act": "confirm:link-{}", "why": "核对无误"}
ROWS = [
    Row("GET", "/work", LEDGER, listing=True),
    *(Row("GET", f"/work/{queue}", LEDGER, query="clip=clip-{}") for queue in (*MARKS, Queue.RETENTION)),
    Row("GET", f"/work/{Queue.OVERDUE}", LEDGER, listing=True),
    Row("GET", f"/work/{Queue.REFUSALS}", roles(ADMIN), listing=True),
    Row("POST", "/work/proposed/decide", LEDGER, body=DECIDE),
    Row("POST", "/work/proposed/undo", LEDGER, body={"clip": "clip-{}", "did": "clip-{}.1.1"}),
    Row("POST", "/work/proposed/later", LEDGER, body={"clip": "clip-{}"}),
    Row("POST", "/work/proposed/watch", LEDGER, body={"clip": "clip-{}"}),
]
"""Asked by every role in test_console.py."""


class Desk:
    """Somebody of unit `u` at a queue: presses what his page shows."""

    def __init__(self, client: TestClient, key: str, queue: Queue, clip: str = "clip-u") -> None:
        self.client, self.headers, self.queue, self.clip = client, {"x-api-key": key}, queue, clip
        self.page = self.look()

    def look(self) -> str:
        self.page = self.client.get(f"/work/{self.queue}?clip={self.clip}", headers=self.headers).text
        return self.page

    def press(self, act: str, **given: str) -> str:
        """By what the page showed when it was loaded, however long ago that was."""
        seen = re.findall(r'name="seen" value="(\d+)"', self.page)[0]
        form = {"clip": self.clip, "seen": seen, "act": act, **given}
        return self.send("decide", form)

    def undo(self) -> str:
        did = re.findall(r'name="did" value="([^"]+)"', self.page)[0]
        return self.send("undo", {"clip": self.clip, "did": did})

    def send(self, way: str, form: dict[str, str]) -> str:
        said = self.client.post(
            f"/work/{self.queue}/{way}", headers={**self.headers, "hx-request": "true"}, data=form
        )
        assert said.status_code == 200, said.text
        self.page = said.text
        return said.text


@pytest.fixture
def desk(console: tuple[TestClient, dict[str, str]]) -> Callable[..., Desk]:
    client, keys = console
    return lambda queue, role="evidence", **more: Desk(client, keys[role], queue, **more)


def link(database: Database, link_id: str = "link-u") -> Link:
    with database.read() as session:
        return session.get_one(Link, link_id)


def lines(database: Database, clip: str = "clip-u") -> list[tuple[str, str, Any]]:
    with database.read() as session:
        told = select(CustodyEvent).where(CustodyEvent.subject == clip).order_by(col(CustodyEvent.seq))
        return [(one.event, one.actor, one.detail) for one in session.exec(told)]


def test_a_key_decides_with_an_honest_reason_and_undo_takes_it_back(
    desk: Callable[..., Desk], database: Database
) -> None:
    mine = desk(Queue.PROPOSED)
    assert "已确认关联《案》" in mine.press("confirm:link-u")
    assert link(database).status is LinkStatus.CONFIRMED
    assert lines(database)[-1] == (
        "LINK_CONFIRMED", "user-evidence", {"link": "link-u", "why": word("zh", "work.why_confirm")}
    )  # fmt: skip
    assert "已撤销您的上一步操作" in mine.undo()
    assert link(database).status is LinkStatus.PROPOSED
    assert 'data-key="u"' not in mine.page, "an undo is not undone in its turn"
    mine.press("withdraw:link-u", why="不是本案")
    assert lines(database)[-1][2]["why"] == "不是本案"
    assert link(database).ended_at is not None


def test_who_comes_second_is_told_what_the_first_decided_and_decides_nothing(
    desk: Callable[..., Desk], database: Database
) -> None:
    first, second = desk(Queue.PROPOSED), desk(Queue.PROPOSED, "admin")
    first.press("confirm:link-u")
    told = second.press("withdraw:link-u")
    assert "user-evidence 已于" in told
    assert "已确认关联《案》" in told
    assert link(database).status is LinkStatus.CONFIRMED
    assert [event for event, *_ in lines(database)] == ["LINK_CONFIRMED"]
    second.press("withdraw:link-u")  # now he has seen it
    assert [(event, actor) for event, actor, _ in lines(database)][1:] == [("LINK_WITHDRAWN", "user-admin")]


def test_nobody_takes_back_what_somebody_else_decided_after_him(
    desk: Callable[..., Desk], database: Database
) -> None:
    first = desk(Queue.PROPOSED)
    first.press("confirm:link-u")
    desk(Queue.PROPOSED, "admin").press("withdraw:link-u")
    assert "user-admin 已于" in first.undo()
    assert link(database).ended_at is not None
    assert [event for event, *_ in lines(database)] == ["LINK_CONFIRMED", "LINK_WITHDRAWN"]


def test_nobody_takes_back_what_was_not_his(desk: Callable[..., Desk], database: Database) -> None:
    first = desk(Queue.PROPOSED)
    first.press("confirm:link-u")
    did = re.findall(r'name="did" value="([^"]+)"', first.page)[0]
    other = desk(Queue.PROPOSED, "admin")
    assert "没有可以撤销的人工决定" in other.send("undo", {"clip": "clip-u", "did": did})
    assert link(database).status is LinkStatus.CONFIRMED


def test_labels_and_what_links_prove_are_saved_together_and_given_back(
    desk: Callable[..., Desk], database: Database
) -> None:
    mine = desk(Queue.LABELS)
    mine.press("label", **{"place": "东市场3号摊", "matter.link-u": "无证经营"})
    with database.read() as session:
        assert session.get_one(Clip, "clip-u").place == "东市场3号摊"
    proved = link(database)
    assert (proved.matter, proved.status) == ("无证经营", LinkStatus.CONFIRMED)
    assert "已保存标注；已确认关联" in mine.page
    mine.undo()
    with database.read() as session:
        assert session.get_one(Clip, "clip-u").place is None
    again = link(database)
    assert (again.matter, again.status) == (None, LinkStatus.PROPOSED)


def test_a_time_is_not_taken_back_by_a_key(desk: Callable[..., Desk], database: Database) -> None:
    mine = desk(Queue.CLOCK)
    told = mine.press("label", captured_at="2024-05-06T09:30:00")
    assert "已保存标注" in told
    assert 'data-key="u"' not in told
    with database.read() as session:
        declared = session.get_one(Clip, "clip-u").declared
    assert declared[labelling.CAPTURED] == "2024-05-06T01:30:00+00:00", "in the site's zone"


@pytest.mark.parametrize("given", [{}, {"captured_at": "gestern"}])
def test_labels_that_say_nothing_are_no_decision(
    desk: Callable[..., Desk], database: Database, given: dict[str, str]
) -> None:
    assert "没有填写任何标注" in desk(Queue.LABELS).press("label", **given)
    assert lines(database) == []


def test_another_case_is_found_by_what_people_type_and_takes_the_place_of_the_proposed_one(
    desk: Callable[..., Desk], database: Database
) -> None:
    with database.write() as session:
        for unit in ("u", "v"):
            uid = f"other-{unit}"
            session.add(CaseRecord(uid=uid, title="无照经营食品案", unit_id=unit, party_name="好再来超市"))
            session.flush()
            session.add(
                CaseAlias(case_uid=uid, raw="冀邢市监罚〔2026〕7号", norm=normalise("冀邢市监罚〔2026〕7号"))
            )
    mine = desk(Queue.REVIEW)
    for typed in ("无照经营", "好再来", "冀邢市监罚〔2026〕7号"):
        found = mine.client.get(f"/work/review?clip=clip-u&q={typed}", headers=mine.headers).text
        assert 'value="link:other-u"' in found, typed
        assert "other-v" not in found
    mine.press("link:other-u")
    assert link(database).status is LinkStatus.WITHDRAWN
    with database.read() as session:
        made = session.exec(select(Link).where(Link.case_uid == "other-u")).one()
    assert (made.status, made.supersedes) == (LinkStatus.CONFIRMED, "link-u")
    mine.look()
    assert "没有您可以关联的案件" in mine.press("link:other-v")


def test_what_is_set_aside_says_why_and_is_tried_again_or_lifted(
    desk: Callable[..., Desk], database: Database
) -> None:
    with database.write() as session:
        kept = session.get_one(Original, "clip-u")
        kept.state, kept.quarantine = State.QUARANTINED, reason("quarantine.failed", error="disk")
    mine = desk(Queue.ASIDE)
    assert "多次处理失败" in mine.page
    mine.press("retry")
    with database.read() as session:
        orders = session.exec(select(OrderRow).where(OrderRow.kind == "retry")).all()
    assert [(one.clip_id, one.asked_by) for one in orders] == [("clip-u", "user-evidence")]
    with database.write() as session:
        kept = session.get_one(Original, "clip-u")
        kept.state, kept.quarantine = State.PRESERVED, None
    mine.look()
    mine.press("secret", why="涉及国家秘密")
    with database.read() as session:
        assert session.get_one(Clip, "clip-u").secrecy == "state_secret"
    mine.look()
    mine.press("open", why=" ")
    with database.read() as session:
        assert session.get_one(Clip, "clip-u").secrecy == "state_secret", "why has to be said"
    mine.look()
    mine.press("open", why="误标")
    with database.read() as session:
        assert session.get_one(Clip, "clip-u").secrecy is None


def test_only_what_is_played_is_watched_and_only_for_a_purpose(
    desk: Callable[..., Desk], database: Database
) -> None:
    mine = desk(Queue.PROPOSED)
    assert "本次调阅事由" in mine.page
    assert "<video" not in mine.send("watch", {"clip": "clip-u"})
    with database.read() as session:
        before = len(session.exec(select(Viewing)).all())
        user = session.exec(select(User.id).where(User.name == "user-evidence")).one()
    mine.client.cookies.set(PURPOSE, f"{user} case%20review")
    assert "<video" not in mine.look()
    assert [event for event, *_ in lines(database)] == []
    assert "/api/v1/clips/clip-u/renditions/proxy?viewing=" in mine.send("watch", {"clip": "clip-u"})
    with database.read() as session:
        assert len(session.exec(select(Viewing)).all()) == before + 1
    assert lines(database)[-1] == ("VIEWED", "user-evidence", {"purpose": "case review"})


def test_without_a_script_a_form_leads_to_the_next_page_which_says_what_was_done(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    headers = {"x-api-key": keys["evidence"]}
    form = {"clip": "clip-u", "seen": "0", "act": "confirm:link-u"}
    sent = client.post("/work/proposed/decide", headers=headers, data=form)
    assert sent.status_code == 303
    led = client.get(sent.headers["location"], headers=headers).text
    assert "已确认关联《案》" in led
    assert 'action="/work/proposed/undo"' in led
    client.post("/work/proposed/later", headers=headers, data={"clip": "clip-u"})
    with database.read() as session:
        assert [one.queue for one in session.exec(select(Postponed))] == ["proposed"]


def test_what_one_did_is_told_to_him_alone(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    with database.write() as session:
        key = add_key(session, add_user(session, "wu", None, Role.EVIDENCE, "u"), "test")[1]
    form = {"clip": "clip-u", "seen": "0", "act": "confirm:link-u"}
    sent = client.post("/work/proposed/decide", headers={"x-api-key": keys["evidence"]}, data=form)
    assert "已确认关联" not in client.get(sent.headers["location"], headers={"x-api-key": key}).text


def test_a_log_that_is_set_aside_is_somebodys_work_too(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    """It is no clip, and nothing else would show it."""
    client, keys = console
    why = reason("quarantine.failed", error="disk")
    with database.write() as session:
        session.add(
            Original(
                id="f" * 32, device_id="cam-u", state=State.QUARANTINED, name="LOG/0001.log", suffix=".log", size=9,
                quarantine=why,
            )
        )  # fmt: skip
    told = client.get("/work/aside", headers={"x-api-key": keys["evidence"]}).text
    assert "0001.log" in told
    assert "多次处理失败" in told
    assert 'value="retry"' in told
    assert "<video" not in told
