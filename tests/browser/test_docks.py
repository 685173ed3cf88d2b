"""An operator's day at the dock, in a browser."""

import re
import signal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.cabinet import PASSWORDS, Cabinet
from tests.browser.conftest import sign_in
from tests.browser.watched import Watched

LOST = "[object Event]"
"""What htmx's extension writes into the console when a stream ends."""


def bay(page: Page, number: int) -> object:
    return page.locator(".bay").filter(has=page.get_by_role("heading", name=f"{number} 号仓", exact=True))


def test_a_bay_goes_green_by_itself(page: Page, cabinet: Cabinet, watched: Watched) -> None:
    sign_in(page)
    seat = bay(page, 1)
    expect(page.get_by_text("实时更新")).to_be_visible()
    expect(seat).to_contain_text("空仓")
    cabinet.plug(1, 1)
    expect(seat).to_contain_text("可以取走")
    expect(seat).to_have_attribute("data-sign", "DONE")
    expect(seat).to_contain_text("张伟")
    expect(seat).to_contain_text("2 个文件全部校验保存")
    assert watched.barriers() == []
    cabinet.pull(1)
    expect(seat).to_contain_text("空仓")
    expect(seat).not_to_contain_text("张伟")


def test_progress_is_seen_and_has_an_end(page: Page, cabinet: Cabinet) -> None:
    sign_in(page)
    seat = bay(page, 2)
    with cabinet.failing(2, 2, 60_000_000, "slow=3MB/s"):
        expect(seat).to_have_attribute("data-sign", "COPYING")
        expect(seat).to_contain_text("公用")
        expect(seat).to_contain_text(re.compile(r"约 .+后完成（\d\d:\d\d）"))
        bar = seat.locator("progress")
        first = float(bar.get_attribute("value") or 0)
        page.wait_for_function(
            "n => +document.querySelector('progress').getAttribute('value') > n", arg=first
        )
    expect(seat).to_contain_text("空仓")


def test_a_stranger_and_a_fault_say_what_to_do(page: Page, cabinet: Cabinet, watched: Watched) -> None:
    sign_in(page)
    cabinet.plug_stranger(7)
    cabinet.plug_locked(6)
    expect(bay(page, 7)).to_contain_text("未登记的设备“DataTraveler”，已拒绝读取")
    expect(bay(page, 6)).to_have_attribute("data-sign", "FAULT")
    expect(bay(page, 6)).to_contain_text("密码")
    assert watched.barriers() == []
    cabinet.pull(7)
    cabinet.pull(6)
    expect(bay(page, 6)).to_contain_text("空仓")


def test_a_cut_line_is_said_and_heals(
    browser: Browser, page: Page, cabinet: Cabinet, watched: Watched
) -> None:
    """On the docks, on the screen before one; and who was signed out meanwhile is told to sign in again."""
    watched.expect("ERR_")
    watched.expect(LOST)
    sign_in(page)
    screen = page.context.new_page()
    screen.goto("/kiosk/dock-1")
    other = browser.new_context(base_url=cabinet.url, locale="zh-CN").new_page()
    sign_in(other, "supervisor")
    three = (page, screen, other)
    for one in three:
        expect(one.get_by_text("实时更新")).to_be_visible()
    assert cabinet.stop_serving() < 3.0, "an open stream held it up"
    assert "Traceback" not in cabinet.log
    assert "Cancel" not in cabinet.log
    for one in three:
        expect(one.get_by_text("连接已断开")).to_be_visible()
        expect(one.locator("[data-heard]")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
        expect(one.locator(".bay").first).to_contain_text("空仓")
    cabinet.sign_out("supervisor")
    cabinet.serve()
    for one in (page, screen):
        expect(one.get_by_text("实时更新")).to_be_visible()
    expect(other.get_by_text("登录已过期")).to_be_visible()
    expect(other.get_by_label("密码")).to_be_visible()
    other.context.close()
    screen.close()
    cabinet.plug(3, 3)
    expect(bay(page, 3)).to_contain_text("可以取走")
    cabinet.pull(3)


def test_who_signs_out_elsewhere_sees_nothing_more(
    context: BrowserContext, page: Page, watched: Watched
) -> None:
    watched.expect(LOST)
    sign_in(page)
    other = context.new_page()
    other.goto("/docks")
    other.locator("summary").click()
    other.get_by_role("button", name="退出登录").click()
    other.wait_for_url("**/sign-in")
    page.wait_for_url("**/sign-in**")


def test_without_a_script(browser: object, cabinet: Cabinet) -> None:
    context = browser.new_context(base_url=cabinet.url, java_script_enabled=False, locale="zh-CN")  # type: ignore[attr-defined]
    page = context.new_page()
    sign_in(page)
    expect(bay(page, 8)).to_contain_text("空仓")
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page.content()
    expect(page.locator(".unscripted").filter(has_text="每 10 秒自动刷新一次")).to_be_visible()
    page.locator("summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Docks")
    context.close()


def test_keyboard_alone(page: Page) -> None:
    page.goto("/docks")
    expect(page.get_by_label("用户名")).to_be_focused()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["operator"])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/docks$(?<!next=/docks)"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    expect(page.get_by_role("link", name="跳到正文")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("summary")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the keyboard is must be seen"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    expect(page.locator("summary")).to_be_focused()


def test_a_wrong_password(page: Page, watched: Watched) -> None:
    watched.expect("401")
    page.goto("/sign-in")
    page.get_by_label("用户名").fill("nobody")
    page.get_by_label("密码").fill("x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    expect(page.get_by_label("密码")).to_be_focused()
    assert watched.barriers() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_language_and_colours(context: BrowserContext, page: Page, watched: Watched, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page)
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", scheme)
    page.locator("summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Docks")
    expect(root).to_have_attribute("lang", "en")
    assert not re.search(r"[\u4e00-\u9fff]", page.locator(".counts").inner_text())
    other = "dark" if scheme == "light" else "light"
    page.locator("summary").click()
    page.get_by_role("button", name=other.capitalize()).click()
    expect(root).to_have_attribute("data-bs-theme", other)
    assert watched.barriers() == []


def test_what_later_pages_load_holds_under_the_policy(page: Page, cabinet: Cabinet, watched: Watched) -> None:
    """Charts and the player: neither needs an inline style, `eval` or another host; and H.264 plays here."""
    from api.console.files import url_of

    sign_in(page)
    for name in ("echarts.common.min.js", "hls.light.min.js"):
        page.evaluate(
            "src => new Promise(done => { const s = document.createElement('script');"
            " s.src = src; s.onload = done; document.head.append(s) })",
            url_of(name),
        )
    drawn = page.evaluate(
        """() => {
          const box = document.createElement('div');
          box.style.width = '300px'; box.style.height = '200px';
          document.querySelector('main').append(box);
          const chart = echarts.init(box);
          chart.setOption({tooltip: {renderMode: 'richText', trigger: 'axis'}, animation: false,
            xAxis: {type: 'category', data: ['一', '二']}, yAxis: {}, series: [{type: 'bar', data: [1, 2]}]});
          chart.dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 1});
          return box.querySelector('canvas').width;
        }"""
    )
    assert drawn == 300
    attached = page.evaluate(
        """worker => new Promise(done => {
          const video = document.createElement('video');
          const hls = new Hls({workerPath: worker});
          hls.on(Hls.Events.MEDIA_ATTACHED, () => done([Hls.isSupported(), video.src.slice(0, 5)]));
          hls.attachMedia(video);
        })""",
        url_of("hls.worker.js"),
    )
    assert attached == [True, "blob:"]
    assert page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f,mp4a.40.2\"')")


def test_a_link_in_another_system_leads_in(context: BrowserContext, page: Page, cabinet: Cabinet) -> None:
    """The cookie does not come along from there (SameSite=Strict); who is signed in need not do it again."""
    elsewhere = f'<a href="{cabinet.url}/docks">音像资料</a>'
    context.route(
        "http://cases.example/**",
        lambda route: route.fulfill(body=elsewhere, content_type="text/html; charset=utf-8"),
    )
    stranger = context.new_page()
    stranger.goto("http://cases.example/")
    stranger.get_by_role("link").click()
    expect(stranger.get_by_label("密码")).to_be_visible()
    sign_in(page)
    stranger.goto("http://cases.example/")
    stranger.get_by_role("link").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("采集站")


def test_another_sites_form_does_not_sign_out(context: BrowserContext, page: Page, cabinet: Cabinet) -> None:
    sign_in(page)
    attack = f'<form method="post" action="{cabinet.url}/sign-out"><button>x</button></form>'
    context.route(
        "http://evil.example/**", lambda route: route.fulfill(body=attack, content_type="text/html")
    )
    other = context.new_page()
    other.goto("http://evil.example/")
    with other.expect_response(f"{cabinet.url}/sign-out") as answer:
        other.get_by_role("button").click()
    assert answer.value.status == 403
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("采集站")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone(page: Page, cabinet: Cabinet, watched: Watched, theme: str) -> None:
    """Nothing stands beyond the edge, and what is there can be read and hit."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    sign_in(page)
    cabinet.plug(4, 4, files=1)
    expect(bay(page, 4)).to_contain_text("古丽娜尔·买买提江")
    expect(bay(page, 4)).to_contain_text("可以取走")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert watched.barriers() == []
    page.locator("summary").click()
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    cabinet.pull(4)


def test_a_line_that_is_dead_and_does_not_say_so(page: Page, cabinet: Cabinet, watched: Watched) -> None:
    """As when a cable is pulled: nothing ends, nothing comes."""
    watched.expect(LOST)
    sign_in(page)
    expect(page.get_by_text("实时更新")).to_be_visible()
    assert cabinet.api is not None
    cabinet.api.send_signal(signal.SIGSTOP)
    try:
        expect(page.get_by_text("连接已断开")).to_be_visible(timeout=12_000)
    finally:
        cabinet.api.send_signal(signal.SIGCONT)
    expect(page.get_by_text("实时更新")).to_be_visible()
