"""BC+ lines through pyusb, on a bus that a few lines of Python stand for (usb.backend.IBackend)."""

import array
import errno
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import usb.core
from usb.backend import IBackend

from drivers.links.bcplus import BcPlusLink
from drivers.links.bulk import BulkLines
from gateway.device import DeviceUnavailable, Refused

OUT, IN = 0x02, 0x81


class Bus(IBackend):
    """One recorder on 1-1.3.2 with a mass-storage interface before its vendor one; answers in pieces."""

    def __init__(self, *, vendor_class: int = 0xFF, answers: bool = True) -> None:
        self.vendor_class, self.answers = vendor_class, answers
        self.pieces: list[bytes] = []
        self.claimed: list[int] = []
        self.asked: list[bytes] = []

    def enumerate_devices(self) -> Iterator[int]:
        yield 1

    def get_parent(self, dev: Any) -> None:
        return None

    def get_device_descriptor(self, dev: Any) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=0x1234, idProduct=0x5678, bcdDevice=0x100, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=7, bus=1, port_number=2, port_numbers=(1, 3, 2), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: Any, config: int) -> Any:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=0, bNumInterfaces=2, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=250, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: Any, intf: int, alt: int, config: int) -> Any:
        if intf > 1 or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=intf, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=(0x08, self.vendor_class)[intf], bInterfaceSubClass=0, bInterfaceProtocol=0,
            iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: Any, ep: int, intf: int, alt: int, config: int) -> Any:
        if ep > 1:
            raise IndexError
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=((0x01, 0x83), (OUT, IN))[intf][ep], bmAttributes=2, wMaxPacketSize=512,
            bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: Any) -> int:
        return 1

    def close_device(self, dev_handle: Any) -> None:
        pass

    def get_configuration(self, dev_handle: Any) -> int:
        return 1

    def claim_interface(self, dev_handle: Any, intf: int) -> None:
        self.claimed.append(intf)

    def release_interface(self, dev_handle: Any, intf: int) -> None:
        pass

    def bulk_write(self, dev_handle: Any, ep: int, intf: int, data: Any, timeout: int) -> int:
        assert ep == OUT
        self.asked.append(bytes(data))
        answer = b"+LOGIN:Sucess\r\n" if b"LOGIN" in bytes(data) else b"+BATVAL:76\r\n"
        self.pieces = [answer[:4], answer[4:]] if self.answers else []
        return len(data)

    def bulk_read(self, dev_handle: Any, ep: int, intf: int, buff: Any, timeout: int) -> int:
        assert ep == IN
        if not self.pieces:
            raise usb.core.USBTimeoutError("time-out", None, errno.ETIMEDOUT)
        piece = self.pieces.pop(0)
        buff[: len(piece)] = array.array("B", piece)
        return len(piece)


def test_a_line_goes_to_the_vendors_interface_and_its_answer_comes_in_pieces() -> None:
    bus = Bus()
    link = BcPlusLink(BulkLines("1-1.3.2", 7, bus))
    assert link.battery() == 76
    assert bus.asked == [b"BC+BATVAL?\r\n"]
    assert bus.claimed == [1], "the disk's interface is left to the kernel"


def test_one_login_for_one_plugging() -> None:
    bus = Bus()
    link = BcPlusLink(BulkLines("1-1.3.2", 7, bus))
    link.login("774411")
    link.login("774411")
    assert bus.asked == [b"BC+LOGIN=admin:774411\r\n"]


@pytest.mark.parametrize(
    ("port", "bus"),
    [("1-1.3.3", Bus()), ("1-1.3.2", Bus(vendor_class=0x03)), ("1-1.3.2", Bus(answers=False))],
    ids=["another port", "no such interface", "no answer"],
)
def test_who_does_not_answer_is_unavailable(port: str, bus: Bus) -> None:
    with pytest.raises(DeviceUnavailable):
        BcPlusLink(BulkLines(port, 7, bus)).battery()


def test_the_identity_cannot_be_written() -> None:
    from drivers.links.recorder import Identity

    with pytest.raises(Refused):
        BcPlusLink(BulkLines("1-1.3.2", 7, Bus())).write_identity(Identity("", "", "", "", ""), "x")
