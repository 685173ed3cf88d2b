"""Pictures of the pages that need a town: each at its size, in Chinese and light; some in English and dark, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from gateway.models import Activity, Link, LinkStatus, Offload, Original, Receipt
from tests.browser.town import Town

SIZES = {"1280x720": (1280, 720), "1920x1080": (1920, 1080), "390x844": (390, 844)}
BESIDES = {"clip", "case", "work-item"}
"""Shown in English and dark as well, at a station PC's size."""


def paths(town: Town) -> dict[str, str]:
    """The pages, by the names of their pictures; ids as this town has them."""
    with town.read() as session:
        confirmed = select(Link).where(col(Link.case_uid) == "past-03", Link.status == LinkStatus.CONFIRMED)
        link = session.exec(confirmed.order_by(col(Link.id))).first()
        assert link is not None
        step = session.exec(select(Activity.id).where(Activity.case_uid == "past-03")).first()
        assert step is not None
        sealed = select(Offload.id).join(Receipt, col(Receipt.offload_id) == Offload.id)
        offload = session.exec(sealed.where(Offload.device_id == "cam-02")).first()
        assert session.get(Original, link.clip_id) is not None
    return {
        "clips": "/clips",
        "clips-found": "/clips?q=现场检查&missing=matter",
        "clip": f"/clips/{link.clip_id}?t=60",
        "cases": "/cases",
        "case": "/cases/past-03",
        "work": "/work",
        "work-item": "/work/proposed",
        "retrieval": "/retrieval",
        "retrieval-log": "/retrieval/log",
        "wall": "/wall",
        "board": "/board",
        "equipment": "/equipment",
        "device": "/devices/cam-02",
        "desk": "/equipment/desk",
        "reports": "/reports",
        "administration": "/administration",
        "account": "/account",
        "kiosk": "/kiosk/dock-1",
        "receipt": f"/offloads/{offload}",
    }


def playing(page: Page) -> None:
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v && v.currentTime > 0 && v.readyState > 2; }"
    )


def with_rooms(page: Page) -> None:
    """Rooms live: one after the other, as a supervisor would."""
    for name in ("第一询问室", "听证室"):
        tile = page.locator("[data-tile]").filter(has_text=name)
        tile.locator("[data-begin] button").click()
        page.wait_for_function(
            "name => [...document.querySelectorAll('[data-tile]')].some("
            "one => one.textContent.includes(name) && one.querySelector('video').currentTime > 0)", arg=name, timeout=40_000,
        )  # fmt: skip


READY: dict[str, Callable[[Page], Any]] = {
    "clip": playing,
    "wall": with_rooms,
    "kiosk": lambda page: expect(page.locator("[data-live=live]")).to_be_attached(),
}


def take(browser: Browser, town: Town, folder: Path) -> None:
    for size, (width, height) in SIZES.items():
        for language, theme in (("zh", "light"), ("en", "light"), ("zh", "dark")):
            is_usual = (language, theme) == ("zh", "light")
            if not is_usual and size != "1280x720":
                continue
            context = browser.new_context(
                base_url=town.url, viewport={"width": width, "height": height}, color_scheme=theme,  # type: ignore[arg-type]
                locale="zh-CN", timezone_id="Asia/Shanghai",
            )  # fmt: skip
            page = context.new_page()
            context.request.post("/preferences", form={"language": language})
            town.enter(page, "demo")
            context.request.post("/purpose", form={"purpose": "案卷评查", "next": "/docks"})
            for name, path in paths(town).items():
                if is_usual or name in BESIDES:
                    page.goto(path)
                    READY.get(name, lambda _: None)(page)
                    page.wait_for_timeout(600)
                    page.screenshot(path=folder / f"{name}-{size}-{language}-{theme}.png")
            context.close()
