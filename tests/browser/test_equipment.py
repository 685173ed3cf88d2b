"""Equipment, board and reports in the town: the desk, and what was not recorded. A correction: test_day.py."""

import re

from playwright.sync_api import expect
from sqlmodel import col, select

from gateway.models import Checkout
from tests.browser.town import Town
from tests.browser.watched import Watched


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
