"""Body cameras that are connected: MQTT 5 for what they say, HTTP for what they bring (devices 3)."""

import json
import logging
import queue
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from threading import Event

from drivers.host_clock import is_synchronised
from drivers.mqtt import live
from drivers.mqtt.clock_setting import set_clock
from drivers.mqtt.link import Incoming, Link
from drivers.mqtt.messages import (
    Answer,
    FileMessage,
    Happening,
    Heard,
    Heartbeat,
    Point,
    Status,
    Unreadable,
    read,
    sender,
)
from drivers.uploads.desk import Desk
from gateway.config.connected import ConnectedCamera, MqttCameraSettings
from gateway.device import (
    ClockRead,
    Connected,
    DeviceEvent,
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Position,
    Refused,
    Release,
    SignalReceived,
    StrangerSeen,
    TrackReceived,
)
from gateway.instants import moment
from gateway.wording import reason

log = logging.getLogger(__name__)

TOPICS = (("bwc/+/up/#", 1),)
OPS = frozenset({"start_recording", "stop_recording", "upload_now", "set_clock", "mark_important"})
GROUP = 100
CLOCK_AGAIN = timedelta(hours=1)
GATHER_S = 0.1
"""An alarm may be so much later on record; 500 cameras otherwise cost thirty transactions a second."""
CLOCK_UNCERTAIN_S = 2.0
"""A heartbeat is never kept by the broker, but the air may hold it up for a while."""


class MqttCamera:
    """One connection for all cameras of a broker; each camera is a device of its own."""

    def __init__(self, settings: MqttCameraSettings) -> None:
        self.settings = settings
        self.desk = Desk(settings, self.publish_down)
        self.live = live.CameraLive(settings.live, self.ask)
        self.link: Link | None = None
        self.answers: dict[str, Future[Answer]] = {}
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

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the broker goes; uploads go on meanwhile."""
        self.begin_anew()
        self.live.stop = stop
        self.desk.open(emit, stop)
        link = Link(self.settings.broker, self.settings.broker.client_id, TOPICS)
        try:
            link.open(stop)
            if stop.is_set():
                return
            self.link = link
            emit(Connected(device_id=self.settings.id, at=moment()))
            self.desk.report_waiting()
            while not stop.is_set():
                if batch := gather(link):
                    self.take(batch, link, emit)
                self.show(emit)
                if not link.is_alive and link.queue.empty():
                    raise DeviceUnavailable("broker.away", broker=self.settings.broker.name, error=link.why)
        finally:
            self.link = None
            link.close()
            if stop.is_set():
                self.live.close(0.3)
                self.desk.close(0.8)

    def begin_anew(self) -> None:
        self.unsure |= self.here
        self.introduced, self.here = {}, set()

    def take(self, batch: Sequence[Incoming], link: Link, emit: Emit) -> None:
        """Store first, then answer, then acknowledge: whatever breaks in between comes again."""
        events: list[DeviceEvent] = []
        files: list[tuple[str, FileMessage | Unreadable]] = []
        for incoming in batch:
            try:
                heard = read(incoming.topic, incoming.payload)
            except Unreadable as error:
                events += self.unreadable(incoming, error)
                files += [(sender(incoming.topic)[0], error)] if error.file_id else []
                continue
            events += self.introduce(heard.device)
            if self.introduced[heard.device]:
                events += self.events_of(heard)
                if isinstance(heard.message, FileMessage):
                    files.append((heard.device, heard.message))
        if events:
            emit(*events)
            for event in events:
                if isinstance(event, ClockRead):
                    self.clock_stored[event.device_id] = time.monotonic()
        for device, message in files:
            self.answer(device, message)
        self.confirm(events)
        for incoming in batch:
            if incoming.qos:
                link.acknowledge(incoming)

    def answer(self, device: str, message: FileMessage | Unreadable) -> None:
        """What cannot be read, its camera would announce for ever."""
        if isinstance(message, FileMessage):
            self.desk.answer(device, message)
        elif self.camera(device) is not None:
            self.desk.say(device, {"file_id": message.file_id, "op": "abort", "why": str(message)})

    def confirm(self, events: Sequence[DeviceEvent]) -> None:
        """Tell each camera what is stored: a broker that is killed may have lost what it had acknowledged.

        Who has just come is asked for what it still has: while nobody listened, nobody kept it.
        """
        stored: dict[str, list[str]] = {}
        for event in events:
            if isinstance(event, SignalReceived) and event.event_id:
                stored.setdefault(event.device_id, []).append(event.event_id)
            elif isinstance(event, Connected):
                self.publish_down(event.device_id, "file", {"op": "list"})
                self.publish_down(event.device_id, "event", {"op": "list"})
        for device, ids in stored.items():
            self.publish_down(device, "event", {"op": "stored", "event_ids": ids})

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
        return next((one for one in self.settings.cameras if fnmatchcase(device, one.id)), None)

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
            case Answer():
                self.answered(message)
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

    def unreadable(self, incoming: Incoming, error: Unreadable) -> list[DeviceEvent]:
        """Told of, and not asked for again: it would be as unreadable the next time."""
        log.warning("%s: %s: %s", self.settings.id, incoming.topic, error)
        why = {"topic": incoming.topic[:200], "error": str(error), "at": moment().isoformat()}
        return [SignalReceived(device_id=self.settings.id, at=moment(), kind="unreadable", detail=why)]

    def answered(self, answer: Answer) -> None:
        waiting = self.answers.get(answer.cmd_id or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def release(self, found: FoundFile, sha256: str) -> Release:
        camera = self.camera(found.device_id)
        may_delete = camera is not None and camera.release == "erase"
        self.desk.let_go(found, sha256, may_delete=may_delete)
        return Release.TOLD if may_delete else Release.KEPT

    def perform(self, order: Order) -> OrderResult:
        """Raises Refused("order.unknown" or "order.no_answer"); what was not answered is dead by then."""
        if order.kind in live.OPS:
            return self.live.perform(order)
        if order.kind not in OPS:
            raise Refused("order.unknown", kind=order.kind)
        return self.ask(order)

    def ask(self, order: Order) -> OrderResult:
        """Have a camera carry out an order. Raises Refused("order.no_answer"), DeviceUnavailable."""
        if order.device_id not in self.here:
            raise DeviceUnavailable("broker.offline", device=order.device_id)
        seconds = self.settings.answer_seconds
        if order.deadline is not None:
            seconds = min(seconds, (order.deadline - moment()).total_seconds())
        if seconds <= 0:
            raise Refused("order.no_answer", device=order.device_id)
        answer = set_clock(self, order, seconds) if order.kind == "set_clock" else self.told(order, seconds)
        return OrderResult(done=answer.done, detail=answer.model_dump(exclude={"cmd_id"}))

    def told(self, order: Order, seconds: float, **more: object) -> Answer:
        """Raises Refused("order.no_answer")."""
        waiting: Future[Answer] = Future()
        self.answers[order.id] = waiting
        try:
            self.command(order, seconds, **more)
            return waiting.result(seconds)
        except TookTooLong:
            raise Refused("order.no_answer", device=order.device_id) from None
        finally:
            del self.answers[order.id]

    def read_clock_again(self, device: str, seconds: float) -> float:
        """Seconds until a fresh reading was stored: setting a clock destroys how wrong it was.

        Raises Refused("order.clock_unread") if no heartbeat came.
        """
        began = time.monotonic()
        self.clocks.pop(device, None)
        while self.clock_stored.get(device, 0.0) < began:
            if time.monotonic() - began > seconds / 2:
                raise Refused("order.clock_unread", device=device)
            time.sleep(0.05)
        return time.monotonic() - began

    def command(self, order: Order, seconds: float, **more: object) -> None:
        """It dies in the broker and, by the camera's own clock, in the camera: none is carried out late."""
        deadline = moment() + timedelta(seconds=seconds) + self.offsets.get(order.device_id, timedelta())
        told = {
            "cmd_id": order.id, "op": order.kind, "args": dict(order.arguments),
            "deadline": int(deadline.timestamp() * 1000), **more,
        }  # fmt: skip
        self.publish_down(
            order.device_id, "cmd", told, expiry_s=max(1, round(seconds)), correlation=order.id.encode()
        )  # fmt: skip

    def publish_down(
        self, device: str, kind: str, told: dict[str, object], *, expiry_s: int | None = None,
        correlation: bytes | None = None,
    ) -> None:  # fmt: skip
        """Raises DeviceUnavailable while the broker is away."""
        link = self.link
        if link is None:
            raise DeviceUnavailable("broker.away", broker=self.settings.broker.name, error="")
        link.publish(
            f"bwc/{device}/down/{kind}", json.dumps(told, ensure_ascii=False).encode(), expiry_s=expiry_s,
            answer_to=f"bwc/{device}/up/resp" if correlation else None, correlation=correlation,
        )  # fmt: skip


def gather(link: Link) -> list[Incoming]:
    """What comes within a moment of the first, up to a group: each group costs a transaction."""
    batch: list[Incoming] = []
    with suppress(queue.Empty):
        batch.append(link.queue.get(timeout=0.2))
        deadline = time.monotonic() + GATHER_S
        while len(batch) < GROUP:
            batch.append(link.queue.get(timeout=max(0.0, deadline - time.monotonic())))
    return batch


def position(point: Point) -> Position:
    more = point.model_dump(exclude={"ts", "lat", "lon"})
    return Position(
        at=datetime.fromtimestamp(point.ts / 1000, UTC), latitude=point.lat, longitude=point.lon, more=more
    )
