"""What devices told is sealed: altered, deleted or slipped in, `gateway verify` names it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from gateway import custody, telemetry
from gateway.audit.database import told_by_devices
from gateway.database import Database
from gateway.device import Position, SignalReceived, TrackReceived
from gateway.intake.telemetry import keep
from gateway.models import Device, DeviceSignal, Track, Unit

T0 = datetime(2026, 11, 20, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def track(device: str, *at: int) -> TrackReceived:
    points = tuple(Position(at=T0 + second * SECOND, latitude=37.0, longitude=114.5) for second in at)
    return TrackReceived(device_id=device, at=T0, points=points)


def signal(device: str, name: str, kind: str = "gap") -> SignalReceived:
    return SignalReceived(device_id=device, at=T0, kind=kind, event_id=name, detail={"cause": "camera"})


@pytest.fixture
def told(either: Database) -> Database:
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        for device in ("cam-1", "cam-2"):
            session.add(Device(id=device, type="body_camera", unit_id="u"))
        session.flush()
        for device in ("cam-1", "cam-2"):
            keep(
                session,
                [signal(device, "é"), signal(device, "Z"), signal(device, "a"), track(device, 0, 1, 2)],
            )
    telemetry.seal(either)
    return either


def named(database: Database) -> list[str]:
    with database.read() as session:
        return [f"{one.where}: {one.what}" for one in told_by_devices(session)]


def test_what_is_as_it_was_told_agrees(told: Database) -> None:
    assert named(told) == []
    telemetry.seal(told)
    with told.read() as session:
        assert custody.head_of(session, telemetry.CHAIN)[0] == 1, "nothing new, no line"
        assert [*custody.breaks(session, telemetry.CHAIN)] == []


SPOILT: dict[str, tuple[str, list[str]]] = {
    "deleted": (
        "delete from devicesignal where device_id = 'cam-1' and event_id = 'a'",
        ["signals of cam-1"],
    ),
    "kind": (
        "update devicesignal set kind = 'sos' where device_id = 'cam-2' and event_id = 'Z'",
        ["signals of cam-2"],
    ),
    "positions": ("update track set points = '[]' where device_id = 'cam-1'", ["tracks of cam-1"]),
    "all": ("delete from track", ["tracks of cam-1", "tracks of cam-2"]),
    "taken out": ("update track set seal = null where device_id = 'cam-1'", ["tracks of cam-1"]),
    "another seal": (
        "update devicesignal set seal = 7 where device_id = 'cam-1' and event_id = 'a'",
        ["signals of cam-1", "signals of cam-1"],
    ),
    "unreadable": ("update devicesignal set detail = '{' where device_id = 'cam-1'", ["signals of"]),
}


@pytest.mark.parametrize(
    "detail", ["[]", '{"signals": {"cam-1": 5}, "tracks": 7}', '{"signals": {"cam-1": [1]}}']
)
def test_a_seal_that_was_altered_itself_ends_no_check(told: Database, detail: str) -> None:
    with told.write() as session:
        session.exec(text(f"update custodyevent set detail = '{detail}' where chain = 'telemetry'"))  # type: ignore[call-overload]
    assert {one.partition(" of ")[0] for one in named(told)} == {"signals", "tracks"}


def test_who_seals_years_of_it_does_not_do_so_at_once(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "MOST", 2)
    monkeypatch.setattr(telemetry, "MOST_S", 0.0)
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add(Device(id="cam-1", type="body_camera", unit_id="u"))
        session.flush()
        keep(session, [track("cam-1", 60 * minute) for minute in range(5)])
    for left in (3, 1, 0):
        telemetry.seal(either)
        with either.read() as session:
            assert len(session.exec(select(Track).where(col(Track.seal).is_(None))).all()) == left


@pytest.mark.parametrize("how", SPOILT)
def test_what_was_altered_is_named(told: Database, how: str) -> None:
    statement, places = SPOILT[how]
    if how == "unreadable" and told.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL takes no broken JSON")
    with told.write() as session:
        session.exec(text(statement))  # type: ignore[call-overload]
    found = named(told)
    assert len(found) == len(places)
    for one, place in zip(found, places, strict=True):
        assert one.startswith(place)


def test_what_was_slipped_in_under_a_seal_is_named(told: Database) -> None:
    with told.write() as session:
        session.add(DeviceSignal(device_id="cam-1", event_id="more", kind="gap", received_at=T0, seal=1))
    assert [
        one.startswith("signals of cam-1") and "3 were sealed, 4 are here" in one for one in named(told)
    ] == [True]


def test_a_longer_telling_does_not_change_what_is_sealed(told: Database) -> None:
    """A camera that tells of the same minute again, with more of it."""
    with told.write() as session:
        keep(session, [track("cam-1", 0, 1, 2, 3, 5), track("cam-2", 0, 1)])
    with told.write() as session:
        keep(session, [track("cam-1", 0, 1, 2, 3, 4, 5)])
    assert held(told) == [[0, 1, 2], [3, 4, 5]]
    telemetry.seal(told)
    with told.write() as session:
        keep(session, [track("cam-1", 0, 1, 2, 3, 4, 5, 6)])
        keep(session, [track("cam-1", 0, 1, 2, 3, 4, 5)])
    assert held(told) == [[0, 1, 2], [3, 4, 5], [6]]
    telemetry.seal(told)
    assert named(told) == []


def test_another_happening_under_a_known_id_is_kept_beside_it(told: Database) -> None:
    """A camera that counts from the beginning again: its SOS is not the gap of last week."""
    sos = signal("cam-1", "a", kind="sos")
    for _ in range(2):
        with told.write() as session:
            keep(
                session,
                [sos, sos, signal("cam-1", "a"), signal("cam-1", "new"), signal("cam-1", "new", "sos")],
            )
    with told.read() as session:
        rows = session.exec(select(DeviceSignal).where(DeviceSignal.device_id == "cam-1")).all()
        kinds = sorted((row.event_id.partition("~")[0], row.kind) for row in rows)
    assert kinds == [("Z", "gap"), ("a", "gap"), ("a", "sos"), ("new", "gap"), ("new", "sos"), ("é", "gap")]
    telemetry.seal(told)
    assert named(told) == []


def held(database: Database) -> list[list[int]]:
    with database.read() as session:
        rows = session.exec(select(Track).where(Track.device_id == "cam-1").order_by(Track.begins_at)).all()  # type: ignore[arg-type]
        return [[round(point[0] - T0.timestamp()) for point in row.points] for row in rows]


def test_much_is_sealed_in_pieces(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "MOST", 10)
    with told.write() as session:
        keep(session, [signal("cam-1", f"s{number}") for number in range(35)])
    telemetry.seal(told)
    with told.read() as session:
        assert custody.head_of(session, telemetry.CHAIN)[0] == 5
        assert not session.exec(select(DeviceSignal).where(DeviceSignal.seal == None)).all()  # noqa: E711
    assert named(told) == []


def test_two_that_seal_at_once_seal_each_row_once(told: Database) -> None:
    with told.write() as session:
        keep(session, [signal("cam-1", f"s{number}") for number in range(300)])
    with ThreadPoolExecutor(2) as workers:
        for sealing in [workers.submit(telemetry.seal, told) for _ in range(2)]:
            sealing.result()
    assert named(told) == []
    with told.read() as session:
        assert custody.head_of(session, telemetry.CHAIN)[0] == 2
