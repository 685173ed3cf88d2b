"""Pictures of every page, for docs/console: `python -m tests.browser.pictures FOLDER [--all]`.

At each size in Chinese; at that of a station PC in both languages and colours; `--all`: in all of them everywhere.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import pictures_of_town
from tests.browser.cabinet import PASSWORDS, Cabinet, begun
from tests.browser.conftest import QUIET
from tests.browser.town import opened
from tests.browser.watched import visiting

SIZES = {"1280x720": (1280, 720), "1920x1080": (1920, 1080), "390x844": (390, 844)}


@contextmanager
def busy(cabinet: Cabinet) -> Iterator[None]:
    """A bay for each thing that a bay can say."""
    with ExitStack() as faults:
        cabinet.plug(1, 1, 3)
        faults.enter_context(cabinet.failing(2, 2, 2_000_000_000, "slow=8MB/s"))
        cabinet.plug(3, 3, 2)
        faults.enter_context(cabinet.failing(4, 4, 2_000_000, "eio@100000"))
        cabinet.plug_locked(5)
        cabinet.plug_stranger(6)
        yield


def settled(page: Page) -> None:
    signs = {1: "DONE", 2: "COPYING", 3: "DONE", 4: "LOOK", 5: "FAULT", 6: "STRANGER", 7: "EMPTY"}
    for number, sign in signs.items():
        seat = page.locator(".bays > li").nth(number - 1).locator(".bay")
        expect(seat).to_have_attribute("data-sign", sign, timeout=90_000)
    expect(page.locator("progress")).to_have_count(1)
    page.wait_for_timeout(5_000)  # until its rate can be told


def take(browser: Browser, cabinet: Cabinet, folder: Path, *, every: bool) -> None:
    for (size, (width, height)), language, theme in product(SIZES.items(), ("zh", "en"), ("light", "dark")):
        if not every and size != "1280x720" and (language, theme) != ("zh", "light"):
            continue
        size_of = {"width": width, "height": height}
        with visiting(browser, cabinet.url, viewport=size_of, color_scheme=theme) as context:
            page = context.new_page()
            context.request.post("/preferences", form={"language": language})
            kind = f"{size}-{language}-{theme}.png"
            page.goto("/sign-in")
            page.screenshot(path=folder / f"sign-in-{kind}")
            page.locator("#name").fill("operator")
            page.locator("#password").fill(PASSWORDS["operator"])
            page.locator(".btn-primary").click()
            page.wait_for_selector("[data-live=live]")
            settled(page)
            page.screenshot(path=folder / f"docks-{kind}")
            if size == "1280x720":
                page.locator("summary").click()
                page.screenshot(path=folder / f"menu-{kind}")
                page.goto("/nothing")
                page.screenshot(path=folder / f"error-{kind}")


def slimmed(picture: Path) -> None:
    """With 256 colours, which a page hardly has: a third of the bytes, for they lie in the repository."""
    slim = picture.with_suffix(".slim.png")
    colours = "split[whole][seen];[seen]palettegen=stats_mode=single[colours];[whole][colours]paletteuse=dither=none"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", picture, "-vf", colours, slim]
    subprocess.run(command, check=True)
    slim.replace(picture)


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        scratch = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        cabinet = ending.enter_context(begun(scratch / "site"))
        ending.enter_context(busy(cabinet))
        driver = ending.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        take(browser, cabinet, folder, every="--all" in sys.argv)
        town = ending.enter_context(opened(scratch))
        pictures_of_town.take(browser, town, folder)
        browser.close()
    for picture in folder.glob("*.png"):
        slimmed(picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
