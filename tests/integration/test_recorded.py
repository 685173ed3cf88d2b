"""Two recorders of one room, compared over the API."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.signin import add_key, add_user
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import Allocation, Clip, Device, Original, Role, Room, State, Unit
from gateway.store import LocalStore
from tests.client import client_of

NINE = datetime(2026, 8, 4, 1, tzinfo=UTC)


def at(minutes: float) -> str:
    return (NINE + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def test_what_only_one_recorder_has(database: Database, store: LocalStore, tmp_path: Path) -> None:
    with database.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add(Room(id="hearing", name="听证室", unit_id="u"))
        session.flush()
        for device, spans in {"a": [(0, 5), (5.01, 30)], "b": [(0, 10), (12, 40)]}.items():
            session.add(Device(id=device, type="cctv", unit_id="u", room_id="hearing"))
            session.flush()
            for begin, end in spans:
                clip = f"{device}-{begin}"
                session.add(
                    Original(id=clip, device_id=device, name="x", suffix=".mp4", size=1, state=State.FOUND)
                )
                session.flush()
                span = NINE + timedelta(minutes=begin), NINE + timedelta(minutes=end)
                session.add(
                    Clip(id=clip, device_id=device, kind="VIDEO", started_at=span[0], ended_at=span[1])
                )
        user = add_user(session, "w", None, Role.SUPERVISOR, "u")
        _, key = add_key(session, user, "test")
    with client_of(database, store, LiveFolder(tmp_path)) as client:
        client.headers["x-api-key"] = key
        told = client.get(f"/api/v1/rooms/hearing/recorded?since={at(-5)}&until={at(60)}").json()
        first, second = told["recorders"]
        assert (first["device"], first["seconds"]) == ("a", 1800.0), "a seam is no gap"
        assert [(one["start"], one["end"]) for one in first["only_here"]] == [(at(10), at(12))]
        assert [(one["start"], one["end"]) for one in second["only_here"]] == [(at(30), at(40))]
        assert [(one["start"], one["seconds"]) for one in told["missing"]] == [
            (at(-5), 300.0),
            (at(40), 1200.0),
        ]
        backwards = client.get(f"/api/v1/rooms/hearing/recorded?since={at(5)}&until={at(0)}")
        assert backwards.status_code == 422
        assert client.get(f"/api/v1/rooms/none/recorded?since={at(0)}&until={at(5)}").status_code == 404


def test_a_recorder_that_was_moved_counts_where_it_stood(
    database: Database, store: LocalStore, tmp_path: Path
) -> None:
    """By the ledger: what it recorded before is not missing in the room that it left."""
    with database.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add_all(
            [Room(id="old", name="询问室", unit_id="u"), Room(id="new", name="听证室", unit_id="u")]
        )
        session.flush()
        session.add(Device(id="a", type="cctv", unit_id="u", room_id="new"))
        session.flush()
        moved = NINE + timedelta(minutes=10)
        for room, begin, end in (("old", NINE - timedelta(days=1), moved), ("new", moved, None)):
            session.add(
                Allocation(device_id="a", kind="FIXED_ROOM", room_id=room, valid_from=begin, valid_to=end)
            )
        session.add(Original(id="c", device_id="a", name="x", suffix=".mp4", size=1, state=State.FOUND))
        session.flush()
        session.add(
            Clip(
                id="c",
                device_id="a",
                kind="VIDEO",
                started_at=NINE,
                ended_at=NINE + timedelta(minutes=30),
            )
        )
        user = add_user(session, "w", None, Role.SUPERVISOR, "u")
        _, key = add_key(session, user, "test")
    with client_of(database, store, LiveFolder(tmp_path)) as client:
        client.headers["x-api-key"] = key
        spans = {}
        for room in ("old", "new"):
            told = client.get(f"/api/v1/rooms/{room}/recorded?since={at(0)}&until={at(30)}").json()
            spans[room] = [(one["start"], one["end"]) for one in told["recorders"][0]["stretches"]]
        assert spans == {"old": [(at(0), at(10))], "new": [(at(10), at(30))]}
