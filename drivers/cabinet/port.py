"""A serial line that one program holds (devices 2.6)."""

import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import serial

from gateway.config.devices import LineSettings
from gateway.device import DeviceUnavailable

SETTLE_S = 0.1


@contextmanager
def told(line: LineSettings) -> Iterator[None]:
    """What goes wrong on a line, in our words: a pulled adapter raises one of three kinds of error."""
    try:
        yield
    except (serial.SerialException, OSError, termios.error) as error:
        raise DeviceUnavailable("cabinet.no_port", port=line.port, error=first_line(error)) from error


def open_line(line: LineSettings, timeout_s: float) -> serial.Serial:
    """Exclusively: two readers of one line steal each other's bytes. Raises DeviceUnavailable."""
    with told(line):
        port = serial.Serial(
            line.port, line.baud, parity=line.parity, timeout=timeout_s, write_timeout=1.0, exclusive=True
        )
        time.sleep(SETTLE_S)  # the first bytes after opening may be missed or be noise
        port.reset_input_buffer()
        return port


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
