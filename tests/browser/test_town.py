"""What `make demo` opens is worth looking at: there is something of everything."""

from pathlib import Path

from sqlmodel import col, func, select

from gateway.models import CaseRecord, Clip, Link, LinkStatus, Rendition
from tests import warm
from tests.browser.town import Town
from tests.browser.watched import Watched


def test_the_town_that_the_demo_opens(in_town: Watched, town: Town) -> None:
    page = in_town.page
    town.enter(page, "demo")
    page.wait_for_selector("[data-live=live]")
    assert page.locator(".bay").count() == 8
    with town.read() as session:
        clips = session.exec(select(func.count()).select_from(Clip)).one()
        cases = session.exec(select(func.count()).select_from(CaseRecord)).one()
        playable = session.exec(
            select(func.count()).select_from(Rendition).where(col(Rendition.kind) == "proxy")
        ).one()
        standing = select(Link.status, func.count()).where(col(Link.ended_at).is_(None)).group_by(Link.status)
        states = dict(session.exec(standing).all())
    assert clips >= 60
    assert cases >= 18
    assert playable >= 60
    assert states[LinkStatus.CONFIRMED] >= 15
    assert states[LinkStatus.PROPOSED] >= 15


def test_the_demo_empties_no_folder_of_somebody_else(tmp_path: Path) -> None:
    """`--folder ~` must not cost anybody his files."""
    kept = tmp_path / "thesis.txt"
    kept.write_text("mine")
    done = warm.finished("demo", "--exit", "--folder", tmp_path)
    assert done.returncode == 2
    assert "holds what no demo made" in done.stderr
    assert kept.read_text() == "mine"
