"""Body cameras that are connected: MQTT 5 for what they say, HTTP for what they bring (devices 3)."""

import json
import logging
import queue
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from datetime import timedelta
from threading import Event

from drivers.mqtt import live
from drivers.mqtt.clock_setting import set_clock
from drivers.mqtt.link import Incoming, Link
from drivers.mqtt.messages import Answer, FileMessage, Unreadable, read, sender
from drivers.mqtt.roll import GROUP, Roll
from drivers.uploads.desk import Desk
from gateway.config.connected import MqttCameraSettings
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceUnavailable,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
)
from gateway.instants import moment

log = logging.getLogger(__name__)

TOPICS = (("bwc/+/up/#", 1),)
OPS = frozenset({"start_recording", "stop_recording", "upload_now", "set_clock", "mark_important"})
GATHER_S = 0.1
"""An alarm may be so much later on record; 500 cameras otherwise cost thirty transactions a second."""


class MqttCamera:
    """One connection for all cameras of a broker; each camera is a device of its own."""

    def __init__(self, settings: MqttCameraSettings) -> None:
        self.settings = settings
        self.roll = Roll(settings)
        self.desk = Desk(settings, self.publish_down)
        self.live = live.CameraLive(settings.live, self.ask)
        self.link: Link | None = None
        self.answers: dict[str, Future[Answer]] = {}

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the broker goes; uploads go on meanwhile."""
        self.roll.begin_anew()
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
                self.roll.show(emit)
                if not link.is_alive and link.queue.empty():
                    raise DeviceUnavailable("broker.away", broker=self.settings.broker.name, error=link.why)
        finally:
            self.link = None
            link.close()
            if stop.is_set():
                self.live.close(0.3)
                self.desk.close(0.8)

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
            events += self.roll.introduce(heard.device)
            if self.roll.introduced[heard.device]:
                events += self.roll.events_of(heard)
                if isinstance(heard.message, FileMessage):
                    files.append((heard.device, heard.message))
                elif isinstance(heard.message, Answer):
                    self.answered(heard.message)
        if events:
            emit(*events)
            self.roll.stored(events)
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
        elif self.roll.camera(device) is not None:
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
        may_delete = self.desk.erases(found.device_id) and not found.keep
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
        if order.device_id not in self.roll.here:
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

    def command(self, order: Order, seconds: float, **more: object) -> None:
        """It dies in the broker and, by the camera's own clock, in the camera: none is carried out late."""
        deadline = moment() + timedelta(seconds=seconds) + self.roll.offsets.get(order.device_id, timedelta())
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
