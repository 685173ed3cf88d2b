"""Evidence staff look for clips, label and link some together, think better of it; by keys alone, too."""

import re

from playwright.sync_api import Page, expect
from sqlmodel import col, select

from gateway.models import CaseAlias, CaseRecord, Clip, Link
from tests.browser.town import Town
from tests.browser.watched import Watched


def lines(page: Page) -> object:
    return page.locator("#list .clip")


def test_clips_are_found_labelled_linked_and_put_back(in_town: Watched, town: Town) -> None:
    page = in_town.page
    town.enter(page, "evidence", "/clips")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("食品")
    page.wait_for_url(re.compile(r"/clips\?q=%E9%A3%9F%E5%93%81$"))
    first = lines(page).first
    expect(first).to_contain_text("食品")
    assert all("食品" in told for told in page.locator("#list .where").all_inner_texts())
    assert in_town.barriers() == []
    page.keyboard.press("Escape")
    expect(first.locator(".open")).to_be_focused()
    page.keyboard.press("j")
    expect(lines(page).nth(1).locator(".open")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-count]")).to_have_text("1")
    chosen = lines(page).nth(1).locator(".pick input").get_attribute("value")
    page.keyboard.press("k")
    lines(page).first.locator(".pick input").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/clips/[0-9a-f]{32}"))
    in_town.expect("404")  # until the clip's own page is there
    page.go_back()
    label_and_undo(page, town, str(chosen))
    link_and_undo(page, town)


def label_and_undo(page: Page, town: Town, clip: str) -> None:
    with town.read() as session:
        before = session.get_one(Clip, clip).place
    page.locator(f'.pick input[value="{clip}"]').check()
    page.get_by_text("标注", exact=True).click()
    page.locator('.many-bar [name="place"]').fill("襄都区某地")
    page.get_by_role("button", name="标注所选").click()
    expect(page.get_by_text("已完成 1 条")).to_be_visible()
    with town.read() as session:
        assert session.get_one(Clip, clip).place == "襄都区某地"
    page.get_by_role("button", name="全部撤销").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("撤销批量操作")
    with town.read() as session:
        assert session.get_one(Clip, clip).place == before


def link_and_undo(page: Page, town: Town) -> None:
    with town.read() as session:
        number = session.exec(select(CaseAlias.raw).join(CaseRecord).order_by(col(CaseAlias.id))).first()
        before = len(session.exec(select(Link).where(col(Link.ended_at).is_(None))).all())
    page.goto("/clips?linked=no&place=&q=")
    expect(page.get_by_text("关联：未关联")).to_be_visible()
    page.locator("[data-all]").check()
    page.locator("[data-all]").uncheck()
    page.locator(".pick input").first.check()
    page.get_by_text("关联到案件").click()
    page.locator('.many-bar [name="case"]').fill(str(number))
    expect(page.locator("#cases option")).to_have_count(1)
    page.locator('.many-bar [name="why"]').fill("同一现场")
    page.keyboard.press("Enter")  # links; labelling is the form's first deed
    expect(page.get_by_text("已完成 1 条")).to_be_visible()
    page.get_by_role("button", name="全部撤销").click()
    expect(page.get_by_text("已完成 1 条")).to_be_visible()
    with town.read() as session:
        assert len(session.exec(select(Link).where(col(Link.ended_at).is_(None))).all()) >= before


def test_a_search_is_kept_and_works_without_a_script(in_town: Watched, town: Town) -> None:
    page = in_town.page
    town.enter(page, "supervisor", "/clips")
    still = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=town.url, java_script_enabled=False, locale="zh-CN", storage_state=page.context.storage_state(),
        viewport={"width": 390, "height": 844},
    )  # fmt: skip
    quiet = still.new_page()
    quiet.goto("/clips")
    quiet.get_by_label("搜索音像资料").fill("食品")
    quiet.get_by_role("button", name="搜索").click()
    expect(lines(quiet).first).to_contain_text("食品")
    quiet.get_by_text("保存此搜索").click()
    quiet.get_by_label("名称").fill("食品类")
    quiet.get_by_role("button", name="保存", exact=True).click()
    quiet.goto("/clips")
    assert quiet.evaluate("document.documentElement.scrollWidth") <= 390
    quiet.get_by_role("link", name="食品类").click()
    quiet.wait_for_url(re.compile(r"\?q="))
    quiet.get_by_role("button", name="删除搜索“食品类”").click()
    expect(quiet.get_by_role("link", name="食品类")).to_have_count(0)
    still.close()
    page.reload()
    page.get_by_text("筛选").click()
    page.locator('[name="linked"]').select_option("yes")
    page.wait_for_url(re.compile(r"/clips\?linked=yes$"))
    page.get_by_role("link", name="去掉条件：关联：已关联").click()
    page.wait_for_url(re.compile(r"/clips$"))
    assert in_town.barriers() == []
