"""A booked room: what is ordered of its recorder, and when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, select

from gateway.config.recorders import RtspRecorderSettings
from gateway.daemon.bookings import Bookings
from gateway.database import Database
from gateway.models import Activity, CaseRecord, Device, OrderRow, OrderState, Room, Unit
from gateway.orders import ask

NINE = datetime(2026, 8, 4, 9, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class Town:
    """A hearing from nine to ten in a room that begins 5 minutes before and goes on for 30."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        told: dict[str, Any] = {
            "id": "room-1", "driver": "rtsp_recorder", "url": "rtsp://127.0.0.1/room", "room": "hearing",
            "mode": "booked", "spool": folder,
        }  # fmt: skip
        self.bookings = Bookings(database, [RtspRecorderSettings.model_validate(told)])
        with database.write() as session:
            session.add(Unit(id="u", name="u"))
            session.flush()
            session.add(Room(id="hearing", name="听证室", unit_id="u"))
            session.add(Device(id="room-1", type="cctv", unit_id="u"))
            session.add(CaseRecord(uid="c", title="案", unit_id="u"))
            session.flush()
            self.book(session, "h1", NINE, NINE + minutes(60))

    def book(self, session: Any, name: str, begin: datetime, end: datetime) -> None:
        session.add(
            Activity(
                id=name,
                case_uid="c",
                kind="听证",
                stage="审查",
                room_id="hearing",
                started_at=begin,
                ended_at=end,
            )
        )

    def change(self, **fields: Any) -> None:
        with self.database.write() as session:
            step = session.get_one(Activity, "h1")
            for name, value in fields.items():
                setattr(step, name, value)

    def at(self, moment: datetime, ended: OrderState = OrderState.DONE) -> list[tuple[str, str]]:
        """(kind, until) of what is ordered at a moment, each carried out as given."""
        self.bookings.order(moment)
        with self.database.write() as session:
            rows = session.exec(select(OrderRow).where(OrderRow.state == OrderState.ASKED)).all()
            for row in rows:
                row.state, row.asked_at = ended, moment
            return [(row.kind, str(row.arguments.get("until", ""))) for row in rows]

    def by_hand(self, moment: datetime, kind: str, **arguments: str) -> None:
        with self.database.write() as session:
            row = ask(session, kind, "wang", device_id="room-1", arguments=arguments)
            row.state, row.asked_at = OrderState.DONE, moment


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


def start(until: datetime) -> tuple[str, str]:
    return "start_recording", until.isoformat()


STOP = ("stop_recording", "")


def test_it_begins_before_and_once(town: Town) -> None:
    assert town.at(NINE - minutes(6)) == []
    assert town.at(NINE - minutes(5)) == [start(NINE + minutes(90))]
    assert [town.at(NINE + minutes(n)) for n in range(0, 200, 10)] == [[]] * 20, "it ends by itself"


def test_a_gateway_that_comes_late_still_begins(town: Town) -> None:
    assert town.at(NINE + minutes(80)) == [start(NINE + minutes(90))]
    assert town.at(NINE + minutes(90)) == []


def test_moved_followed_and_called_off(town: Town) -> None:
    assert town.at(NINE) == [start(NINE + minutes(90))]
    town.change(ended_at=NINE + minutes(120))
    assert town.at(NINE + minutes(1)) == [start(NINE + minutes(150))]
    with town.database.write() as session:
        town.book(session, "h2", NINE + minutes(130), NINE + minutes(180))
    assert town.at(NINE + minutes(100)) == []
    assert town.at(NINE + minutes(125)) == [start(NINE + minutes(210))], "the next one follows at once"
    town.change(withdrawn_at=NINE)
    with town.database.write() as session:
        session.get_one(Activity, "h2").withdrawn_at = NINE
    assert town.at(NINE + minutes(140)) == [STOP]
    assert town.at(NINE + minutes(141)) == []


def test_what_a_person_ordered_stands(town: Town) -> None:
    town.by_hand(NINE - minutes(30), "start_recording")
    assert town.at(NINE) == [], "it runs already, and without an end"
    town.by_hand(NINE + minutes(1), "start_recording", until=(NINE + minutes(10)).isoformat())
    assert town.at(NINE + minutes(2)) == [start(NINE + minutes(90))], "that would have been too short"
    town.by_hand(NINE + minutes(20), "stop_recording")
    assert town.at(NINE + minutes(21)) == [], "who stops it is not overruled"
    town.change(withdrawn_at=NINE)
    town.by_hand(NINE + minutes(30), "start_recording")
    assert town.at(NINE + minutes(31)) == [], "what a person began is not ended"


def test_who_stops_a_recording_that_a_person_began_is_not_overruled(town: Town) -> None:
    town.by_hand(NINE - minutes(30), "start_recording")
    assert town.at(NINE) == []
    town.by_hand(NINE + minutes(20), "stop_recording")
    assert town.at(NINE + minutes(21)) == [], "a pause in confidence"
    town.change(ended_at=NINE + minutes(61))
    assert town.at(NINE + minutes(22)) == [], "also when the booking is moved a little"
    with town.database.write() as session:
        town.book(session, "h2", NINE + minutes(70), NINE + minutes(80))
    assert town.at(NINE + minutes(65)) == [start(NINE + minutes(110))], "the next hearing is another"


def test_what_has_run_for_days_is_not_given_an_end(town: Town) -> None:
    town.by_hand(NINE - timedelta(days=3), "start_recording")
    assert [town.at(NINE + minutes(n)) for n in range(0, 120, 10)] == [[]] * 12


def test_a_booking_that_is_cut_short_ends_sooner(town: Town) -> None:
    assert town.at(NINE) == [start(NINE + minutes(90))]
    town.change(ended_at=NINE + minutes(20))
    assert town.at(NINE + minutes(10)) == [start(NINE + minutes(50))]
    assert town.at(NINE + minutes(50)) == []


def test_an_order_that_failed_is_given_again_after_a_while(town: Town) -> None:
    assert len(town.at(NINE, OrderState.FAILED)) == 1
    assert town.at(NINE + timedelta(seconds=5)) == []
    assert len(town.at(NINE + timedelta(seconds=11), OrderState.EXPIRED)) == 1
    assert len(town.at(NINE + timedelta(seconds=22))) == 1
    assert town.at(NINE + timedelta(seconds=40)) == []
    with town.database.read() as session:
        assert len(session.exec(select(OrderRow).where(col(OrderRow.asked_by) == "booking")).all()) == 3


def test_a_booked_recorder_without_a_room_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="which room is booked"):
        RtspRecorderSettings.model_validate(
            {"id": "r", "driver": "rtsp_recorder", "url": "rtsp://127.0.0.1/room", "mode": "booked"}
        )
