"""Debian's Chromium, driven by Playwright, before a gateway that really runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.cabinet import PASSWORDS, Cabinet, begun
from tests.browser.town import Town, opening
from tests.browser.watched import LONGEST_MS, Watched, visiting

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


HERE = Path(__file__).parent

expect.set_options(LONGEST_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.path.parent == HERE]
    for item in mine:
        item.add_marker(pytest.mark.browser)
    if len(mine) == len(items):
        items.sort(key=is_of_town)  # it opens while the others run


def is_of_town(item: pytest.Item) -> bool:
    return "town" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no Chromium: bash .ci/setup --browser")
    made = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield made
    made.close()


@pytest.fixture(scope="session")
def cabinet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cabinet]:
    with begun(tmp_path_factory.mktemp("browser") / "site") as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def opening_town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town | None]:
    """Begun with the first test, where any wants it: it takes a minute to open."""
    if not any(map(is_of_town, request.session.items)):
        yield None
        return
    with opening(tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture(scope="session")
def town(opening_town: Town) -> Town:
    """One for all tests, who therefore leave each other's clips alone."""
    opening_town.await_opening()
    return opening_town


@pytest.fixture
def in_town(browser: Browser, town: Town) -> Iterator[Watched]:
    """A page of the town under watch; nobody is signed in yet (`town.enter`)."""
    with visiting(browser, town.url) as made:
        seen = Watched(made.new_page(), town.url)
        yield seen
    assert seen.wrong() == []


@pytest.fixture
def context(browser: Browser, cabinet: Cabinet) -> Iterator[BrowserContext]:
    with visiting(browser, cabinet.url) as made:
        yield made


@pytest.fixture
def watched(context: BrowserContext, cabinet: Cabinet) -> Iterator[Watched]:
    """A page of which nothing escapes: errors, refusals of the policy, requests that leave this host."""
    seen = Watched(context.new_page(), cabinet.url)
    yield seen
    assert seen.wrong() == []


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def sign_in(page: Page, role: str = "operator") -> None:
    page.goto("/sign-in")
    page.get_by_label("用户名").fill(role)
    page.get_by_label("密码").fill(PASSWORDS[role])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/docks")
