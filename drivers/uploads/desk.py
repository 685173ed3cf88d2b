"""Takes in the files of connected cameras: says where to bring them, and when they may let go of them."""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from uuid_utils import uuid7

from drivers.mqtt.messages import FileMessage
from drivers.names import kind_of, read_name
from drivers.uploads.listener import Listener
from drivers.uploads.signing import Permit, signature
from drivers.uploads.spool import Expected, Full, Spool, readable_name
from gateway.config.connected import MqttCameraSettings, entry_for
from gateway.device import (
    Declared,
    DeviceUnavailable,
    Emit,
    FileFound,
    FoundFile,
    Refused,
    SignalReceived,
    StillThere,
    edge_digest,
    modified_ns,
)
from gateway.instants import moment
from gateway.scarce import Scarce
from gateway.wording import sentence

log = logging.getLogger(__name__)

AGAIN_S = 60
REMEMBERED_S = 30 * 24 * 3600
TOLD_S = 24 * 3600
"""That a device may delete a file holds for so long: what it was not told for certain is asked again."""
UNANSWERED_S = 600
"""Who asked again and was not told within it brings the file once more: we may have lost ours."""


class Down(Protocol):
    def __call__(self, device: str, kind: str, told: dict[str, object]) -> None:
        """Say something to a device. Raises DeviceUnavailable."""


class Desk:
    def __init__(self, settings: MqttCameraSettings, down: Down) -> None:
        self.settings, self.down = settings, down
        uploads = settings.uploads
        self.secret = uploads.secret.get_secret_value().encode()
        self.spool = Spool(settings.spool, uploads.reserve_mb << 20, uploads.quota_mb << 20)
        self.room = Scarce(str(settings.spool))
        self.listener: Listener | None = None
        self.emit: Emit | None = None

    def open(self, emit: Emit, stop: threading.Event) -> None:
        """The listener outlives the loss of the broker: who has an address can go on bringing files."""
        self.emit = emit
        if self.listener is None or not self.listener.server.is_alive:
            self.spool.root.mkdir(parents=True, exist_ok=True)
            self.spool.forget(time.time() - REMEMBERED_S)
            self.listener = Listener(self.settings.uploads, self.spool, self.secret, self.is_whole)
            self.listener.server.start(stop)

    def close(self, wait_s: float) -> None:
        if self.listener is not None:
            self.listener.server.close(wait_s)
            self.listener = None

    def answer(self, device: str, message: FileMessage) -> None:
        """To an announcement: an address, "have it", "let go", "later" or "never"."""
        if message.op == "progress":
            return
        told: dict[str, object] = {"file_id": message.file_id}
        if message.size is None or message.sha256 is None:
            self.say(device, told | {"op": "abort", "why": "size and sha256 are missing"})
            return
        try:
            expected = expected_of(device, message)
            known = self.settled(self.asked_again(expected, self.spool.expect(expected)))
            self.room.goes_on(f"{device}/{message.file_id}")
        except Full as full:
            if str(full) == "disk":
                self.room.waits(f"{device}/{message.file_id}", "no room but the reserve; cameras are to wait")
            self.say(device, told | {"op": "wait", "retry_after": AGAIN_S, "why": str(full)})
        except OSError as error:
            log.error("spool: %s", error)
            self.say(device, told | {"op": "wait", "retry_after": AGAIN_S, "why": "disk"})
        except Refused as no:
            self.say(device, told | {"op": "abort", "why": sentence(no.reason, "en")})
        else:
            self.say(device, told | self.standing(known))
        finally:
            self.tell_lost()

    def settled(self, known: Expected) -> Expected:
        """A file of which all bytes are here is finished and reported, if a crash had kept it from that.

        Raises OSError if the disk fails it now.
        """
        try:
            known = self.spool.completed(known)
            if known.whole and self.spool.whole(known).exists():
                self.is_whole(known)
        except Refused:
            return replace(known, safe=0, whole=False)
        return known

    def asked_again(self, expected: Expected, known: Expected) -> Expected:
        """What it may delete was told long ago: both copies may have gone since. Raises Full, OSError.

        Or it may not, and by its policy could: the copies may lie on two disks by now.
        """
        now = time.time()
        holds = known.may_delete is None or 0 <= now - known.told_at < TOLD_S
        if holds or self.emit is None or not (known.may_delete or self.erases(known.device)):
            return known
        if known.asked_at and not 0 <= now - known.asked_at < UNANSWERED_S:
            return self.spool.begin_anew(expected)
        if not known.asked_at:
            known = replace(known, asked_at=now)
            self.spool.keep(known)
        path = self.path_of(known)
        self.emit(StillThere(device_id=known.device, at=moment(), path=path, sha256=known.sha256))
        return known

    def erases(self, device: str) -> bool:
        camera = entry_for(self.settings.cameras, device)
        return camera is not None and camera.release == "erase"

    def standing(self, known: Expected) -> dict[str, object]:
        if known.may_delete is not None and not known.asked_at:
            return {"op": "stored", "sha256": known.sha256, "may_delete": known.may_delete}
        if known.whole:
            return {"op": "received", "sha256": known.sha256}
        uploads = self.settings.uploads
        expires = int(time.time()) + uploads.expires_seconds
        permit = Permit(known.device, known.file_id, known.size, known.sha256, expires)
        query = urlencode(
            {
                "size": known.size, "sha256": known.sha256, "expires": expires,
                "signature": signature(self.secret, permit),
            }
        )  # fmt: skip
        url = f"{uploads.url}/uploads/{known.device}/{known.file_id}?{query}"
        return {
            "op": "upload_url", "url": url, "method": "PUT", "chunk": uploads.chunk_mb << 20,
            "offset": known.safe, "expires": expires,
        }  # fmt: skip

    def say(self, device: str, told: dict[str, object]) -> None:
        """If the broker is away, the announcement comes again and is answered then."""
        self.down(device, "file", told)

    def is_whole(self, expected: Expected) -> None:
        """Stored before the device hears 201. Raises DeviceUnavailable if nobody can store it now.

        Raises Refused, and it begins anew, if the disk does not give it back.
        """
        if self.emit is None:
            raise DeviceUnavailable("wait.store_gone", path=self.spool.root)
        try:
            found = self.found(expected)
        except FileNotFoundError:
            return  # taken over meanwhile
        except OSError as error:
            self.spool.set_aside(expected, self.spool.whole(expected), error)
        self.emit(FileFound(found=found))

    def report_waiting(self) -> None:
        """What came whole while the process died before it was reported."""
        for expected in self.spool.waiting():
            with suppress(Refused, OSError):  # it begins anew, or waits for a better disk
                self.is_whole(expected)
        self.tell_lost()

    def tell_lost(self) -> None:
        """Once for each file that our own disk did not give back."""
        while self.emit is not None and self.spool.lost:
            expected, error = self.spool.lost[0]
            detail = {"name": expected.name, "file_id": expected.file_id, "error": error}
            self.emit(
                SignalReceived(
                    device_id=expected.device, at=moment(), kind="upload_unreadable", detail=detail,
                    event_id=f"upload_unreadable-{uuid7().hex}",
                )
            )  # fmt: skip
            self.spool.lost.popleft()

    def found(self, expected: Expected) -> FoundFile:
        local = self.spool.whole(expected)
        path = self.path_of(expected)
        with local.open("rb") as file:
            edges = edge_digest(file.fileno(), expected.size)
        return FoundFile(
            device_id=expected.device, path=path, local=local, size=expected.size,
            mtime_ns=modified_ns(local.stat()), kind=kind_of(path.decode()), edges=edges, adopt=True,
            declared=self.declared(expected),
        )  # fmt: skip

    def path_of(self, expected: Expected) -> bytes:
        return f"{expected.file_id}/{readable_name(expected.name, expected.file_id)}".encode()

    def declared(self, expected: Expected) -> Declared:
        """What the announcement says; where it says nothing, what the name says."""
        named, here = read_name(expected.name), readable_name(expected.name, expected.file_id)
        return replace(
            named,
            officer=expected.officer or named.officer,
            important=expected.important or named.important,
            case_no=expected.case_no or named.case_no,
            name=expected.told if expected.told not in ("", here) else None,
            started=self.local_time(expected.device, expected.start) or named.started,
        )

    def local_time(self, device: str, told_ms: int | None) -> datetime | None:
        """As its own clock showed it, in its own zone."""
        if told_ms is None:
            return None
        camera = entry_for(self.settings.cameras, device)
        zone = ZoneInfo((camera and camera.timezone) or self.settings.timezone or "UTC")
        return datetime.fromtimestamp(told_ms / 1000, zone).replace(tzinfo=None)

    def let_go(self, found: FoundFile, sha256: str, *, may_delete: bool) -> None:
        """The original is preserved: the device hears it, and whether it may delete its own.

        Raises Refused if what is preserved is not what the device sent, DeviceUnavailable without a broker.
        """
        file_id = found.path.decode().partition("/")[0]
        known = self.spool.known(found.device_id, file_id)
        if known is not None and known.sha256 != sha256:
            raise Refused("upload.other_digest", file=known.name, found=sha256[:16])
        told = {"op": "stored", "file_id": file_id, "sha256": sha256, "may_delete": may_delete}
        self.say(found.device_id, told)
        if known is not None and known.whole:  # else it is being brought once more
            self.spool.keep(replace(known, may_delete=may_delete, told_at=time.time(), asked_at=0.0))


def expected_of(device: str, message: FileMessage) -> Expected:
    return Expected(
        device=device, file_id=message.file_id, name=message.name, size=message.size or 0,
        sha256=message.sha256 or "", start=message.start, end=message.end, important=message.important,
        officer=message.officer, case_no=message.case_no, told=message.as_told,
    )  # fmt: skip
