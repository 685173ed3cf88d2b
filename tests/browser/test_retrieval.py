"""The pages of retrieval have no barriers in the dark. Asking, approving, watching and the wall: test_day.py."""

from tests.browser.town import Town
from tests.browser.watched import Watched


def test_the_pages_have_no_barriers_in_the_dark(in_town: Watched, town: Town) -> None:
    page = in_town.page
    page.emulate_media(color_scheme="dark")
    town.enter(page, "supervisor", "/retrieval")
    for path in (
        "/retrieval",
        "/retrieval/new",
        "/retrieval/log",
        "/retrieval/copies",
        "/retrieval/samples",
        "/wall",
    ):
        page.goto(path)
        assert in_town.barriers() == [], path
