"""Lines over the bulk endpoints of a vendor's own USB interface, by pyusb."""

import time
from typing import Any

import usb.core
import usb.util

from gateway.device import DeviceUnavailable

VENDOR_CLASS = 0xFF
LONGEST = 4096


class BulkLines:
    """Claims the interface for one question and lets it go again: the recorder may leave at any time."""

    def __init__(self, port: str, address: int, backend: Any = None) -> None:
        self.port, self.address, self.backend = port, address, backend

    def ask(self, line: bytes, timeout_s: float) -> bytes:
        device = None
        try:
            device = self.found()
            number, into, out_of = endpoints(device)
            usb.util.claim_interface(device, number)
            into.write(line, int(timeout_s * 1000))
            return self.answer(out_of, timeout_s)
        except (usb.core.USBError, usb.core.NoBackendError) as error:
            raise DeviceUnavailable("recorder.no_answer", call=f"USB, {error}") from error
        finally:
            if device is not None:
                usb.util.dispose_resources(device)

    def found(self) -> Any:
        device = device_at(self.port, self.address, self.backend)
        if device is None:
            raise DeviceUnavailable("recorder.no_answer", call="USB")
        return device

    def answer(self, endpoint: Any, timeout_s: float) -> bytes:
        """Up to a line end, or to a pause after something came."""
        said, deadline = b"", time.monotonic() + timeout_s
        while b"\n" not in said and len(said) < LONGEST and time.monotonic() < deadline:
            try:
                said += bytes(endpoint.read(512, 300))
            except usb.core.USBTimeoutError:
                if said:
                    break
        return said


def device_at(port: str, address: int, backend: Any) -> Any | None:
    """The device in a port, if it still has that address. Raises usb.core.NoBackendError without libusb."""

    def is_ours(device: Any) -> bool:
        path = f"{device.bus}-{'.'.join(map(str, device.port_numbers or ()))}"
        return (path, device.address) == (port, address)

    return usb.core.find(custom_match=is_ours, backend=backend)


def endpoints(device: Any, interface_class: int = VENDOR_CLASS) -> tuple[int, Any, Any]:
    """(interface number, bulk OUT, bulk IN) of the interface. Raises DeviceUnavailable without one.

    The configuration is left as the kernel set it: setting it again fails while a driver holds an interface.
    """
    for interface in device.get_active_configuration():
        if interface.bInterfaceClass != interface_class:
            continue
        bulk = [
            end
            for end in interface
            if usb.util.endpoint_type(end.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        ]
        ways = {usb.util.endpoint_direction(end.bEndpointAddress): end for end in reversed(bulk)}
        if len(ways) == 2:
            return interface.bInterfaceNumber, ways[usb.util.ENDPOINT_OUT], ways[usb.util.ENDPOINT_IN]
    raise DeviceUnavailable("recorder.no_answer", call="USB")
