"""Nothing is out of reach without scripts, or when one of them does not come: every page, every role, the work itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlmodel import col, select

from api.console.files import files, url_of
from gateway.demo.tables import ZONE
from gateway.demo.town import UNIT
from gateway.models import Link, LinkStatus
from tests.browser.everywhere import CASE, pages, routes
from tests.browser.town import Town
from tests.browser.watched import visiting

DEAD = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, textarea, video, audio, img')].filter(one => {
  if (!one.checkVisibility()) return false;
  if (one.matches('a')) return !one.hasAttribute('href');
  if (one.matches('video, audio')) return !one.controls && !one.closest('[data-tile]');
  if (one.matches('img')) return !one.hasAttribute('alt');
  if (!one.form || one.type === 'button') return true;
  const sends = [...one.form.elements].some(each => each.matches('button:not([type=button])'));
  return !one.form.hasAttribute('action') && !one.form.hasAttribute('method') || !sends;
}).map(one => one.outerHTML.slice(0, 160))"""
"""What is shown and does nothing by itself: neither a link nor of a form that can be sent."""
UNFOLD = "() => document.querySelectorAll('main details').forEach(one => (one.open = true))"
HEAVY = ["*/renditions/*", "*/original*", "*/thumb*"]


@contextmanager
def still(browser: Browser, town: Town, name: str, path: str = "/") -> Iterator[Page]:
    """A browser that runs no scripts."""
    with visiting(browser, town.url, java_script_enabled=False) as context:
        page = context.new_page()
        town.enter(page, name, path)
        yield page


def say_why(page: Page, purpose: str = "案卷评查") -> None:
    page.locator("#purpose").fill(purpose)
    page.locator(".purpose button").click()


def go(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).first.click()


@pytest.fixture(scope="module")
def laid_out(browser: Browser, town: Town) -> dict[str, list[str]]:
    """Every page; what some of them show is made first, by forms alone: a sample, a frozen quarter, work on many clips."""
    with still(browser, town, "demo", "/clips") as page:
        page.locator(".pick input").first.check()
        page.locator(".pick input").nth(1).check()
        page.locator(".drop summary").first.click()
        page.locator(".many-bar [name=place]").fill("和平路18号")
        page.locator("button[value=label]").click()
        expect(page.get_by_text(re.compile("已完成 [12] 条"))).to_be_visible()
        go(page, "全部撤销")
        expect(page.get_by_role("heading", level=1)).to_have_text("撤销批量操作")
        page.goto("/reports/snapshots")
        page.locator("#freeze_why").fill("季度考核")
        go(page, "固化")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for place in range(3):  # the newest period that has a case
            page.goto("/retrieval/samples")
            page.locator("[name=count]").fill("2")
            page.locator("[name=unit]").select_option(UNIT)
            page.locator("[name=period]").select_option(index=place)
            page.locator("[name=why]").fill("季度网上巡查")
            go(page, "抽取案卷")
            if "没有可抽查的案件" not in page.content():
                break
        page.locator("tbody a").first.click()
        page.get_by_label(re.compile("问题")).first.fill("视频开头没有告知")
        page.locator("[name=due_on]").fill(datetime.now(ZONE).date().isoformat())
        page.locator("button[value=FAULTY]").click()
        expect(page.get_by_text("视频开头没有告知").first).to_be_visible()
        page.goto("/retrieval/new")
        page.locator("[name=unit]").select_option(UNIT)
        page.locator("[name=scope][value=case]").check()
        page.locator("[name=case]").fill(CASE)
        page.locator("#why").fill("无脚本复核")
        go(page, "提交申请")
        asked = page.url
        with still(browser, town, "supervisor", asked.removeprefix(town.url)) as head:
            go(head, re.compile("^同意$"))
            expect(head.locator(".head .tag")).to_have_text("已批准")
    return pages(town, asked.rpartition("/")[2])


def test_every_page_is_there(laid_out: dict[str, list[str]]) -> None:
    assert set(laid_out) == routes()


def test_no_page_needs_a_script(browser: Browser, town: Town, laid_out: dict[str, list[str]]) -> None:
    """What is shown can be followed or sent; language and colours, too."""
    dead: dict[str, object] = {}
    with still(browser, town, "demo", "/wall") as page:
        say_why(page)
        for path in (one for paths in laid_out.values() for one in paths):
            answer = page.goto(path, wait_until="domcontentloaded")
            expect(page.locator("h1").first, path).to_be_attached()
            page.evaluate(UNFOLD)
            if answer is None or answer.status != 200 or page.evaluate(DEAD):
                dead[path] = answer and [answer.status, page.evaluate(DEAD)]
        page.locator("details.account summary").click()
        go(page, "English")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.locator("details.account summary").click()
        go(page, "Dark")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert dead == {}


def test_the_work_of_a_day_without_scripts(browser: Browser, town: Town) -> None:
    with still(browser, town, "operator", "/kiosk/dock-1") as page:
        at_the_dock(page, town)
    with still(browser, town, "evidence", "/work/proposed") as page:
        in_the_evidence_room(page, town)
    with still(browser, town, "supervisor", "/wall") as page:
        at_the_head(page, town)


def at_the_dock(page: Page, town: Town) -> None:
    assert "45;url=/kiosk/dock-1" not in page.content()
    page.locator("#code").fill("130502")
    go(page, "确定")
    expect(page.locator(".offer")).to_contain_text("李娜，您好")
    assert "45;url=/kiosk/dock-1" in page.content(), (
        "it goes on to the bays, not to what cannot be loaded again"
    )
    page.locator(".offer").get_by_role("link", name="取消").click()
    expect(page.locator(".offer")).to_have_count(0)
    page.goto("/equipment/desk")
    for typed, told in (
        ("130502", "李娜"),
        ("CAM002", "李娜 已领用 执法记录仪 02"),
        ("cam-02", "执法记录仪 02 已归还（李娜）"),
    ):
        page.locator("#code").fill(typed)
        page.locator(".desk button").click()
        expect(page.get_by_text(told).first).to_be_visible()
    page.goto("/account")
    page.locator("#password").fill(town.passwords["operator"])
    go(page, "开始设置")
    expect(page.locator("code")).to_have_text(re.compile("^[A-Z2-7 ]{16,}$"))


def in_the_evidence_room(page: Page, town: Town) -> None:
    say_why(page, "关联核查")
    page.locator("#player button").click()
    expect(page.locator("#player video[controls]")).to_be_visible()
    clip = page.locator(".bench").get_attribute("data-clip") or ""
    page.locator("button[value^='confirm:']").first.click()
    expect(page.locator(".done p")).to_contain_text("已确认关联")
    page.locator(".done button").click()
    expect(page.locator(".done p")).to_contain_text("恢复原状")
    with town.read() as session:
        stands = select(Link.status).where(Link.clip_id == clip, col(Link.ended_at).is_(None))
        assert set(session.exec(stands)) == {LinkStatus.PROPOSED}
    page.goto(f"/cases/{CASE}")
    page.locator(".say summary").first.click()
    note = page.locator("form[action$=notes]").first
    note.locator("[name=at]").fill("0:00:07")
    note.locator("[name=line]").fill("问：是否申请回避？（无脚本）")
    note.locator("button").click()
    expect(page.get_by_text("（无脚本）").first).to_be_visible()
    page.goto("/devices/net-02")
    page.get_by_role("link", name="更正", exact=True).click()
    page.locator("#holder").select_option(index=3)
    page.locator("#why").fill("交接单写错")
    go(page, "查看影响")
    expect(page.get_by_text("尚未登记")).to_be_visible()
    expect(page.get_by_role("button", name="确认更正")).to_be_visible()


def at_the_head(page: Page, town: Town) -> None:
    say_why(page, "督察抽查")
    page.locator("[data-begin] button").first.click()
    expect(page.locator("video[controls]")).to_be_visible()
    expect(page.get_by_text("脚本未运行")).to_be_visible()
    expect(page.locator(".watermark")).to_contain_text("supervisor")
    go(page, "停止观看")
    expect(page.get_by_role("heading", level=1)).to_have_text("实时画面")
    page.goto("/retrieval/new")
    page.locator("[name=unit]").select_option(UNIT)
    page.locator("[name=scope][value=case]").check()
    page.locator("[name=case]").fill(CASE)
    page.locator("#why").fill("复核（无脚本）")
    go(page, "提交申请")
    expect(page.get_by_text("复核（无脚本）").first).to_be_visible()
    go(page, "撤回申请")
    expect(page.locator(".head .tag")).to_have_text("已撤回")
    page.goto("/retrieval/log?kind=LIVE&person=supervisor")
    expect(page.locator("tbody tr").first).to_contain_text("督察抽查")
    page.goto("/board")
    page.locator(".standings a").first.click()
    page.get_by_role("link", name="按日期").click()
    expect(page.locator("table meter").first).to_be_visible()
    page.goto("/reports")
    assert page.locator("#figures [data-value]").count() >= 5, "the numbers of the chart"
    expect(page.locator(".chart-panel")).to_be_hidden()


CHAINED = "htmx is not defined"  # says its own extension, which is of no use without it
STANDS_IN = {
    "htmx.min.js": ("/docks", ".unscripted"),
    "sse.min.js": ("/docks", "[data-when=still]"),
    "clip.js": ("/clips/", "video[controls]"),
    "clips.js": ("/clips", ".many-bar"),
    "wall.js": ("/wall", "[data-begin] button"),
    "echarts.common.min.js": ("/reports", "#figures [data-value]"),
    "reports.js": ("/reports", "#figures [data-value]"),
    "kiosk.js": ("/kiosk/dock-1", "#code"),
}
"""What is there in its place, on that page, or the first below it."""


@pytest.fixture(scope="module")
def loaded(
    browser: Browser, town: Town, laid_out: dict[str, list[str]]
) -> Iterator[tuple[BrowserContext, dict[str, str]]]:
    """A browser with somebody who may see everything, and what each page consists of."""
    with visiting(browser, town.url) as context:
        page = context.new_page()
        town.enter(page, "demo")
        context.request.post("/purpose", form={"purpose": "案卷评查", "next": "/account"})
        page.close()
        paths = [every[0] for every in laid_out.values()]
        yield context, {path: context.request.get(path).text() for path in paths}


@pytest.mark.parametrize("script", sorted(name for name in files() if name.endswith(".js")))
def test_no_page_hangs_on_one_script(loaded: tuple[BrowserContext, dict[str, str]], script: str) -> None:
    context, texts = loaded
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setBlockedURLs", {"urls": [f"*{url_of(script)}", *HEAVY]})
    faults: list[str] = []
    page.on("pageerror", lambda error: CHAINED in str(error) or faults.append(f"{page.url}: {error}"))
    asked = [path for path, text in texts.items() if url_of(script) in text]
    assert asked
    if len(asked) > len(texts) // 2:  # what all load, all load alike: a page of each part
        asked = [*{path.split("/")[1].partition("?")[0]: path for path in reversed(asked)}.values()]
    first, there = STANDS_IN.get(script, ("", ""))
    for path in asked:
        page.goto(path, wait_until="domcontentloaded")
        if not page.evaluate("() => document.querySelector('main').innerText.trim().length > 20"):
            faults.append(f"{path}: blank")
        if first and (path == first or (first.endswith("/") and path.startswith(first))):
            expect(page.locator(there).first).to_be_visible()
            first = ""
    if script == "htmx.min.js":
        typing_still_finds(page)
    page.close()
    assert faults == []


def typing_still_finds(page: Page) -> None:
    page.goto("/clips")
    page.locator("#q").press_sequentially("食品")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/clips\?.*q=%E9%A3%9F%E5%93%81"))
    expect(page.locator("#list .clip").first).to_contain_text("食品")
