"""Evidence staff at a case file: find it, read it beside its footage, note a second, explain, take the list along."""

import zipfile

from playwright.sync_api import expect
from sqlmodel import col, func, select

from gateway.models import Link, LinkStatus, Note
from tests.browser.town import Town
from tests.browser.watched import Watched


def test_a_case_file_from_search_to_evidence_list(in_town: Watched, town: Town) -> None:
    page = in_town.page
    town.enter(page, "evidence", "/cases")
    page.get_by_role("searchbox").fill("火锅店")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="火锅店").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("火锅店")
    assert in_town.barriers() == []

    entry = page.locator(".entry").filter(has=page.locator(".shot")).first
    expect(entry.locator(".coverage .covered")).to_have_count(1)
    entry.get_by_text("关联理由").first.click()
    expect(entry.locator(".why[open] .reasons li").first).to_be_visible()

    entry.get_by_text("添加时间标记").click()
    entry.get_by_label("时间（时:分:秒）").last.fill("0:01:05")
    entry.get_by_label("笔录内容").last.fill("问：底料从何处购进？")
    entry.get_by_role("button", name="保存").first.click()
    line = page.locator("[data-sought]")
    expect(line).to_contain_text("问：底料从何处购进？")
    expect(line).to_be_in_viewport()
    with town.read() as session:
        note = session.exec(select(Note).order_by(col(Note.id).desc())).first()
    assert note is not None
    assert line.locator(".note-at").get_attribute("href") == f"/clips/{note.clip_id}?t=65"
    assert in_town.barriers() == []

    page.get_by_role("link", name="证据清单与导出").click()
    expect(page.locator(".evidence tbody tr").first).to_be_visible()
    assert in_town.barriers() == []
    page.get_by_label("导出事由").fill("移送人民法院")
    with page.expect_download() as begun:
        page.get_by_role("button", name="导出").click()
    with zipfile.ZipFile(begun.value.path()) as packed:
        assert packed.testzip() is None
        assert [name for name in packed.namelist() if name.startswith("音像资料/")]


def test_who_may_only_read_gets_no_forms(in_town: Watched, town: Town) -> None:
    page = in_town.page
    with town.read() as session:
        most = (
            select(Link.case_uid)
            .where(col(Link.ended_at).is_(None), Link.status == LinkStatus.CONFIRMED)
            .group_by(Link.case_uid)
            .order_by(func.count().desc())
        )
        uid = session.exec(most).first()
    town.enter(page, "operator", f"/cases/{uid}")
    expect(page.locator(".shot").first).to_be_visible()
    assert page.locator("main form").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), "nothing runs off a phone"
    assert in_town.barriers() == []
