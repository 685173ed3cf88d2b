"""Rooms that record by their bookings: a step of a case (询问、听证) that is to take place there starts them.

The case system enters the step beforehand, with its room and times; nobody in the room has to think of it.
What a person ordered stands: one who stops a booked recording is not overruled, nor is one who began it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway.config.recorders import RtspRecorderSettings
from gateway.database import Database
from gateway.instants import FOR_EVER
from gateway.models import Activity, OrderRow, OrderState, now
from gateway.orders import ask

ACTOR = "booking"
AGAIN = timedelta(seconds=10)
"""An order that could not be carried out is given anew after so long."""
FAILED = frozenset({OrderState.FAILED, OrderState.EXPIRED})
START, STOP = "start_recording", "stop_recording"
FEW = 50


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
    given = orders_of(session, recorder)
    until = booked_until(session, recorder, at, given)
    last = next((one for one in given if one.state not in FAILED), None)
    runs = last is not None and last.kind == START and ends(last) > at
    if until is None:
        return (STOP, {}) if runs and last and last.asked_by == ACTOR else None
    if runs and last and (ends(last) == until or (last.asked_by != ACTOR and ends(last) > until)):
        return None  # it runs as booked, or somebody began it and it goes on for longer
    if given and given[0].state in FAILED and at - given[0].asked_at < AGAIN:
        return None
    return START, {"until": until.isoformat()}


def orders_of(session: Session, recorder: RtspRecorderSettings) -> Sequence[OrderRow]:
    """The last one first: an open end reaches as far as nobody orders anything else."""
    return session.exec(
        select(OrderRow)
        .where(OrderRow.device_id == recorder.id, col(OrderRow.kind).in_((START, STOP)))
        .order_by(col(OrderRow.asked_at).desc(), col(OrderRow.id).desc())
        .limit(FEW)
    ).all()


def booked_until(
    session: Session, recorder: RtspRecorderSettings, at: datetime, given: Sequence[OrderRow]
) -> datetime | None:
    """Until when the room is to be recorded; None if nothing takes place there now.

    A step during which a person stopped the recording counts no more, wherever its end is moved.
    """
    before, after = timedelta(minutes=recorder.before_minutes), timedelta(minutes=recorder.after_minutes)
    steps = session.exec(
        select(Activity.started_at, Activity.ended_at).where(
            Activity.room_id == recorder.room,
            col(Activity.withdrawn_at).is_(None),
            Activity.started_at <= at + before,
            Activity.ended_at > at - after,
        )
    ).all()
    stopped = [one.asked_at for one in given if one.kind == STOP and one.asked_by != ACTOR]
    ends = [end for start, end in steps if not any(moment >= start - before for moment in stopped)]
    return max(ends) + after if ends else None


def ends(order: OrderRow) -> datetime:
    """When what it started ends by itself; in the far future if never."""
    until = order.arguments.get("until")
    return datetime.fromisoformat(str(until)) if until else FOR_EVER
