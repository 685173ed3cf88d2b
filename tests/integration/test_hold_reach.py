"""Whoever places a hold is told what it reaches now: as the rule of retention itself sees it."""

from datetime import timedelta

import pytest

from gateway.models import Clip, LegalHold, Link, now
from gateway.retention.reach import reach
from tests.integration.disposing import due, hold, lite, shelf
from tests.shelf import LONG_AGO, Shelf

__all__ = ["lite", "shelf"]


def reached(shelf: Shelf, placed: str, who: str = "root") -> tuple[int, int]:
    with shelf.database.read() as session:
        found = reach(session, shelf.packs, session.get_one(LegalHold, placed), shelf.viewer(who))
    return found.clips, found.cases


def test_what_each_kind_of_hold_reaches(shelf: Shelf) -> None:
    for name in ("one", "two", "lost"):
        shelf.clip(name)
    shelf.clip("far", device="cam-v")
    shelf.case("k", party_name="某店")
    shelf.case("m", party_name="某店", former_parties=[{"name": "某 厂", "code": None}])
    link = shelf.link("one", "k")
    shelf.change(Link, link, status="WITHDRAWN", ended_at=now())
    shelf.link("far", "m")
    shelf.change(
        Clip, "lost", times=[{"source": "container", "written": "1970-01-01T00:01:00", "zone": "UTC"}]
    )
    assert reached(shelf, hold(shelf, clip="one")) == (1, 0)
    assert reached(shelf, hold(shelf, case="k")) == (1, 1)
    assert reached(shelf, hold(shelf, party_name=" 某店")) == (2, 2)
    assert reached(shelf, hold(shelf, party_name="某店"), "zhao") == (1, 2), (
        "the other's footage is not theirs"
    )
    assert reached(shelf, hold(shelf, party_name="某厂")) == (1, 1)
    assert reached(shelf, hold(shelf, party_name="没有这个人")) == (0, 0), (
        "taken all the same: a case may come"
    )
    assert reached(shelf, hold(shelf, device="cam-u")) == (3, 0)


@pytest.mark.parametrize(("days", "clips"), [(0, 3), (300, 1)])
def test_of_a_span_it_is_what_the_rule_keeps(lite: Shelf, days: int, clips: int) -> None:
    for name in ("one", "two", "lost"):
        lite.clip(name, found=LONG_AGO)
    lite.change(
        Clip, "lost", times=[{"source": "container", "written": "1970-01-01T00:01:00", "zone": "UTC"}]
    )
    begun = LONG_AGO - timedelta(days=days + 1)
    placed = hold(lite, device="cam-u", since=begun, until=begun + timedelta(days=2))
    assert reached(lite, placed) == (clips, 0)
    assert len(due(lite)) == 3 - clips
