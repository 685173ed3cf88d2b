"""Ask, approve, watch, see it in the log, and be refused when it is over; and a wall on which something moves."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from gateway.database import Database
from gateway.models import RequestState, ViewRequest, now
from tests.browser.town import Town
from tests.browser.watched import Watched

PURPOSE = "核对本人的现场检查过程"
PIXELS = """index => {
  const video = document.querySelectorAll('[data-tile] video')[index];
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 18});
  const pen = canvas.getContext('2d');
  pen.drawImage(video, 0, 0, 32, 18);
  return [video.currentTime, Array.from(pen.getImageData(0, 0, 32, 18).data).join()];
}"""


@contextmanager
def somebody(browser: Browser, town: Town, name: str, path: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=town.url,
        viewport={"width": 1280, "height": 720},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(15_000)
    watched = Watched(context.new_page(), town.url)
    watched.expect("status of 403")  # what is over is refused: it is asked for here
    town.enter(watched.page, name, path)
    yield watched.page
    assert watched.barriers() == []
    context.close()
    assert watched.wrong() == []


def advance(page: Page) -> None:
    """A picture that really plays."""
    video = page.locator("video")
    expect(video).to_be_visible()
    for _ in range(100):
        if video.evaluate("one => one.currentTime") > 0.3:
            return
        page.wait_for_timeout(100)
    raise AssertionError(video.evaluate("one => [one.readyState, one.error && one.error.message, one.src]"))


def over(town: Town) -> None:
    """As if its days had gone by."""
    database = Database(f"sqlite:///{town.folder / 'data' / 'gateway.sqlite'}")
    with database.write() as session:
        granted = select(ViewRequest).where(
            ViewRequest.purpose == PURPOSE, ViewRequest.state == RequestState.GRANTED
        )
        row = session.exec(granted.order_by(col(ViewRequest.id).desc())).first()
        assert row is not None
        row.valid_until = now() - timedelta(seconds=1)
        session.add(row)
    database.close()


def test_ask_approve_watch_log_and_over(browser: Browser, town: Town) -> None:
    with somebody(browser, town, "operator", "/retrieval") as officer:
        officer.get_by_role("link", name=re.compile("指定的")).first.click()
        expect(officer.get_by_text("等待邢台市市场监督管理局负责人审批")).to_be_visible()
        expect(officer.get_by_role("button", name="同意", exact=True)).to_have_count(0)
        mine = officer.url
        with somebody(browser, town, "supervisor", "/retrieval") as head:
            head.locator("tr", has_text=PURPOSE).get_by_role("link", name="审批").click()
            head.get_by_role("button", name="同意", exact=True).click()
            expect(head.locator(".head .tag")).to_have_text("已批准")
            officer.reload()
            officer.get_by_role("button", name=re.compile("^观看")).first.click()
            advance(officer)
            expect(officer.locator(".watermark span").first).to_contain_text("operator")
            head.goto("/retrieval/log?person=operator&kind=VIEWING")
            expect(head.locator("tbody tr").first).to_contain_text(PURPOSE)
            over(town)
            officer.goto(mine)
            expect(officer.locator(".head .tag")).to_have_text("已到期")
            expect(officer.get_by_role("button", name=re.compile("^观看"))).to_have_count(0)
            officer.go_back()
            officer.reload()
            expect(officer.get_by_text("已到期或者被撤销")).to_be_visible()
            head.goto("/retrieval/log?person=operator&kind=REFUSED")
            expect(head.locator("tbody tr").first).to_contain_text("已到期或者被撤销")
        officer.goto("/retrieval")


def test_the_pages_have_no_barriers_in_the_dark(in_town: Watched, town: Town) -> None:
    page = in_town.page
    page.emulate_media(color_scheme="dark")
    town.enter(page, "supervisor", "/retrieval")
    for path in (
        "/retrieval",
        "/retrieval/new",
        "/retrieval/log",
        "/retrieval/copies",
        "/retrieval/samples",
        "/wall",
    ):
        page.goto(path)
        assert in_town.barriers() == [], path


def test_the_wall_shows_a_picture_that_moves(in_town: Watched, town: Town) -> None:
    page = in_town.page
    in_town.expect("status of 503")  # a picture that is not there yet says so
    town.enter(page, "supervisor", "/wall")
    page.locator("#purpose").fill("督察抽查")
    page.get_by_role("button", name="开始调阅").click()
    tile = page.locator("[data-tile]").first
    tile.locator("[data-begin] button").click()
    expect(tile).to_have_attribute("data-state", "live", timeout=45_000)
    first, before = page.evaluate(PIXELS, 0)
    page.wait_for_timeout(1500)
    second, after = page.evaluate(PIXELS, 0)
    assert second > first
    assert before != after, "its pixels stand still"
    expect(tile.locator(".watermark span").first).to_contain_text("supervisor")
    assert tile.locator("video").evaluate("one => one.muted")
    assert in_town.barriers() == []
    tile.locator("[data-stop]").click()
    expect(tile).to_have_attribute("data-state", "idle")
    page.goto("/retrieval/log?kind=LIVE&person=supervisor")
    expect(page.locator("tbody tr").first).to_contain_text("督察抽查")
