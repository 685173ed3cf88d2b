"""A supervisor's and an evidence officer's work at one clip, in a browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, func, select

from gateway.models import Clip, CustodyEvent, Link, LinkStatus, Original, Rendition, State, Viewing
from tests.browser.town import Town
from tests.browser.watched import Watched

AT = "() => document.querySelector('video').currentTime"
PLAYS = (
    "(from) => { const v = document.querySelector('video'); return !v.paused && v.currentTime > from + 0.3; }"
)
STANDS = "(at) => { const v = document.querySelector('video'); return v.paused && Math.abs(v.currentTime - at) < 0.05; }"


@pytest.fixture(scope="module")
def clip_id(town: Town) -> str:
    """A clip that can be played, with a link that waits for a person."""
    proposed = select(Link.clip_id).where(Link.status == LinkStatus.PROPOSED, col(Link.ended_at).is_(None))
    made = select(Rendition.clip_id).where(Rendition.kind == "waveform")
    wanted = (
        select(Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .where(Clip.kind == "VIDEO", Original.state == State.PRESERVED, col(Clip.started_at).is_not(None))
        .where(col(Clip.id).in_(proposed), col(Clip.id).in_(made), col(Clip.duration_s) > 8)
    )
    with town.read() as session:
        return session.exec(wanted.order_by(col(Clip.id).desc()).offset(2)).first() or pytest.fail(
            "no such clip"
        )


def say_why(page: Page, purpose: str = "案卷评查") -> None:
    page.get_by_label("调阅事由").fill(purpose)
    page.get_by_role("button", name="开始调阅").click()


def viewings(town: Town, clip_id: str, purpose: str) -> int:
    here = Viewing.clip_id == clip_id, Viewing.purpose == purpose
    with town.read() as session:
        return session.exec(select(func.count()).select_from(Viewing).where(*here)).one()


def test_a_supervisor_watches(in_town: Watched, town: Town, clip_id: str) -> None:
    page, purpose = in_town.page, "第三季度抽查"
    town.enter(page, "supervisor", f"/clips/{clip_id}?t=3")
    expect(page.locator("video")).to_have_count(0)
    say_why(page, purpose)
    page.wait_for_function(PLAYS, arg=3)
    expect(page.locator("[data-wall]")).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
    assert in_town.barriers() == []

    page.keyboard.press("Space")
    page.keyboard.press("5")
    length = page.evaluate("() => document.querySelector('video').duration")
    page.wait_for_function(STANDS, arg=length / 2)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(STANDS, arg=max(0, length / 2 - 5))
    at = page.evaluate(AT)
    page.keyboard.press(".")
    page.wait_for_function("(at) => document.querySelector('video').currentTime > at", arg=at)
    frame = 1 / float(page.locator("#player").get_attribute("data-rate") or 0)
    assert page.evaluate(AT) - at == pytest.approx(frame, abs=0.02)
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert page.evaluate("() => document.querySelector('video').playbackRate") == 2
    expect(page.get_by_title("播放速度")).to_have_value("2")
    page.keyboard.press("j")
    page.wait_for_function("(at) => document.querySelector('video').currentTime < at", arg=at)
    page.keyboard.press("k")

    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.id === 'player'")
    box, mark = page.locator(".stage").bounding_box(), page.locator(".watermark").bounding_box()
    assert box == mark, "the watermark goes along, over all of the picture"
    page.keyboard.press("f")
    page.get_by_role("button", name="复制此刻的链接").click()
    copied = page.locator(".copied input").input_value()
    assert re.fullmatch(rf"{town.url}/clips/{clip_id}\?t=\d+", copied)

    page.reload()
    expect(page.locator("video")).to_have_count(1)
    assert viewings(town, clip_id, purpose) == 1, "loaded again, it is the same viewing"
    holds_and_lifts(page)
    assert in_town.barriers() == []
    page.evaluate("() => { navigator.sendBeacon = (to) => localStorage.setItem('left', to); }")
    page.goto("/docks")
    left = page.evaluate("() => localStorage.getItem('left')")
    assert re.fullmatch(rf"/clips/{clip_id}/viewings/[\w-]+/left", left)


def holds_and_lifts(page: Page) -> None:
    """With the picture as it was: only what stands beside it changes."""
    held = page.locator("#holds")
    held.get_by_text("保全本资料").click()
    held.get_by_label("理由").first.fill("当事人申请行政复议")
    held.get_by_label("文号（有则填）").fill("邢政复〔2026〕12号")
    held.locator("form[action$=holds] button").click()
    expect(held).to_contain_text("当事人申请行政复议 邢政复〔2026〕12号")
    expect(page.locator("#signs")).to_contain_text("保全中")
    expect(page.locator("#stays")).to_contain_text("已保全")
    held.locator("summary", has_text="解除保全").click()
    held.get_by_label("解除理由").fill("复议已终结")
    held.locator("form[action$=lift] button").click()
    expect(page.locator("#signs")).not_to_contain_text("保全中")
    expect(page.locator("#custody")).to_contain_text("复议已终结")


def test_evidence_staff_decide_beside_the_running_picture(in_town: Watched, town: Town, clip_id: str) -> None:
    page = in_town.page
    town.enter(page, "evidence", f"/clips/{clip_id}")
    say_why(page)
    page.wait_for_function(PLAYS, arg=0)
    page.evaluate("() => { window.before = document.querySelector('video'); }")
    link = page.locator(".link").first
    link.locator("summary", has_text=re.compile("^确认$")).click()
    link.get_by_label("证明对象").fill("现场检查经过")
    link.get_by_label("理由").first.fill("已核对现场笔录")
    link.locator("form[action$=confirm] button").click()
    expect(page.locator(".link").first).to_contain_text("已确认")
    expect(page.locator("#custody")).to_contain_text("已核对现场笔录")
    link = page.locator(".link").first
    link.locator("summary", has_text="撤销决定").click()
    link.locator("form[action$=undo] input[name=why]").fill("再核对")
    link.locator("form[action$=undo] button").click()
    expect(page.locator(".link").first).to_contain_text("系统推荐")
    assert page.evaluate(
        "() => window.before === document.querySelector('video') && window.before.isConnected"
    )

    page.get_by_text("修改标注").click()
    page.get_by_label("采集地点").fill("和平路 1 号")
    page.get_by_role("button", name="保存标注").click()
    expect(page.locator(".labels")).to_contain_text("和平路 1 号")
    in_town.expect("409")
    page.get_by_text("修改标注").click()
    page.get_by_label("更正采集时间（开始）").fill("2026-01-01T08:00:00")
    page.get_by_role("button", name="保存标注").click()
    expect(page.get_by_role("alert").filter(has_text="请写明理由")).to_be_visible()

    page.get_by_role("button", name="立即校验").click()
    expect(page.locator("#digests")).to_contain_text("与入库时一致")
    with town.read() as session:
        lines = session.exec(select(CustodyEvent.event).where(CustodyEvent.subject == clip_id)).all()
    assert {"LINK_CONFIRMED", "LINK_UNDONE", "LABELLED_BY_PERSON", "FIXITY_CHECKED"} <= set(lines)


def test_without_a_script_it_plays_and_forms_are_sent(browser: Browser, town: Town, clip_id: str) -> None:
    context = browser.new_context(base_url=town.url, java_script_enabled=False)
    page = context.new_page()
    town.enter(page, "evidence", f"/clips/{clip_id}")
    say_why(page)
    assert page.locator("video").get_attribute("controls") is not None
    assert page.locator(".watermark").is_visible()
    expect(page.locator(".controls")).to_be_hidden()
    page.get_by_text("修改标注").click()
    page.get_by_label("采集地点").fill("和平路 2 号")
    page.get_by_role("button", name="保存标注").click()
    expect(page.locator(".labels")).to_contain_text("和平路 2 号")
    context.close()
