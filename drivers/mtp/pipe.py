"""The two bulk endpoints of a still-image interface (USB class 06), by pyusb: all that MTP needs."""

import errno
from contextlib import suppress
from typing import Any, Protocol

import usb.core
import usb.util

from drivers.links.bulk import device_at, endpoints
from gateway.device import DeviceUnavailable

STILL_IMAGE = 0x06
DEVICE_RESET = 0x66
"""Class request: forget the transaction under way (USB Still Image Capture Device 5.2)."""
TO_INTERFACE = 0x21
GONE = {errno.ENODEV, errno.ENOENT, errno.EIO, errno.ESHUTDOWN}


class Silence(Exception):
    """Nothing came in time."""


class Stalled(Exception):
    """The camera refuses to go on with this transaction."""


class Pipe(Protocol):
    """The wire: the one place where a camera's twin differs. Raises DeviceUnavailable when it has left."""

    def write(self, block: bytes) -> None:
        """Raises Silence if the camera does not take it, Stalled if it will not."""

    def read(self, size: int, timeout_s: float) -> bytes:
        """One transfer, or its first `size` bytes; a packet may be empty. Raises Silence, Stalled."""

    def reset(self) -> None:
        """Whatever was under way is over; what was still to come is thrown away."""

    def close(self) -> None:
        """Let the camera go. Harmless twice."""


class UsbPipe:
    """Claims the interface until it is closed."""

    def __init__(self, port: str, address: int, backend: Any = None) -> None:
        """Raises DeviceUnavailable if it is not there, we may not, or somebody else has it."""
        try:
            device = device_at(port, address, backend)
        except usb.core.NoBackendError as error:
            raise DeviceUnavailable("bay.mtp_failed", error="libusb-1.0-0 is not installed") from error
        if device is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        self.device = device
        try:
            self.number, self.into, self.out_of = endpoints(self.device, STILL_IMAGE)
            usb.util.claim_interface(self.device, self.number)
        except usb.core.USBError as error:
            usb.util.dispose_resources(self.device)
            if error.errno in GONE:
                raise DeviceUnavailable("wait.source_gone", done=0) from error
            raise DeviceUnavailable("bay.mtp_failed", error=error.strerror or str(error)) from error

    def write(self, block: bytes) -> None:
        try:
            self.into.write(block, 500)
        except usb.core.USBError as error:
            raise told(error) from error

    def read(self, size: int, timeout_s: float) -> bytes:
        try:
            return bytes(self.out_of.read(size, int(timeout_s * 1000)))
        except usb.core.USBError as error:
            raise told(error) from error

    def reset(self) -> None:
        try:
            self.device.ctrl_transfer(TO_INTERFACE, DEVICE_RESET, 0, self.number, None, 500)
            for endpoint in (self.into, self.out_of):
                endpoint.clear_halt()
        except usb.core.USBError as error:
            if error.errno in GONE:
                raise told(error) from error
        with suppress(Silence, Stalled):
            while True:
                self.read(65536, 0.2)

    def close(self) -> None:
        with suppress(usb.core.USBError):
            usb.util.dispose_resources(self.device)


def told(error: usb.core.USBError) -> Exception:
    if isinstance(error, usb.core.USBTimeoutError):
        return Silence()
    return Stalled() if error.errno == errno.EPIPE else DeviceUnavailable("wait.source_gone", done=0)
