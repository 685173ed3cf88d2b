"""A line that is slow, cut or refused is told where somebody pressed; nothing typed is lost, and it goes on by itself."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from playwright.sync_api import Locator, Page, Route, expect
from sqlmodel import select

from gateway.models import Clip
from tests.browser.bench import becomes
from tests.browser.town import Town
from tests.browser.watched import Watched

NOTE = ".line-note"
TYPED = "和平路 1 号（未送达）"
FILM = "document.querySelector('.player video')"
PROBLEM = "<main class='gate-card'><h1>{}</h1></main>"


def provoked(watched: Watched) -> Page:
    """What browser and htmx write of it into the console is no fault."""
    for text in (
        "ERR_",
        "status of 4",
        "status of 5",
        "Response Status Error Code",
        "htmx:sendError",
        "htmx:afterRequest",
        "[object Event]",
    ):
        watched.expect(text)
    return watched.page


def says(where: Page | Locator, told: str) -> None:
    expect(where.locator(f"{NOTE} [data-said]:not([hidden])", has_text=told)).to_be_visible()


def written(page: Page, town: Town) -> Locator:
    """The form of a clip's labels, filled in but not sent."""
    town.enter(page, "evidence", "/clips")
    page.locator("#list .open").first.click()
    form = page.locator("form[action$=labels]")
    if not form.is_visible():
        page.get_by_text("修改标注").click()
    form.locator("[name=place]").fill(TYPED)
    return form


def test_what_was_pressed_says_that_it_did_not_arrive(in_town: Watched, town: Town) -> None:
    page = provoked(in_town)
    form = written(page, town)
    place, button = form.locator("[name=place]"), form.get_by_role("button", name="保存标注")
    held: list[Route] = []
    page.route(re.compile("/labels$"), lambda route: held.append(route))
    button.click()
    says(form, "仍在等待答复")
    for status, told in ((403, "没有这项权限"), (409, "没有执行"), (500, "系统出错")):
        held.pop().fulfill(status=status, content_type="text/html", body=PROBLEM.format(told))
        says(form, told)
        expect(place).to_have_value(TYPED)
        button.click()
        page.wait_for_timeout(50)
    held.pop().fulfill(status=401, headers={"hx-redirect": "/sign-in?from=ended"})
    says(form, "登录已过期")
    expect(form.get_by_role("link", name="在新窗口重新登录")).to_have_attribute("href", "/sign-in?from=ended")
    expect(place).to_have_value(TYPED)
    assert in_town.barriers() == []
    says(form, "连接已恢复")  # he is signed in after all
    page.unroute(re.compile("/labels$"))
    page.context.set_offline(True)
    form.get_by_role("button", name="再试一次").click()
    says(form, "连接已断开")
    expect(place).to_have_value(TYPED)
    page.route(re.compile("/labels$"), lambda route: held.append(route))
    page.context.set_offline(False)
    form.get_by_role("button", name="再试一次").click()
    page.wait_for_timeout(50)
    assert TYPED in re.sub(r"\+", " ", unquoted(held.pop()))
    page.unroute(re.compile("/labels$"))


def unquoted(route: Route) -> str:
    said = unquote(route.request.post_data or "")
    route.abort()
    return said


def test_what_only_looks_comes_by_itself(in_town: Watched, town: Town) -> None:
    page = provoked(in_town)
    town.enter(page, "evidence", "/clips")
    page.context.set_offline(True)
    page.locator("#q").press_sequentially("食品")
    says(page.locator("#seek"), "连接已断开")
    page.context.set_offline(False)
    expect(page.locator("#list .clip .where").first).to_contain_text("食品")
    expect(page.locator(NOTE)).to_have_count(0)


def test_a_form_that_leaves_the_page_stays_with_what_was_written(in_town: Watched, town: Town) -> None:
    """Who wrote for long is asked for first: the browser's own page of a cut line would be all that he has."""
    page = provoked(in_town)
    page.clock.install()
    town.enter(page, "supervisor", "/retrieval/new")
    why = page.locator("#why")
    why.fill("案卷评查需要核对")
    page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=5))
    page.context.set_offline(True)
    page.locator("main .btn-primary").click()
    says(page, "连接已断开")
    expect(why).to_have_value("案卷评查需要核对")
    page.context.set_offline(False)
    page.get_by_role("button", name="再试一次").click()
    expect(page.locator(".notice.attention")).to_be_visible()  # it arrived: it does not say which clips
    expect(why).to_have_value("案卷评查需要核对")


def test_a_picture_goes_on_where_it_was_cut(in_town: Watched, town: Town) -> None:
    """In the work list by the browser's own player, on the page of a clip by ours."""
    page = provoked(in_town)
    town.enter(page, "evidence", "/work/proposed")
    page.locator("#purpose").fill("关联核查")
    page.keyboard.press("Enter")
    film = re.compile("/renditions/proxy|/original")
    page.route(film, lambda route: route.abort())
    page.locator("#player .dark .btn").click()
    says(page.locator("#player"), "连接已断开")
    page.unroute(film)
    becomes(page, "document.querySelector('#player video').currentTime > 0")
    expect(page.locator(NOTE)).to_have_count(0)
    page.route(film, lambda route: route.abort())
    page.goto("/clips/" + (page.locator(".bench").get_attribute("data-clip") or ""))
    expect(page.locator("[data-says=cut]")).to_be_visible()
    page.unroute(film)
    expect(page.locator("[data-says=cut]")).to_be_hidden()
    becomes(page, f"{FILM}.currentTime > 0")


def test_a_page_of_one_person_does_nothing_for_another(in_town: Watched, town: Town) -> None:
    """In a second window of the same browser somebody else signs in; the first still shows the first one's name."""
    page = in_town.page
    form = written(page, town)
    page.context.request.post(f"{town.url}/sign-out")
    town.enter(page.context.new_page(), "demo", "/clips")
    form.get_by_role("button", name="保存标注").click()
    says(form, "本浏览器已由另一用户登录")
    expect(form.locator("[name=place]")).to_have_value(TYPED)
    before = page.url
    page.locator(".account summary").click()
    page.locator("button[value=dark]").click()
    says(page.locator(".account"), "本浏览器已由另一用户登录")
    assert page.url == before
    with town.read() as session:
        assert session.exec(select(Clip.id).where(Clip.place == TYPED)).first() is None
