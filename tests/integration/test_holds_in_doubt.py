"""Nothing that may have been recorded in a held span is ever on a disposal list, whatever its time says."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway import linking
from gateway.models import Allocation, AllocationKind, Clip, Device, now
from tests.integration.disposing import due, hold, lite, propose, refused
from tests.shelf import Shelf, told

__all__ = ["lite"]

YEAR = datetime(2020, 1, 1, tzinfo=UTC)
NUMBER = count()


@dataclass(frozen=True)
class Shot:
    """What really happened, and what the file tells of it."""

    at_h: int
    lasted_s: int
    tells: str
    is_photo: bool = False

    @property
    def begun(self) -> datetime:
        return YEAR + timedelta(hours=self.at_h)

    @property
    def ended(self) -> datetime:
        return self.begun + timedelta(seconds=self.lasted_s)

    def row(self) -> dict[str, object]:
        """As the gateway reads it: the clock had lost its time, a copy bears the time of copying …"""
        written, source, at_end = self.begun, "container", False
        match self.tells:
            case "lost":
                written = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
            case "name":
                source = "name"
            case "copied":
                written, source, at_end = YEAR + timedelta(days=300), "file", True
        read = {"source": source, "written": written.replace(tzinfo=None).isoformat(), "zone": "UTC"}
        return {
            "times": None if self.tells == "nothing" else [read | ({"at_end": True} if at_end else {})],
            "duration_s": None if self.is_photo or self.tells == "no length" else float(self.lasted_s),
            "started_at": None, "ended_at": None,
        }  # fmt: skip


HONEST = ("container", "name")
shots = st.builds(
    Shot,
    at_h=st.integers(0, 5000),
    lasted_s=st.integers(0, 7200),
    tells=st.sampled_from((*HONEST, "lost", "copied", "nothing", "no length")),
    is_photo=st.booleans(),
)


def put(shelf: Shelf, shot: Shot, device: str) -> str:
    """As it stands in the register after the gateway has labelled it."""
    name = f"clip{next(NUMBER)}"
    shelf.clip(name, found=YEAR + timedelta(days=340), device=device, **shot.row())
    with shelf.database.write() as session:
        clip = session.get_one(Clip, name)
        clip.kind = "PHOTO" if shot.is_photo else "VIDEO"
        session.add(clip)
        told(session, clip)
        linking.relink(session, [clip], shelf.packs, "t")
    return name


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(shots, min_size=1, max_size=4), st.integers(0, 5000), st.integers(1, 500))
@example([Shot(at_h=100, lasted_s=60, tells="lost")], 90, 20)
@example([Shot(at_h=100, lasted_s=60, tells="copied")], 90, 20)
@example([Shot(at_h=100, lasted_s=7200, tells="no length")], 101, 20)
@example([Shot(at_h=100, lasted_s=60, tells="container")], 200, 20)
def test_what_may_fall_into_a_held_span_is_never_listed(
    lite: Shelf, taken: list[Shot], since_h: int, hours: int
) -> None:
    device = f"cam{next(NUMBER)}"
    with lite.database.write() as session:
        row = Device(id=device, type="body_camera", unit_id="u")
        session.add(row)
        told(session, row)
    clips = {put(lite, shot, device): shot for shot in taken}
    since = YEAR + timedelta(hours=since_h)
    until = since + timedelta(hours=hours)
    hold(lite, device=device, since=since, until=until)
    listed = {clip for clip in clips if clip in whole_list(lite)}
    margin = timedelta(seconds=61)  # a clock that was never read (rule pack, clock)
    for clip, shot in clips.items():
        if shot.begun < until and shot.ended >= since:
            assert clip not in listed, shot
        elif shot.tells in HONEST and (shot.begun > until + margin or shot.ended < since - margin):
            assert clip in listed, shot


def whole_list(shelf: Shelf) -> list[str]:
    return due(shelf, most=10_000)


def test_footage_of_a_lost_clock_is_held_and_cannot_be_named(lite: Shelf) -> None:
    clip = put(lite, Shot(at_h=100, lasted_s=60, tells="lost"), "cam-u")
    assert lite.get(Clip, clip).started_at.year == 1970, "a time stands in the row all the same"
    assert due(lite) == [clip]
    hold(lite, device="cam-u", since=YEAR, until=YEAR + timedelta(days=30))
    assert due(lite) == []
    refused("disposal.under_hold", lambda: propose(lite, clip))


def test_a_lost_clock_makes_nothing_footage_of_a_counter(lite: Shelf) -> None:
    """Three months instead of six only for what a counter surely recorded."""
    found = now() - timedelta(days=120)
    begun = found - timedelta(hours=2)
    lite.clip("one", found=found)
    with lite.database.write() as session:
        for kind, start, end in (
            (AllocationKind.POOL, begun - timedelta(days=90), begun - timedelta(days=9)),
            (AllocationKind.WINDOW, begun - timedelta(days=9), None),
            (AllocationKind.WINDOW, datetime(1960, 1, 1, tzinfo=UTC), datetime(1980, 1, 1, tzinfo=UTC)),
        ):
            row = Allocation(device_id="cam-u", kind=kind, unit_id="u", valid_from=start, valid_to=end)
            session.add(row)
            told(session, row)
    assert due(lite) == ["one"]
    lost = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    lite.change(
        Clip, "one", times=[{"source": "container", "written": "1970-01-01T00:03:00", "zone": "UTC"}],
        started_at=lost, ended_at=lost + timedelta(hours=1),
    )  # fmt: skip
    assert due(lite) == [], "the pool may have had it when this was recorded"
