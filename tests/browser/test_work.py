"""A walk through the work list by keyboard alone: confirm three, take one back, fill in labels; and two at one item."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from gateway.models import Clip, CustodyEvent, Link, LinkStatus
from tests.browser.town import Town
from tests.browser.watched import Watched

DONE = ".done p"


def clip_on(page: Page) -> str:
    return page.locator(".bench").get_attribute("data-clip") or ""


def goes_on(page: Page, press: Callable[[], None]) -> str:
    """The clip that was on the table; it gives way to the next."""
    before = clip_on(page)
    press()
    expect(page.locator(f".bench:not([data-clip='{before}'])")).to_be_visible()
    expect(page.locator("#what")).to_be_focused()
    return before


def until(page: Page, holds: str) -> None:
    """Asked from outside: the page's own policy lets nothing be evaluated in it."""
    for _ in range(150):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {holds}")


def status(town: Town, clip: str) -> set[LinkStatus]:
    with town.read() as session:
        stands = select(Link.status).where(Link.clip_id == clip, col(Link.ended_at).is_(None))
        return set(session.exec(stands))


def begin(page: Page, town: Town, name: str, path: str) -> None:
    town.enter(page, name, path)
    page.locator("#purpose").fill("关联核查")
    page.keyboard.press("Enter")
    expect(page.locator("#player .dark .btn")).to_be_visible()


def test_a_morning_by_keyboard_alone(in_town: Watched, town: Town) -> None:
    """What it decides it takes back: the town is everybody's."""
    page = in_town.page
    keys = page.keyboard
    begin(page, town, "evidence", "/work/proposed")
    assert in_town.barriers() == []
    keys.press(" ")
    expect(page.locator("#player video")).to_be_visible()
    until(page, "document.querySelector('#player video').currentTime > 0")
    keys.press(" ")
    assert page.evaluate("document.querySelector('#player video').paused")
    decided = []
    for place in range(3):
        decided.append(goes_on(page, lambda place=place: keys.press("1" if place else "Enter")))  # type: ignore[misc]
        expect(page.locator(DONE)).to_contain_text("已确认关联")
        assert status(town, decided[-1]) == {LinkStatus.CONFIRMED}
    with town.read() as session:
        ended = select(CustodyEvent).where(
            CustodyEvent.subject == decided[0], CustodyEvent.event == "VIEWING_ENDED"
        )
        assert session.exec(ended).all(), "what is looked at no more is watched no more"
    keys.press("u")
    expect(page.locator(DONE)).to_contain_text("已撤回您的上一步操作")
    assert clip_on(page) == decided[2]
    assert status(town, decided[2]) == {LinkStatus.PROPOSED}
    put_back(page, decided[:2])
    assert {one for clip in decided for one in status(town, clip)} == {LinkStatus.PROPOSED}


def put_back(page: Page, clips: list[str]) -> None:
    """By the API, as the same person."""
    links = page.request.get("/api/v1/links?limit=200").json()["items"]
    for one in links:
        if one["clip_id"] in clips and one["status"] == "CONFIRMED":
            page.request.post(f"/api/v1/links/{one['id']}/undo", data={"why": "测试后撤回"})


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
    expect(page.locator(DONE)).to_contain_text("已撤回您的上一步操作")
    with town.read() as session:
        assert session.get_one(Clip, labelled).place is None
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
    expect(page.locator(DONE)).to_contain_text("已撤回您的上一步操作")
    beside.close()
