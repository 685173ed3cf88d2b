"""Where a clip was recorded and what was told meanwhile, asked of both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from gateway import tracks
from gateway.database import Database
from gateway.models import Clip, Device, DeviceSignal, Original, State, Track

START = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
LENGTH = timedelta(seconds=60)


def clip_of(session: Session, source: str, written: datetime, *, at_end: bool = False) -> Clip:
    session.add(Device(id="cam", type="body_camera"))
    session.flush()
    session.add(Original(id="c", device_id="cam", name="c.mp4", suffix=".mp4", size=1, state=State.PRESERVED))
    session.flush()
    read = {
        "source": source,
        "written": written.replace(tzinfo=None).isoformat(),
        "zone": "UTC",
        "at_end": at_end,
    }
    clip = Clip(
        id="c", device_id="cam", kind="VIDEO", duration_s=60.0, started_at=START, ended_at=START + LENGTH,
        times=[read], time_source=source,
    )  # fmt: skip
    session.add(clip)
    session.flush()
    return clip


@pytest.mark.parametrize(
    ("source", "written", "at_end", "ahead_s"),
    [
        ("name", START + timedelta(seconds=90), False, 90),
        ("file", START + LENGTH - timedelta(seconds=5), True, -5),
        ("gps", START + timedelta(seconds=7), False, 0),
    ],
)
def test_how_far_a_clock_was_ahead(
    either: Database, source: str, written: datetime, at_end: bool, ahead_s: float
) -> None:
    """A file's own time is that of its end; what is true time says nothing of the device's clock."""
    with either.write() as session:
        clip = clip_of(session, source, written, at_end=at_end)
        assert tracks.clock_ahead(clip).total_seconds() == ahead_s


def test_only_what_was_while_it_recorded_at_its_second(either: Database) -> None:
    ahead = timedelta(seconds=30)
    with either.write() as session:
        clip = clip_of(session, "name", START + ahead)
        points = [
            [(START + ahead + timedelta(seconds=second)).timestamp(), 37.0, 114.5]
            for second in range(-10, 80, 10)
        ] + [[(START + ahead + timedelta(seconds=31)).timestamp(), 0, 0]]
        begins, ends = START + ahead - timedelta(seconds=10), START + ahead + timedelta(seconds=70)
        session.add(Track(device_id="cam", begins_at=begins, ends_at=ends, points=points))
        for second, kind in ((-1, "sos"), (15, "sos"), (20, "heartbeat"), (61, "sos")):
            at = START + ahead + timedelta(seconds=second)
            session.add(
                DeviceSignal(device_id="cam", event_id=f"{second}", kind=kind, received_at=at, device_time=at)
            )
        session.add(
            DeviceSignal(
                device_id="cam", event_id="r", kind="sos", received_at=START + ahead + timedelta(seconds=40)
            )
        )
        session.flush()
        assert [fix.at_s for fix in tracks.of_clip(session, clip)] == [0, 10, 20, 30, 40, 50, 60]
        assert [fix.at for fix in tracks.of_clip(session, clip)][:2] == [START, START + timedelta(seconds=10)]
        assert [one.at_s for one in tracks.told_during(session, clip, ("sos",))] == [15, 40]


def test_a_long_one_is_thinned_out(either: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "MOST", 10)
    with either.write() as session:
        clip = clip_of(session, "name", START)
        points = [[(START + timedelta(seconds=n)).timestamp(), 37.0, 114.5] for n in range(60)]
        session.add(Track(device_id="cam", begins_at=START, ends_at=START + LENGTH, points=points))
        session.flush()
        found = tracks.of_clip(session, clip)
    assert len(found) == 10
    assert found[0].at_s == 0


def test_without_a_time_there_is_no_track(either: Database) -> None:
    with either.write() as session:
        clip = clip_of(session, "name", START)
        clip.started_at = clip.ended_at = None
        assert tracks.of_clip(session, clip) == []
        assert tracks.told_during(session, clip, ("sos",)) == []
        assert tracks.clock_ahead(clip) == timedelta()
