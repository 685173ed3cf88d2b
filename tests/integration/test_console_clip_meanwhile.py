"""The page of a clip, or its card, was loaded; somebody else decided before its reader sent a form of it."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.database import Database
from gateway.linking.clocks import CAPTURED
from gateway.models import Clip, CustodyEvent, Link, LinkStatus
from gateway.worklist.marks import Queue
from tests.integration.test_console_clip import Console, changed, opened
from tests.integration.test_console_work import Desk

FIELD = re.compile(r"<input [^>]*?name=\"(\w+)\"[^>]*?value=(?:\"([^\"]*)\"|'([^']*)')")
CHOSEN = re.compile(r"<select [^>]*name=\"(\w+)\">.*?value=\"(\w*)\" selected", re.DOTALL)


class Tab:
    """A page as it was when it was loaded, however long ago that is."""

    def __init__(self, console: Console, role: str, language: str = "zh") -> None:
        cookie = {"cookie": f"gateway_language={language}"}
        self.client, self.headers = console[0], {"x-api-key": console[1][role], **cookie}
        self.page = opened(console, role, **cookie)

    def fields(self, way: str) -> dict[str, str]:
        """All that a browser sends of a form that nobody touched."""
        form = re.search(rf'<form method="post" action="/clips/clip-u/{way}".*?</form>', self.page, re.DOTALL)
        assert form is not None, way
        typed = {one[1]: html.unescape(one[2] or one[3] or "") for one in FIELD.finditer(form[0])}
        return typed | dict(CHOSEN.findall(form[0]))

    def send(self, way: str, *, part: bool = False, **typed: str) -> Any:
        headers = {**self.headers, **({"hx-request": "true"} if part else {})}
        form = {**self.fields(way), **typed}
        said = self.client.post(f"/clips/clip-u/{way}", data=form, headers=headers)
        if said.status_code in (200, 409) and 'id="beside"' in said.text:
            self.page = said.text
        return said


@pytest.fixture
def tab(console: Console, database: Database) -> Callable[..., Tab]:
    """Of a clip with one link, that the gateway proposed."""
    with database.write() as session:
        session.delete(session.get_one(Link, "sure-u"))
    return lambda role="evidence", **more: Tab(console, role, **more)


def clip(database: Database) -> Clip:
    with database.read() as session:
        return session.get_one(Clip, "clip-u")


def lines(database: Database) -> list[tuple[str, str, Any]]:
    with database.read() as session:
        told = select(CustodyEvent).where(CustodyEvent.subject == "clip-u").order_by(col(CustodyEvent.seq))
        return [(one.event, one.actor, one.detail) for one in session.exec(told)]


def test_an_old_page_lifts_no_state_secret_that_it_did_not_show(
    tab: Callable[..., Tab], database: Database
) -> None:
    """Not even in the hands of who may lift it."""
    old, other = tab("admin"), tab()
    assert other.send("labels", secrecy="state_secret").status_code == 303
    assert old.send("labels", place="和平路 1 号", why="更正").status_code == 303
    assert (clip(database).secrecy, clip(database).place) == ("state_secret", "和平路 1 号")
    assert lines(database)[-1][2] == {"place": "和平路 1 号", "why": "更正", "before": {"place": None}}
    old = tab("admin")
    assert old.fields("labels")["secrecy"] == "state_secret"


def test_what_its_reader_did_not_touch_stays_as_others_left_it(
    tab: Callable[..., Tab], database: Database
) -> None:
    changed(database, Clip, "clip-u", kind="AUDIO", matter="旧")
    old, other = tab(), tab("admin")
    other.send(
        "labels", place="东市场", transcript="笔录第3页", captured_at="2024-05-06T09:30:00", why="时钟"
    )
    changed(database, Clip, "clip-u", case_no="冀邢市监罚〔2024〕27号")  # the machine found it
    old.send("labels", secrecy="privacy")
    now = clip(database)
    assert (now.place, now.transcript, now.case_no) == ("东市场", "笔录第3页", "冀邢市监罚〔2024〕27号")
    assert (now.secrecy, now.matter) == ("privacy", "旧")
    assert now.declared[CAPTURED].startswith("2024-05-06T01:30:00")
    assert lines(database)[-1][2] == {"secrecy": "privacy", "before": {"secrecy": None}}


def test_who_types_over_what_somebody_else_changed_sees_that_first_and_loses_nothing(
    tab: Callable[..., Tab], database: Database
) -> None:
    old, other = tab(), tab("admin")
    other.send("labels", place="东市场")
    refused = old.send("labels", place="西市场", secrecy="privacy", why="核对现场笔录")
    assert refused.status_code == 409
    assert clip(database).place == "东市场"
    assert clip(database).secrecy is None, "all of it or nothing"
    assert re.search(r"采集地点：您打开页面之后，user-admin 已于 .+ 改为“东市场”", refused.text)
    kept = old.fields("labels")
    assert (kept["place"], kept["secrecy"], kept["why"]) == ("西市场", "privacy", "核对现场笔录")
    assert 'name="next" value="/clips/clip-u"' in refused.text, "to a page, not to where a form is sent"
    assert old.send("labels").status_code == 303, "now he has seen it"
    assert (clip(database).place, clip(database).secrecy) == ("西市场", "privacy")
    assert lines(database)[-1][2]["before"] == {"place": "东市场", "secrecy": None}


def test_a_part_of_a_page_takes_the_place_of_the_old_one(tab: Callable[..., Tab], database: Database) -> None:
    """htmx shows nothing of an answer that is no 200."""
    old = tab(language="en")
    tab("admin").send("labels", place="东市场")
    refused = old.send("labels", part=True, place="西市场")
    assert refused.status_code == 200
    assert "user-admin changed it to “东市场” at" in refused.text
    assert clip(database).place == "东市场"


def test_the_same_said_twice_is_no_quarrel_and_no_line(tab: Callable[..., Tab], database: Database) -> None:
    old, other = tab(), tab("admin")
    other.send("labels", place="东市场")
    assert old.send("labels", place="东市场").status_code == 303
    assert [actor for _, actor, _ in lines(database)] == ["user-admin"]


def test_a_form_that_carries_nothing_it_showed_only_fills_what_is_empty(
    console: Console, database: Database
) -> None:
    changed(database, Clip, "clip-u", place="东市场", secrecy="state_secret")
    client, key = console[0], {"x-api-key": console[1]["admin"]}
    said = client.post("/clips/clip-u/labels", data={"case_no": "27", "why": "更正"}, headers=key)
    assert said.status_code == 303
    now = clip(database)
    assert (now.declared["case_no"], now.place, now.secrecy) == ("27", "东市场", "state_secret")
    said = client.post("/clips/clip-u/labels", data={"place": "西市场"}, headers=key)
    assert said.status_code == 409
    assert "系统已改为“东市场”" in said.text, "nobody's line says so"


def test_what_a_label_needs_is_said_above_what_was_typed(tab: Callable[..., Tab], database: Database) -> None:
    mine = tab()
    refused = mine.send("labels", place="东市场", captured_at="2024-05-06T09:31:00")
    assert refused.status_code == 409
    assert "请写明理由" in refused.text
    assert (mine.fields("labels")["place"], mine.fields("labels")["captured_at"]) == (
        "东市场", "2024-05-06T09:31:00",
    )  # fmt: skip
    assert lines(database) == []


def test_a_matter_is_taken_back_by_an_empty_field(tab: Callable[..., Tab], database: Database) -> None:
    with database.write() as session:
        session.delete(session.get_one(Link, "link-u"))
    changed(database, Clip, "clip-u", matter="旧")
    tab().send("labels", matter="")
    assert clip(database).matter is None


SECOND = {"why": "第二次", "matter": "另一证明对象"}


@pytest.mark.parametrize(
    ("act", "typed"),
    [("undo", {}), ("confirm", {"matter": "甲"}), ("withdraw", {}), ("correct", {"case": "case-u"})],
)
def test_nobody_decides_over_a_decision_that_his_page_does_not_show(
    tab: Callable[..., Tab], database: Database, act: str, typed: dict[str, str]
) -> None:
    tab().send("links/link-u/confirm", why="已核对", matter="现场情况")
    old = tab()
    assert tab("admin").send("links/link-u/confirm", **SECOND).status_code == 303
    for part in (False, True):
        refused = old.send(f"links/link-u/{act}", part=part, why="再核对", **typed)
        assert refused.status_code == 409
        assert re.search(r"user-admin 已于 [\d-]+ [\d:]+ 就关联作出新的决定", refused.text)
    with database.read() as session:
        [link] = session.exec(select(Link).where(Link.clip_id == "clip-u")).all()
    assert (link.status, link.matter, link.ended_at) == (LinkStatus.CONFIRMED, "另一证明对象", None)
    assert [one[:2] for one in lines(database)] == [
        ("LINK_CONFIRMED", "user-evidence"), ("LINK_CONFIRMED", "user-admin"),
    ]  # fmt: skip
    assert tab().send(f"links/link-u/{act}", why="再核对", **typed).status_code == 303, "now he has seen it"


def test_nor_is_a_link_added_beside_one_that_the_page_does_not_show(
    tab: Callable[..., Tab], database: Database
) -> None:
    old = tab()
    tab("admin").send("links/link-u/withdraw", why="不是本案")
    refused = old.send("links", case="case-u", why="应为此案")
    assert refused.status_code == 409
    assert "user-admin 已于" in refused.text
    with database.read() as session:
        assert len(session.exec(select(Link).where(Link.clip_id == "clip-u")).all()) == 1


def test_labels_and_orders_meanwhile_stand_in_no_decisions_way(
    console: Console, tab: Callable[..., Tab], database: Database
) -> None:
    old = tab()
    tab("admin").send("labels", place="东市场")
    console[0].post("/clips/clip-u/orders", data={"kind": "verify"}, headers=old.headers)
    assert old.send("links/link-u/confirm", why="已核对").status_code == 303


@pytest.mark.parametrize(("language", "says"), [("zh", "由谁确认"), ("en", "confirmed by")])
def test_a_link_says_who_confirmed_it_also_when_an_undo_restored_it(
    tab: Callable[..., Tab], database: Database, language: str, says: str
) -> None:
    assert says not in tab(language=language).page
    tab().send("links/link-u/confirm", why="已核对")
    confirmed = re.compile(rf"{says}</dt><dd>user-evidence <span class=\"quiet\">[^<]*\d")
    assert confirmed.search(tab(language=language).page)
    tab("admin").send("links/link-u/withdraw", why="不是本案")
    tab("admin").send("links/link-u/undo", why="还是本案")
    assert confirmed.search(tab(language=language).page)


def test_at_the_work_list_labels_that_came_second_are_typed_once(
    console: Console, tab: Callable[..., Tab], database: Database
) -> None:
    client, keys = console
    first, second = (Desk(client, keys[role], Queue.LABELS) for role in ("evidence", "admin"))
    first.press("label", place="东市场")
    second.press("label", **{"place": "", "matter.link-u": "无证经营", "why": "已核对"})
    assert "user-evidence 已于" in second.page
    for field in ('name="place" maxlength="200" value="东市场"', 'maxlength="500" value="无证经营"'):
        assert field in second.page, "what he typed; and what he did not, as it is now"
    shown = html.unescape(re.findall(r"name=\"shown\" value='([^']+)'", second.page)[0])
    second.press("label", **{"shown": shown, "place": "东市场", "matter.link-u": "无证经营", "why": "已核对"})
    said = [(event, actor) for event, actor, _ in lines(database)]
    assert said == [("LABELLED_BY_PERSON", "user-evidence"), ("LINK_CONFIRMED", "user-admin")], (
        "what he only saw is not entered in his name"
    )
