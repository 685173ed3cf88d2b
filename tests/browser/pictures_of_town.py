"""Pictures of the pages that need a town: each at its size, in Chinese and light; some in English and dark, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from gateway.models import (
    CaseParty,
    CaseSample,
    Checkout,
    Link,
    LinkStatus,
    Offload,
    Receipt,
    SampleCase,
    Snapshot,
    ViewRequest,
)
from tests.browser.town import Town
from tests.browser.watched import visiting

SIZES = {"1280x720": (1280, 720), "1920x1080": (1920, 1080), "390x844": (390, 844)}
BESIDES = {"clip", "case", "work-item"}
"""Shown in English and dark as well, at a station PC's size."""


PAGES = {
    "clips": "/clips",
    "clips-found": "/clips?q=现场检查&missing=matter",
    "clip": "/clips/{clip}?t=60",
    "holds": "/holds",
    "cases": "/cases",
    "case": "/cases/past-03",
    "case-footage": "/cases/past-03/footage",
    "evidence-list": "/cases/past-03/evidence",
    "party": "/parties/{party}",
    "work": "/work",
    "work-item": "/work/proposed",
    "work-overdue": "/work/overdue",
    "retrieval": "/retrieval",
    "retrieval-new": "/retrieval/new?clip={clip}",
    "retrieval-request": "/retrieval/requests/{request}",
    "retrieval-copies": "/retrieval/copies",
    "retrieval-heads": "/retrieval/heads",
    "retrieval-log": "/retrieval/log",
    "samples": "/retrieval/samples",
    "sample": "/retrieval/samples/{sample}",
    "sample-case": "/retrieval/samples/{sample}/cases/{sampled}",
    "wall": "/wall",
    "wall-one": "/wall/room-1",
    "board": "/board",
    "equipment": "/equipment",
    "device": "/devices/cam-02",
    "allocate": "/devices/cam-02/allocate",
    "checkout": "/devices/cam-02/checkouts/{checkout}",
    "standing": "/devices/cam-02/standing",
    "unit": "/equipment/units/xt-scjg",
    "sheet": "/equipment/sheet",
    "officers": "/equipment/officers",
    "officer": "/equipment/officers/130502",
    "desk": "/equipment/desk",
    "reports": "/reports",
    "figure": "/reports/figures/fully_recorded",
    "report-files": "/reports/files",
    "snapshots": "/reports/snapshots",
    "snapshot": "/reports/snapshots/{snapshot}",
    "snapshot-figure": "/reports/snapshots/{snapshot}/figures/fully_recorded",
    "snapshot-changes": "/reports/snapshots/{snapshot}/changes/fully_recorded",
    "administration": "/administration",
    "administration-people": "/administration/people",
    "administration-systems": "/administration/systems",
    "administration-rules": "/administration/rules",
    "administration-orders": "/administration/orders",
    "account": "/account",
    "kiosk": "/kiosk/dock-1",
    "receipt": "/offloads/{offload}",
}
"""By the names of their pictures; `tests/integration/test_console.py` sees that no page is missing."""


def ids(town: Town) -> dict[str, str]:
    """As this town has them."""
    sealed = select(Offload.id).join(Receipt, col(Receipt.offload_id) == Offload.id)
    confirmed = (col(Link.case_uid) == "past-03", Link.status == LinkStatus.CONFIRMED)
    wanted: dict[str, Any] = {
        "clip": select(Link.clip_id).where(*confirmed).order_by(col(Link.id)),
        "checkout": select(Checkout.id).where(Checkout.device_id == "cam-02"),
        "party": select(CaseParty.party_id).where(col(CaseParty.case_uid) == "past-01"),
        "offload": sealed.where(Offload.device_id == "cam-02"),
        "request": select(ViewRequest.id),
        "sample": select(CaseSample.id),
        "sampled": select(SampleCase.case_uid).order_by(col(SampleCase.place)),
        "snapshot": select(Snapshot.id),
    }
    with town.read() as session:
        return {name: session.exec(asked.limit(1)).one() for name, asked in wanted.items()}


def prepared(page: Page) -> None:
    """What nobody did in this town yet: a sample of this quarter drawn, the last one frozen."""
    page.goto("/retrieval/samples")
    period = page.locator(".draw select[name=period]")
    period.select_option(period.locator("option[value*='-Q']").first.get_attribute("value"))
    page.locator(".draw .btn-primary").click()
    page.wait_for_url("**/retrieval/samples/*")
    page.goto("/reports/snapshots")
    page.locator("form[action='/reports/snapshots'] .btn-primary").click()
    page.wait_for_url("**/reports/snapshots/*")


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
    known: dict[str, str] = {}
    for size, (width, height) in SIZES.items():
        for language, theme in (("zh", "light"), ("en", "light"), ("zh", "dark")):
            is_usual = (language, theme) == ("zh", "light")
            if not is_usual and size != "1280x720":
                continue
            size_of = {"width": width, "height": height}
            with visiting(browser, town.url, viewport=size_of, color_scheme=theme) as context:
                page = context.new_page()
                context.request.post("/preferences", form={"language": language})
                town.enter(page, "demo")
                context.request.post("/purpose", form={"purpose": "案卷评查", "next": "/docks"})
                if not known:
                    prepared(page)
                    known = ids(town)
                for name, path in PAGES.items():
                    if is_usual or name in BESIDES:
                        page.goto(path.format(**known))
                        READY.get(name, lambda _: None)(page)
                        page.wait_for_timeout(600)
                        page.screenshot(path=folder / f"{name}-{size}-{language}-{theme}.png")
