"""The bulk endpoints of a still-image interface through pyusb, with the camera's twin at their other end."""

import array
import errno
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import usb.core

from drivers.mtp.camera import Camera
from drivers.mtp.objects import survey
from drivers.mtp.pipe import Silence, Stalled, UsbPipe
from drivers.mtp.wire import DATA, HEADER, RESPONSE, Operation
from drivers.simulators import dock as twin
from drivers.simulators.mtp import MtpTwin
from gateway.device import DeviceUnavailable
from tests.unit.test_bulk_lines import Bus


class Port(Bus):
    """One camera on 1-1.3.2; `error` is what the kernel answers from then on."""

    def __init__(self, camera: MtpTwin | None = None, interface: int = 0x06) -> None:
        super().__init__(vendor_class=interface)
        self.camera = camera
        self.error: int | None = None
        self.resets = 0

    def fail(self) -> None:
        if self.error is not None:
            raise usb.core.USBError("kernel", None, self.error)

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self.fail()
        super().claim_interface(dev_handle, intf)

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        self.fail()
        assert self.camera is not None
        self.camera.write(bytes(data))
        return len(data)

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self.fail()
        assert self.camera is not None
        if not self.camera.transfers:
            raise usb.core.USBTimeoutError("time-out", None, errno.ETIMEDOUT)
        piece = self.camera.read(len(buff), 0.0)
        buff[: len(piece)] = array.array("B", piece)
        return len(piece)

    def ctrl_transfer(
        self, dev_handle: Any, kind: int, request: int, value: int, index: int, data: Any, timeout: int
    ) -> int:
        assert (kind, request, index) == (0x21, 0x66, 1)
        self.resets += 1
        assert self.camera is not None
        self.camera.in_session = False
        return 0

    def clear_halt(self, dev_handle: Any, ep: int) -> None:
        pass


@pytest.fixture
def port(tmp_path: Path) -> Port:
    usb_folder, card = tmp_path / "usb", tmp_path / "card"
    usb_folder.mkdir()
    card.mkdir()
    (card / "0001.MP4").write_bytes(bytes(range(256)) * 10_000)
    twin.plug(usb_folder, "1-1", card, interfaces=("06",), plug="7")
    return Port(MtpTwin(usb_folder / "1-1", "7"))


def test_a_camera_is_read_through_its_own_interface(port: Port) -> None:
    camera = Camera(UsbPipe("1-1.3.2", 7, port), bool)
    camera.open()
    [one] = survey(camera, ZoneInfo("UTC"))
    assert b"".join(camera.blocks(one.handle, one.entry.size)) == bytes(range(256)) * 10_000
    assert b"".join(camera.blocks(one.handle, one.entry.size, 2_559_990)) == bytes(range(246, 256))
    assert set(port.claimed) == {1}
    assert port.resets == 0
    camera.close()
    with pytest.raises(DeviceUnavailable):
        camera.storages()


def test_half_an_answer_of_before_is_cleared_by_a_reset(port: Port) -> None:
    assert port.camera is not None
    port.camera.transfers.append(b"\x10\x27\x00\x00\x02\x00\x1b\x10\x63\x00\x00\x00" + bytes(500))
    camera = Camera(UsbPipe("1-1.3.2", 7, port), bool)
    camera.open()
    assert port.resets == 1
    assert len(camera.storages()) == 1


def test_a_camera_may_want_a_session_before_it_tells_what_it_is(port: Port) -> None:
    assert port.camera is not None
    (port.camera.place / "mtp.json").write_text('{"session_first": true}')
    camera = Camera(UsbPipe("1-1.3.2", 7, port), bool)
    camera.open()
    assert camera.serial == "TWIN-1"
    assert port.resets == 0


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        (errno.ENODEV, DeviceUnavailable), (errno.EIO, DeviceUnavailable), (errno.EPIPE, Stalled),
    ],
)  # fmt: skip
def test_what_the_kernel_says_amid_a_transfer(port: Port, told: int, raised: type[Exception]) -> None:
    pipe = UsbPipe("1-1.3.2", 7, port)
    with pytest.raises(Silence):
        pipe.read(512, 0.1)
    port.error = told
    with pytest.raises(raised):
        pipe.read(512, 0.1)
    with pytest.raises(raised):
        pipe.write(b"x")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (errno.EBUSY, "bay.mtp_failed"),
        (errno.EACCES, "bay.mtp_failed"),
        (errno.ENODEV, "wait.source_gone"),
    ],
)
def test_why_it_cannot_be_had(port: Port, told: int, code: str) -> None:
    port.error = told
    with pytest.raises(DeviceUnavailable) as no:
        UsbPipe("1-1.3.2", 7, port)
    assert no.value.reason["code"] == code


@pytest.mark.parametrize(
    ("where", "address", "interface"), [("1-1.3.3", 7, 6), ("1-1.3.2", 8, 6), ("1-1.3.2", 7, 3)]
)
def test_another_camera_in_its_place_is_not_taken_for_it(where: str, address: int, interface: int) -> None:
    with pytest.raises(DeviceUnavailable):
        UsbPipe(where, address, Port(interface=interface))


class Talking:
    """A camera that answers each command with what it likes."""

    def __init__(self, *says: bytes) -> None:
        self.says, self.at = says, 0

    def write(self, block: bytes) -> None:
        pass

    def read(self, size: int, timeout_s: float) -> bytes:
        self.at += 1
        return self.says[(self.at - 1) % len(self.says)][:size]

    def reset(self) -> None:
        self.at = 0

    def close(self) -> None:
        pass


ENDLESS = HEADER.pack(0xFFFFFFF0, DATA, Operation.OPEN, 0)


@pytest.mark.parametrize(
    "says",
    [
        (b"",), (b"nonsense",), (b"\xff" * 600,), (ENDLESS, b"x" * 262_144), (HEADER.pack(3, DATA, 0, 0),),
        (HEADER.pack(0xFFFFFFFF, DATA, Operation.OPEN, 0),), (HEADER.pack(12, RESPONSE, 0x2001, 5),),
    ],
    ids=["nothing", "nonsense", "ones", "endless", "short", "unknown length", "another's answer"],
)  # fmt: skip
def test_a_camera_that_talks_nonsense_holds_nothing_up(says: tuple[bytes, ...]) -> None:
    began = time.monotonic()
    with pytest.raises(DeviceUnavailable) as no:
        Camera(Talking(*says), bool).open()
    assert no.value.reason["code"] == "bay.mtp_failed"
    assert time.monotonic() - began < 5
