"""At the work list: what several walks do there."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlmodel import col, select

from gateway.models import Link, LinkStatus
from tests.browser.town import Town
from tests.patience import PATIENCE_S

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


def becomes(page: Page, holds: str) -> None:
    """Asked from outside: the page's own policy lets nothing be evaluated in it."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(holds):
        assert time.monotonic() < deadline, f"never: {holds}"
        page.wait_for_timeout(100)


def status(town: Town, clip: str) -> set[LinkStatus]:
    with town.read() as session:
        stands = select(Link.status).where(Link.clip_id == clip, col(Link.ended_at).is_(None))
        return set(session.exec(stands))


def begin(page: Page, town: Town, name: str, path: str) -> None:
    town.enter(page, name, path)
    page.locator("#purpose").fill("关联核查")
    page.keyboard.press("Enter")
    expect(page.locator("#player .dark .btn")).to_be_visible()


def put_back(page: Page, clips: list[str]) -> None:
    """By the API, as the same person."""
    links = page.request.get("/api/v1/links?limit=200").json()["items"]
    for one in links:
        if one["clip_id"] in clips and one["status"] == "CONFIRMED":
            page.request.post(f"/api/v1/links/{one['id']}/undo", data={"why": "测试后撤回"})
