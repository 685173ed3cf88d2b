"""At the work list: labels are filled in by keyboard; and two at one item. A morning's decisions: test_day.py."""

from playwright.sync_api import Browser, expect

from gateway.models import Clip, LinkStatus
from tests.browser.bench import DONE, begin, clip_on, goes_on, status
from tests.browser.town import Town
from tests.browser.watched import Watched


def test_labels_are_filled_in_and_given_back_and_the_next_is_there_at_once(
    in_town: Watched, town: Town
) -> None:
    page = in_town.page
    keys = page.keyboard
    begin(page, town, "evidence", "/work/labels")
    first = goes_on(page, lambda: keys.press("n"))
    assert goes_on(page, lambda: keys.press("p")) != first
    assert clip_on(page) == first
    keys.press("?")
    expect(page.locator("#keys dl")).to_be_visible()
    keys.press("Escape")
    page.locator("#what").focus()
    keys.press("l")
    page.locator("#place").focus()
    keys.type("和阳大街市场")
    labelled = goes_on(page, lambda: page.locator("button[value=label]").press("Enter"))
    expect(page.locator(DONE)).to_contain_text("已保存标注")
    with town.read() as session:
        assert session.get_one(Clip, labelled).place == "和阳大街市场"
    keys.press("u")
    expect(page.locator(DONE)).to_contain_text("已撤销您的上一步操作")
    with town.read() as session:
        assert session.get_one(Clip, labelled).place is None
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    keys.press("c")
    expect(page.locator("#q")).to_be_focused()
    keys.type("案")
    expect(page.locator("#like button").first).to_be_visible()
    assert in_town.barriers() == []


def test_two_at_one_item(in_town: Watched, town: Town, browser: Browser) -> None:
    """Who comes second is told what the first decided, and has decided nothing."""
    page = in_town.page
    town.enter(page, "evidence", "/work/proposed")
    clip = clip_on(page)
    beside = browser.new_context(base_url=town.url, locale="zh-CN", timezone_id="Asia/Shanghai")
    other = beside.new_page()
    town.enter(other, "demo", f"/work/proposed?clip={clip}")
    expect(other.locator(".bench")).to_have_attribute("data-clip", clip)
    goes_on(page, lambda: page.keyboard.press("1"))
    other.keyboard.press("w")
    told = other.get_by_role("alert").filter(has_text="evidence 已于")
    expect(told).to_contain_text("已确认关联")
    assert status(town, clip) == {LinkStatus.CONFIRMED}
    page.keyboard.press("u")
    expect(page.locator(DONE)).to_contain_text("已撤销您的上一步操作")
    beside.close()
