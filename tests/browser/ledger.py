"""In the ledger of the town: a correction, what it moves, and that it is put right again."""

import re

from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from gateway.models import Allocation, CaseRecord, Clip, Link
from tests.browser.town import Town
from tests.browser.watched import Watched

CAMERA, HOLDER = "net-02", "130510"
MOST_TABS = 80


def tab_to(page: Page, wanted: Locator) -> None:
    """By the keyboard alone, as somebody without a mouse does it."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def links_of(town: Town, device: str) -> list[Link]:
    with town.read() as session:
        wanted = select(Link).join(Clip, col(Clip.id) == Link.clip_id).where(Clip.device_id == device)
        return list(session.exec(wanted.where(col(Link.ended_at).is_(None))))


def standing(town: Town) -> Allocation:
    with town.read() as session:
        wanted = select(Allocation).where(
            Allocation.device_id == CAMERA, col(Allocation.superseded_at).is_(None)
        )
        return session.exec(wanted).one()


def put_right(page: Page, town: Town) -> None:
    """Others walk in the same town: its ledger says afterwards what it said before."""
    row = standing(town)
    if row.officer_id != HOLDER:
        given = {
            "device": CAMERA, "officer": HOLDER, "valid_from": row.valid_from.isoformat(), "why": "恢复原状",
            "doc_no": row.doc_no,
        }  # fmt: skip
        answer = page.request.put(f"/api/v1/allocations/{row.id}", data=given)
        assert answer.ok, answer.text()


def corrected(watched: Watched, town: Town) -> None:
    """By keyboard: shown before it is entered, entered, and its links are others."""
    page = watched.page
    [link] = links_of(town, CAMERA)
    with town.read() as session:
        title = session.get_one(CaseRecord, link.case_uid).title
    page.goto(f"/devices/{CAMERA}")
    tab_to(page, page.get_by_role("link", name="更正", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("更正配备记录")
    expect(page.locator("#holder")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#holder")).not_to_have_value(f"officer:{HOLDER}")
    tab_to(page, page.locator("#why"))
    page.keyboard.type("wrong hand-over")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("核对影响")
    expect(page.get_by_text("尚未登记")).to_be_visible()
    expect(page.locator(".big")).to_contain_text(re.compile(r"\d+ 段资料将改变：解除关联 1 条"))
    expect(page.get_by_role("link", name=title).first).to_be_visible()
    assert links_of(town, CAMERA) == [link], "looking changes nothing"
    assert watched.barriers() == []
    confirm = page.get_by_role("button", name="确认更正")
    expect(confirm).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("已登记", exact=True)).to_be_visible()
    expect(page.locator("del")).to_be_visible()
    expect(page.get_by_text("wrong hand-over").first).to_be_visible()
    for _ in range(40):
        if page.get_by_text("已全部重新关联").is_visible():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_text("已全部重新关联")).to_be_visible()
    assert link.id not in {one.id for one in links_of(town, CAMERA)}
    assert standing(town).why == "wrong hand-over"
