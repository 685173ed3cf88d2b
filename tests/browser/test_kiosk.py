"""The screen before a dock: nobody signs in at it, a badge does; and the receipt of what was brought."""

import re

from playwright.sync_api import expect

from tests.browser.cabinet import Cabinet
from tests.browser.conftest import sign_in
from tests.browser.watched import Watched


def test_a_shift_at_the_screen_before_the_dock(watched: Watched, cabinet: Cabinet) -> None:
    """An operator makes it one; a camera goes green; the shared one goes out and comes back by keyboard; its receipt."""
    page = watched.page
    sign_in(page)
    page.goto("/kiosk/dock-1")
    page.get_by_role("button", name="固定为本采集站的屏幕").click()
    assert "gateway_session" not in {cookie["name"] for cookie in page.context.cookies()}
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    cabinet.plug(2, 2, 2)
    bay = page.locator(".bays > li").nth(1).locator(".bay")
    expect(bay).to_have_attribute("data-sign", "DONE", timeout=60_000)
    assert watched.barriers() == []

    page.keyboard.type("130502")  # as a reader types it: the field need not be chosen
    page.keyboard.press("Enter")
    expect(page.locator(".offer")).to_contain_text("李娜，您好")
    page.get_by_role("button", name="确认领用").click()
    expect(page.locator(".notice.done")).to_contain_text("已登记领用：执法记录仪 02")
    page.keyboard.type("130502")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("归还")).click()
    expect(page.locator(".notice.done")).to_contain_text("已登记归还")

    page.goto("/kiosk/dock-1")
    bay.get_by_role("link", name="回执").click()
    expect(page.locator("h1")).to_have_text("采集回执")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert watched.barriers() == []
    page.goto("/docks")
    expect(page.locator("#password")).to_be_visible()  # the screen opens nothing else
    cabinet.pull(2)
