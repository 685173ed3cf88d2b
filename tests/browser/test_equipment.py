"""Equipment, board and reports in the town: a correction and what it moves, the desk, what was not recorded."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from gateway.models import Allocation, CaseRecord, Checkout, Clip, Link
from tests.browser.town import Town
from tests.browser.watched import Watched

CAMERA, HOLDER = "net-02", "130510"
MOST_TABS = 80


def tab_to(page: Page, wanted: Locator) -> None:
    """By the keyboard alone, as somebody without a mouse does it."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def links_of(town: Town, device: str) -> list[Link]:
    with town.read() as session:
        wanted = select(Link).join(Clip, col(Clip.id) == Link.clip_id).where(Clip.device_id == device)
        return list(session.exec(wanted.where(col(Link.ended_at).is_(None))))


def standing(town: Town) -> Allocation:
    with town.read() as session:
        wanted = select(Allocation).where(
            Allocation.device_id == CAMERA, col(Allocation.superseded_at).is_(None)
        )
        return session.exec(wanted).one()


@pytest.fixture
def put_right(in_town: Watched, town: Town) -> Iterator[None]:
    """Others walk in the same town: its ledger says afterwards what it said before."""
    yield
    row = standing(town)
    if row.officer_id != HOLDER:
        given = {
            "device": CAMERA, "officer": HOLDER, "valid_from": row.valid_from.isoformat(), "why": "恢复原状",
            "doc_no": row.doc_no,
        }  # fmt: skip
        answer = in_town.page.request.put(f"{town.url}/api/v1/allocations/{row.id}", data=given)
        assert answer.ok, answer.text()


@pytest.mark.usefixtures("put_right")
def test_a_correction_shows_what_it_changes_before_it_is_entered(in_town: Watched, town: Town) -> None:
    page = in_town.page
    [link] = links_of(town, CAMERA)
    with town.read() as session:
        title = session.get_one(CaseRecord, link.case_uid).title
    town.enter(page, "demo", f"/devices/{CAMERA}")
    tab_to(page, page.get_by_role("link", name="更正", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("更正配备记录")
    expect(page.locator("#holder")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#holder")).not_to_have_value(f"officer:{HOLDER}")
    tab_to(page, page.locator("#why"))
    page.keyboard.type("wrong hand-over")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("核对影响")
    expect(page.get_by_text("尚未登记")).to_be_visible()
    expect(page.locator(".big")).to_contain_text(re.compile(r"\d+ 段资料将改变：解除关联 1 条"))
    expect(page.get_by_role("link", name=title).first).to_be_visible()
    assert links_of(town, CAMERA) == [link], "looking changes nothing"
    assert in_town.barriers() == []
    confirm = page.get_by_role("button", name="确认更正")
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("已登记", exact=True)).to_be_visible()
    expect(page.locator("del")).to_be_visible()
    expect(page.get_by_text("wrong hand-over").first).to_be_visible()
    for _ in range(40):
        if page.get_by_text("已全部重新关联").is_visible():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_text("已全部重新关联")).to_be_visible()
    assert link.id not in {one.id for one in links_of(town, CAMERA)}
    assert standing(town).why == "wrong hand-over"


def test_a_device_goes_out_and_comes_back_by_a_reader_alone(in_town: Watched, town: Town) -> None:
    """It types a number and Enter: nothing else is touched."""
    page = in_town.page
    town.enter(page, "operator", "/equipment/desk")
    in_town.expect("404")
    for typed, told in (
        ("nobody", "没有找到“nobody”"),
        ("130502", "李娜"),
        ("CAM002", "李娜 已领用 执法记录仪 02"),
        ("cam-02", "执法记录仪 02 已归还（李娜）"),
    ):
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.get_by_text(told).first).to_be_visible()
    assert in_town.barriers() == []
    with town.read() as session:
        last = session.exec(select(Checkout).order_by(col(Checkout.out_at).desc()).limit(1)).one()
    assert (last.device_id, last.officer_id, last.received_by) == ("cam-02", "130502", "operator")
    assert last.in_at is not None


def test_what_was_not_recorded_and_what_the_figures_say(in_town: Watched, town: Town) -> None:
    page = in_town.page
    town.enter(page, "supervisor", "/board")
    expect(page.locator(".duties tbody tr").first).to_contain_text(re.compile("没有音像资料|应全程记录"))
    overdue = page.locator(".standings a").first
    count = int(overdue.locator("strong").inner_text())
    overdue.click()
    expect(page.locator(".duties tbody tr")).to_have_count(min(count, 50))
    assert in_town.barriers() == []
    page.get_by_role("link", name="按日期").click()
    expect(page.locator("table meter").first).to_be_visible()
    page.goto(f"{town.url}/reports")
    expect(page.locator(".chart canvas")).to_be_visible()
    assert in_town.barriers() == []
    page.get_by_role("link", name="关联率").click()
    said = page.get_by_role("heading", name=re.compile("明细")).inner_text()
    page.get_by_role("link", name=re.compile("未关联案件")).click()
    expect(page.get_by_role("heading", name=re.compile("明细"))).not_to_have_text(said)
    expect(page.locator("#members tbody a").first).to_have_attribute("href", re.compile("^/clips/"))
    assert in_town.barriers() == []


def test_the_figures_are_there_without_their_chart(in_town: Watched, town: Town) -> None:
    page = in_town.page
    in_town.expect("ERR_FAILED")
    page.route(re.compile("echarts"), lambda route: route.abort())
    town.enter(page, "supervisor", "/reports")
    expect(page.locator(".chart-panel")).to_be_hidden()
    assert page.locator("#figures [data-value]").count() >= 5
