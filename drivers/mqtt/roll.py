"""Who is there of a broker's cameras, how each is now, and what is to be told of what they say."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from drivers.host_clock import is_synchronised
from drivers.mqtt.messages import Happening, Heard, Heartbeat, Point, Status
from gateway.config.connected import ConnectedCamera, MqttCameraSettings, entry_for
from gateway.device import (
    ClockRead,
    Connected,
    DeviceEvent,
    DeviceSeen,
    Disconnected,
    Emit,
    Position,
    SignalReceived,
    StrangerSeen,
    TrackReceived,
)
from gateway.instants import moment
from gateway.wording import reason

GROUP = 100
CLOCK_AGAIN = timedelta(hours=1)
CLOCK_UNCERTAIN_S = 2.0
"""A heartbeat is never kept by the broker, but the air may hold it up for a while."""


class Roll:
    def __init__(self, settings: MqttCameraSettings) -> None:
        self.settings = settings
        self.introduced: dict[str, bool] = {}
        """Who was heard in this run, and whether it is on the list."""
        self.here: set[str] = set()
        self.unsure: set[str] = set()
        """Who was here when the broker went: it may have left meanwhile."""
        self.showing: dict[str, tuple[datetime, Heartbeat]] = {}
        """What was last heard of each camera and is not stored yet."""
        self.clocks: dict[str, datetime] = {}
        self.offsets: dict[str, timedelta] = {}
        """How far each camera's clock is ahead."""
        self.clock_stored: dict[str, float] = {}
        self.recording: set[str] = set()
        """Who said so in its last heartbeat."""
        self.shown_at = 0.0

    def begin_anew(self) -> None:
        self.unsure |= self.here
        self.introduced, self.here = {}, set()

    def introduce(self, device: str) -> list[DeviceEvent]:
        """A camera is entered before anything else of it; one that is not on the list is told of once."""
        if device in self.introduced:
            return []
        camera = self.camera(device)
        self.introduced[device] = camera is not None
        if camera is None:
            why = reason("broker.stranger", device=device)
            return [
                StrangerSeen(
                    device_id=self.settings.id, at=moment(), bay=device, why=why, detail={"device": device}
                )
            ]
        entry = self.settings.entry_of(camera)
        return [DeviceSeen(device_id=device, via=self.settings.id, type=camera.type, entry=entry)]

    def camera(self, device: str) -> ConnectedCamera | None:
        return entry_for(self.settings.cameras, device)

    def events_of(self, heard: Heard) -> list[DeviceEvent]:
        device, message, at = heard.device, heard.message, moment()
        match message:
            case Status():
                return self.status(device, message, at)
            case Heartbeat():
                self.showing[device] = at, message
                (self.recording.add if message.rec else self.recording.discard)(device)
                return self.clock(device, message, at)
            case Happening():
                detail = message.model_dump(exclude={"event_id", "ts"})
                return [
                    SignalReceived(
                        device_id=device, at=at, kind=message.type, event_id=message.event_id,
                        device_time=message.device_time, detail=detail,
                    )
                ]  # fmt: skip
            case tuple():
                return [TrackReceived(device_id=device, at=at, points=tuple(map(position, message)))]
        return []

    def status(self, device: str, message: Status, at: datetime) -> list[DeviceEvent]:
        """Said once however often it comes: a retained status is sent again with each subscription."""
        if message.online and device not in self.here:
            self.here.add(device)
            self.unsure.discard(device)
            return [Connected(device_id=device, at=at)]
        if not message.online and device in self.here | self.unsure:
            self.here.discard(device)
            self.unsure.discard(device)
            self.showing.pop(device, None)
            return [Disconnected(device_id=device, at=at)]
        return []

    def clock(self, device: str, message: Heartbeat, at: datetime) -> list[DeviceEvent]:
        """How wrong its clock is, at its first heartbeat and once an hour: before anybody sets it."""
        told, last = message.device_time, self.clocks.get(device)
        if told is None or (last is not None and at - last < CLOCK_AGAIN):
            return []
        self.clocks[device], self.offsets[device] = at, told - at
        return [
            ClockRead(
                device_id=device, at=at, device_time=told, uncertainty_s=CLOCK_UNCERTAIN_S,
                host_synchronised=is_synchronised(),
            )
        ]  # fmt: skip

    def stored(self, events: Iterable[DeviceEvent]) -> None:
        for event in events:
            if isinstance(event, ClockRead):
                self.clock_stored[event.device_id] = time.monotonic()

    def show(self, emit: Emit) -> None:
        """What cameras show now, together and not at every heartbeat."""
        if self.showing and time.monotonic() - self.shown_at >= self.settings.status_seconds:
            showing, self.showing = self.showing, {}
            events = [
                SignalReceived(device_id=device, at=at, kind="heartbeat", detail=shown.model_dump())
                for device, (at, shown) in showing.items()
            ]
            for start in range(0, len(events), GROUP):
                emit(*events[start : start + GROUP])
            self.shown_at = time.monotonic()


def position(point: Point) -> Position:
    more = point.model_dump(exclude={"ts", "lat", "lon"})
    return Position(
        at=datetime.fromtimestamp(point.ts / 1000, UTC), latitude=point.lat, longitude=point.lon, more=more
    )
