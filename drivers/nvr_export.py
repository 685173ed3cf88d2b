"""Network video recorders (硬盘录像机) of rooms: what they recorded is searched for, fetched and checked.

A recording is asked for once it is finished, and taken in when as many bytes came as the recorder states. One
that is refused or cut is asked for again later, the others go on; nothing on the recorder is changed.
"""

import time
from datetime import datetime
from threading import Event
from zoneinfo import ZoneInfo

from drivers.apart import do_apart
from drivers.host_clock import is_synchronised
from drivers.nvr.channel import Channel
from drivers.nvr.dahua import Dahua
from drivers.nvr.failures import LINE_FAILURES, Failures
from drivers.nvr.hik import Hik
from drivers.nvr.records import Line, Recorder, line_for
from drivers.release import erase
from gateway.config.recorders import NvrChannel, NvrExportSettings
from gateway.device import (
    ClockRead,
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
)
from gateway.instants import moment

LOCKED_OUT_S = 1800.0
"""Recorders lock a user out after a few wrong passwords: one try in so long keeps no lock alive."""
CLOCK_AGAIN_S = 3600.0
CLOCK_UNCERTAIN_S = 1.0


class NvrExport:
    """One recorder; each of its channels is a device of its own."""

    def __init__(self, settings: NvrExportSettings) -> None:
        self.settings = settings
        failures = Failures()
        self.channels = {one.id: Channel(settings, one, failures) for one in settings.channels}
        self.not_before = 0.0

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the recorder goes, refuses us, or tells what nobody can read."""
        if time.monotonic() < self.not_before:
            raise DeviceUnavailable("nvr.refuses_user", status="401")
        do_apart(self.settings.id, lambda tell: self.talk(tell, stop), emit, stop)

    def talk(self, emit: Emit, stop: Event) -> None:
        """As `run`; a recorder that hangs holds it up for as long as an answer is waited for."""
        try:
            with line_for(self.settings, stop) as line:
                self.follow(line, emit, stop)
        except LINE_FAILURES as error:
            if not stop.is_set():
                raise DeviceUnavailable("nvr.away", error=str(error) or type(error).__name__) from error
        except OSError as error:
            raise DeviceUnavailable("wait.store_error", error=error.strerror) from error
        except DeviceUnavailable as gone:
            if gone.reason["code"] == "nvr.refuses_user":
                self.not_before = time.monotonic() + LOCKED_OUT_S
            raise

    def follow(self, line: Line, emit: Emit, stop: Event) -> None:
        recorder: Recorder
        recorder = (Hik if self.settings.dialect == "hik_isapi" else Dahua)(line, self.settings)
        recorder.clock()
        emit(Connected(device_id=self.settings.id, at=moment()))
        for channel in self.settings.channels:
            self.introduce(channel, emit)
            self.channels[channel.id].open(emit)
        read_at = -CLOCK_AGAIN_S
        while not stop.is_set():
            if time.monotonic() - read_at >= CLOCK_AGAIN_S:
                self.tell_clock(recorder.clock(), emit)
                read_at = time.monotonic()
            self.round(recorder, emit, stop)
            stop.wait(self.settings.poll_seconds)

    def round(self, recorder: Recorder, emit: Emit, stop: Event) -> None:
        """Each channel for itself. Raises DeviceUnavailable or httpx's error if none can be searched."""
        refused = [
            no
            for channel in self.channels.values()
            if not stop.is_set() and (no := channel.look(recorder, emit, stop)) is not None
        ]
        if len(refused) == len(self.channels):
            raise refused[-1]

    def introduce(self, channel: NvrChannel, emit: Emit) -> None:
        zone = {"timezone": channel.timezone or self.settings.timezone}
        entry = self.settings.entry_of(channel) | zone
        emit(
            DeviceSeen(device_id=channel.id, via=self.settings.id, type=channel.type, entry=entry),
            Connected(device_id=channel.id, at=moment()),
        )

    def tell_clock(self, now: datetime, emit: Emit) -> None:
        zone = ZoneInfo(self.settings.timezone or "UTC")
        emit(
            *(
                ClockRead(
                    device_id=channel.id, at=moment(), device_time=now.replace(tzinfo=zone),
                    uncertainty_s=CLOCK_UNCERTAIN_S, host_synchronised=is_synchronised(),
                )
                for channel in self.settings.channels
            )
        )  # fmt: skip

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Of our own copy in the spool; the recorder keeps its footage as long as it is set to."""
        return erase(self.channels[found.device_id].spool.ready, found, sha256)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
