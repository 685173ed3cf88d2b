"""Rooms that record by their bookings: a step of a case (询问、听证) that is to take place there starts them.

The case system enters the step beforehand, with its room and times; nobody in the room has to think of it.
What a person ordered stands: one who stops a booked recording is not overruled, nor is one who began it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway.config.connected import RtspRecorderSettings
from gateway.database import Database
from gateway.models import Activity, OrderRow, OrderState, now
from gateway.orders import ask

ACTOR = "booking"
AGAIN = timedelta(seconds=10)
"""An order that could not be carried out is given anew after so long."""
FAILED = frozenset({OrderState.FAILED, OrderState.EXPIRED})
START, STOP = "start_recording", "stop_recording"
LOOKED_BACK = timedelta(days=1)


class Bookings:
    def __init__(self, database: Database, recorders: Sequence[RtspRecorderSettings]) -> None:
        self.database, self.recorders = database, recorders

    def order(self, at: datetime | None = None) -> None:
        """Start what is due, move the end when the booking was moved, stop what was called off."""
        at = at or now()
        for recorder in self.recorders:
            with self.database.read() as session:
                due = due_order(session, recorder, at)
            if due is not None:
                with self.database.write() as session:
                    ask(session, due[0], ACTOR, device_id=recorder.id, arguments=due[1])


def due_order(
    session: Session, recorder: RtspRecorderSettings, at: datetime
) -> tuple[str, dict[str, str]] | None:
    """(kind, arguments) of what is to be ordered now; None where all is as it should be."""
    until, given = booked_until(session, recorder, at), orders_of(session, recorder, at)
    last = given[0] if given else None
    if until is None:
        called_off = last and last.asked_by == ACTOR and last.kind == START and ends(last, at) > at
        return (STOP, {}) if called_off else None
    told = until.isoformat()
    if any(one.arguments.get("booked") == told and one.state not in FAILED for one in given):
        return None  # it runs, or somebody ended it
    if last and last.state not in FAILED and last.kind == START and ends(last, at) >= until:
        return None  # somebody began it, and it goes on for longer
    if last and last.state in FAILED and at - last.asked_at < AGAIN:
        return None
    return START, {"until": told, "booked": told}


def orders_of(session: Session, recorder: RtspRecorderSettings, at: datetime) -> Sequence[OrderRow]:
    """Of the last day, the last one first."""
    return session.exec(
        select(OrderRow)
        .where(
            OrderRow.device_id == recorder.id,
            col(OrderRow.kind).in_((START, STOP)),
            OrderRow.asked_at > at - LOOKED_BACK,
        )
        .order_by(col(OrderRow.asked_at).desc(), col(OrderRow.id).desc())
    ).all()


def booked_until(session: Session, recorder: RtspRecorderSettings, at: datetime) -> datetime | None:
    """Until when the room is to be recorded; None if nothing takes place there now."""
    before, after = timedelta(minutes=recorder.before_minutes), timedelta(minutes=recorder.after_minutes)
    steps = session.exec(
        select(Activity.ended_at).where(
            Activity.room_id == recorder.room,
            col(Activity.withdrawn_at).is_(None),
            Activity.started_at <= at + before,
            Activity.ended_at > at - after,
        )
    ).all()
    return max(steps) + after if steps else None


def ends(order: OrderRow, at: datetime) -> datetime:
    """When what it started ends by itself; in the far future if never."""
    until = order.arguments.get("until")
    return datetime.fromisoformat(str(until)) if until else at + LOOKED_BACK
