"""One whole day, each in a browser of his own: dock, evidence room, another unit's head, live wall, ledger, language."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from drivers.simulators import dock
from drivers.simulators.card import Camera
from gateway.demo.tables import ZONE
from gateway.demo.town import BAYS, NUMBERS, UNIT, serial_of
from gateway.models import (
    CaseAlias,
    Clip,
    CustodyEvent,
    LinkStatus,
    Original,
    RequestState,
    Unit,
    ViewRequest,
    now,
)
from tests.browser import ledger
from tests.browser.bench import DONE, becomes, goes_on, put_back, status
from tests.browser.town import Town
from tests.browser.wall import moving_on_the_wall
from tests.browser.watched import Watched, visiting
from tests.patience import until

CAMERA, BAY = "cam-02", 2
STREAM_ENDS = "[object Event]"  # what the extension of htmx writes then
PORT = BAYS[str(BAY)]
PURPOSE = "跨部门案卷评查"
NEIGHBOUR, PASSWORD = "neighbour", "correct horse battery"


@contextmanager
def somebody(browser: Browser, town: Town, name: str, path: str, *expected: str) -> Iterator[Watched]:
    """In a browser of his own, under watch: nothing in the console, no request that leaves, no barrier at the end."""
    with visiting(browser, town.url) as context:
        watched = Watched(context.new_page(), town.url)
        for text in expected:
            watched.expect(text)
        town.enter(watched.page, name, path)
        yield watched
        assert watched.barriers() == []
    assert watched.wrong() == []


def test_a_day(browser: Browser, town: Town) -> None:
    with somebody(browser, town, "operator", "/kiosk/dock-1", STREAM_ENDS) as operator:
        began = brought_to_the_dock(operator, town)
    with somebody(browser, town, "evidence", f"/clips?device={CAMERA}") as evidence:
        clip = found_and_watched(evidence, town, began)
        labelled_linked_and_undone(evidence, town, clip)
        a_morning_by_keyboard(evidence, town)
    a_neighbour_is_entered(browser, town)
    with (
        somebody(browser, town, NEIGHBOUR, "/retrieval/new", "status of 403", "status of 404") as neighbour,
        somebody(browser, town, "supervisor", "/retrieval") as head,
    ):
        asked_approved_watched(neighbour, head, town, clip)
        moving_on_the_wall(head)
    with somebody(browser, town, "demo", "/equipment") as demo:
        try:
            ledger.corrected(demo, town)
        finally:
            ledger.put_right(demo.page, town)
        in_english(demo.page)


# --- the operator at the dock


def brought_to_the_dock(watched: Watched, town: Town) -> datetime:
    """The shared camera goes out by badge, comes back with a recording, goes green; its receipt."""
    page, usb = watched.page, town.folder / "usb"
    page.get_by_role("button", name="固定为本采集站的屏幕").click()
    assert "gateway_session" not in {cookie["name"] for cookie in page.context.cookies()}
    expect(page.locator("[data-live=live]")).to_be_visible()
    bay = page.locator(".bays > li").nth(BAY - 1).locator(".bay")
    dock.pull(usb, PORT)
    expect(bay).to_have_attribute("data-sign", "EMPTY")
    put_in(usb, town.folder / "day" / "empty")
    expect(bay).to_have_attribute("data-sign", "DONE")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("130502")  # as a reader types it: the field need not be chosen
    page.keyboard.press("Enter")
    expect(page.locator(".offer")).to_contain_text("李娜，您好")
    page.get_by_role("button", name="确认领用").click()
    expect(page.locator(".notice.done")).to_contain_text("已登记领用：执法记录仪 02")
    dock.pull(usb, PORT)
    began = datetime.now(ZONE).replace(microsecond=0, tzinfo=None)
    card = town.folder / "day" / f"{began:%H%M%S}"
    Camera(card, serial_of(CAMERA), NUMBERS[1]).record(began, 6, hue=300)
    expect(bay).to_have_attribute("data-sign", "EMPTY")
    put_in(usb, card)
    expect(bay).to_have_attribute("data-sign", "DONE")
    expect(bay).to_contain_text("1 个文件全部校验保存")
    page.keyboard.type("130502")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("归还")).click()
    expect(page.locator(".notice.done")).to_contain_text("已登记归还")
    assert watched.barriers() == []
    bay.get_by_role("link", name="回执").click()
    expect(page.locator("h1")).to_have_text("采集回执")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert watched.barriers() == []
    page.goto("/docks")
    expect(page.locator("#password")).to_be_visible()  # the screen opens nothing else
    return began


def put_in(usb: Path, card: Path) -> None:
    card.mkdir(parents=True, exist_ok=True)
    dock.plug(usb, PORT, card, name="H8", serial=serial_of(CAMERA))


# --- evidence staff


def found_and_watched(watched: Watched, town: Town, began: datetime) -> str:
    page = watched.page
    described(town, began)
    page.keyboard.press("/")
    page.keyboard.type("李娜")
    page.wait_for_url(re.compile("q="))
    newest = page.locator("#list .clip .open").first
    for _ in range(60):  # whose it is, is entered a moment after its time
        if f"{began:%H:%M}" in newest.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(newest).to_contain_text(f"{began:%H:%M}")
    newest.click()
    page.wait_for_url(re.compile("/clips/[0-9a-f]{32}"))
    page.locator("#purpose").fill("当日资料核查")
    page.keyboard.press("Enter")
    expect(page.locator("video")).to_be_visible()
    becomes(page, "document.querySelector('video').currentTime > 0.3")
    page.keyboard.press("Space")
    page.keyboard.press("5")
    becomes(
        page,
        "Math.abs(document.querySelector('video').currentTime - document.querySelector('video').duration / 2) < 0.1",
    )
    assert watched.barriers() == []
    return page.url.rpartition("/")[2].partition("?")[0]


def described(town: Town, began: datetime) -> None:
    """Its format and its time are read after it is kept."""
    wanted = select(Clip).join(Original, col(Original.id) == Clip.id)
    wanted = wanted.where(col(Original.name).contains(f"{began:%Y%m%d_%H%M%S}"), col(Clip.duration_s) > 0)

    def there() -> Clip | None:
        with town.read() as session:
            return session.exec(wanted).first()

    until(there, every=0.3)


def labelled_linked_and_undone(watched: Watched, town: Town, clip: str) -> None:
    page = watched.page
    with town.read() as session:
        number = session.exec(select(CaseAlias.raw).where(CaseAlias.case_uid == "case-1")).one()
    if not page.locator("#place").is_visible():
        page.get_by_text("修改标注").click()
    page.locator("#place").fill("桥西区中兴大街 8 号")
    page.get_by_role("button", name="保存标注").click()
    expect(page.locator("dl.labels")).to_contain_text("桥西区中兴大街 8 号")
    page.locator("summary", has_text="关联到案件").click()
    page.locator("#case-add").fill(number)
    page.locator("#why-add").fill("同一现场")
    page.locator("form[action$='/links'] button").click()
    link = page.locator(".link", has_text="过期食品案")  # beside what the machine proposes
    expect(link).to_contain_text("已确认")
    assert LinkStatus.CONFIRMED in status(town, clip)
    link.locator("summary", has_text="撤销决定").click()
    link.locator("form[action$=undo] input[name=why]").fill("核对有误")
    link.locator("form[action$=undo] button").click()
    expect(link).to_have_count(0)
    assert LinkStatus.CONFIRMED not in status(town, clip)


def a_morning_by_keyboard(watched: Watched, town: Town) -> None:
    """What it decides it takes back: the town is everybody's."""
    page, keys = watched.page, watched.page.keyboard
    page.goto("/work/proposed")
    expect(page.locator("#player .dark .btn")).to_be_visible()
    keys.press(" ")
    expect(page.locator("#player video")).to_be_visible()
    becomes(page, "document.querySelector('#player video').currentTime > 0")
    keys.press(" ")
    assert page.evaluate("document.querySelector('#player video').paused")
    decided = []
    for key in ("Enter", "1", "1"):
        decided.append(goes_on(page, lambda key=key: keys.press(key)))  # type: ignore[misc]
        expect(page.locator(DONE)).to_contain_text("已确认关联")
        assert status(town, decided[-1]) == {LinkStatus.CONFIRMED}
    with town.read() as session:
        ended = select(CustodyEvent).where(
            CustodyEvent.subject == decided[0], CustodyEvent.event == "VIEWING_ENDED"
        )
        assert session.exec(ended).all(), "what is looked at no more is watched no more"
    keys.press("u")
    expect(page.locator(DONE)).to_contain_text("已撤销您的上一步操作")
    assert page.locator(".bench").get_attribute("data-clip") == decided[2]
    assert status(town, decided[2]) == {LinkStatus.PROPOSED}
    put_back(page, decided[:2])
    assert {one for clip in decided for one in status(town, clip)} == {LinkStatus.PROPOSED}


# --- another unit's head asks, the right head decides


def a_neighbour_is_entered(browser: Browser, town: Town) -> None:
    with town.write() as session:
        session.add(Unit(id="xt-hj", name="邢台市生态环境局"))
    with somebody(browser, town, "demo", "/administration/people") as demo:
        form = demo.page.locator("form[action='/administration/people']")
        form.locator("[name=name]").fill(NEIGHBOUR)
        form.locator("[name=password]").fill(PASSWORD)
        form.locator("[name=role]").select_option("supervisor")
        form.locator("[name=unit]").select_option("xt-hj")
        form.get_by_role("button", name="添加用户").click()
        expect(demo.page.get_by_role("cell", name=re.compile(f"^{NEIGHBOUR}"))).to_be_visible()
    town.passwords[NEIGHBOUR] = PASSWORD


def asked_approved_watched(neighbour: Watched, head: Watched, town: Town, clip: str) -> None:
    mine, theirs = neighbour.page, head.page
    mine.goto(f"/clips/{clip}")
    expect(mine.get_by_text("没有这个页面或记录")).to_be_visible()
    mine.goto("/retrieval/new")
    mine.locator("[name=unit]").select_option(UNIT)
    mine.locator("[name=clips]").fill(clip)
    mine.locator("#why").fill(PURPOSE)
    mine.get_by_role("button", name="提交申请").click()
    expect(mine.get_by_text("等待邢台市市场监督管理局负责人审批")).to_be_visible()
    expect(mine.get_by_role("button", name="同意", exact=True)).to_have_count(0)
    asked = mine.url
    theirs.goto("/retrieval")
    theirs.locator("tr", has_text=PURPOSE).get_by_role("link", name="审批").click()
    theirs.get_by_role("button", name="同意", exact=True).click()
    expect(theirs.locator(".head .tag")).to_have_text("已批准")
    mine.reload()
    mine.get_by_role("button", name=re.compile("^观看")).first.click()
    expect(mine.locator("video")).to_be_visible()
    becomes(mine, "document.querySelector('video').currentTime > 0.3")
    expect(mine.locator(".watermark span").first).to_contain_text(f"{NEIGHBOUR} 邢台市生态环境局")
    theirs.goto(f"/retrieval/log?person={NEIGHBOUR}&kind=VIEWING")
    expect(theirs.locator("tbody tr").first).to_contain_text(PURPOSE)
    over(town)
    mine.goto(asked)
    expect(mine.locator(".head .tag")).to_have_text("已到期")
    expect(mine.get_by_role("button", name=re.compile("^观看"))).to_have_count(0)
    mine.go_back()
    mine.reload()
    expect(mine.get_by_text("已到期或者被撤销")).to_be_visible()
    theirs.goto(f"/retrieval/log?person={NEIGHBOUR}&kind=REFUSED")
    expect(theirs.locator("tbody tr").first).to_contain_text("已到期或者被撤销")
    mine.goto("/retrieval")


def over(town: Town) -> None:
    """As if its days had gone by."""
    with town.write() as session:
        granted = select(ViewRequest).where(
            ViewRequest.purpose == PURPOSE, ViewRequest.state == RequestState.GRANTED
        )
        row = session.exec(granted.order_by(col(ViewRequest.id).desc())).one()
        row.valid_until = now() - timedelta(seconds=1)


def in_english(page: Page) -> None:
    page.locator("details.account summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("link", name="Equipment").first).to_be_visible()
