"""SCSI commands through the kernel's generic driver, which keeps the disk (sg(4), SG_IO version 3)."""

import ctypes
import fcntl
import os
from pathlib import Path

from gateway.device import DeviceUnavailable

SG_IO = 0x2285
TO_DEVICE, FROM_DEVICE, NO_DATA = -2, -3, -1


class Header(ctypes.Structure):
    _fields_ = (
        ("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int), ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte), ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p), ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint), ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte), ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte), ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int), ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )  # fmt: skip


class SgDevice:
    """`/dev/sgN`, opened for each command: the node goes when the recorder leaves the bus."""

    def __init__(self, node: Path) -> None:
        self.node = node

    def read(self, command: bytes, length: int, timeout_s: float) -> bytes:
        data = ctypes.create_string_buffer(length)
        missing = self.transfer(command, data, length, FROM_DEVICE, timeout_s)
        return data.raw[: length - missing]

    def write(self, command: bytes, content: bytes, timeout_s: float) -> None:
        data = ctypes.create_string_buffer(content, max(1, len(content)))
        self.transfer(command, data, len(content), TO_DEVICE if content else NO_DATA, timeout_s)

    def transfer(
        self,
        command: bytes,
        data: "ctypes.Array[ctypes.c_char]",
        length: int,
        direction: int,
        timeout_s: float,
    ) -> int:
        """Bytes that did not come."""
        block = ctypes.create_string_buffer(command, len(command))
        sense = ctypes.create_string_buffer(32)
        header = Header(
            interface_id=ord("S"), dxfer_direction=direction, cmd_len=len(command), mx_sb_len=len(sense),
            dxfer_len=length, dxferp=ctypes.addressof(data), cmdp=ctypes.addressof(block),
            sbp=ctypes.addressof(sense), timeout=int(timeout_s * 1000),
        )  # fmt: skip
        try:
            handle = os.open(self.node, os.O_RDWR | os.O_NONBLOCK)
            try:
                fcntl.ioctl(handle, SG_IO, header)
            finally:
                os.close(handle)
        except OSError as error:
            raise DeviceUnavailable("recorder.no_answer", call=f"SCSI, {error.strerror}") from error
        if header.status or header.host_status or header.driver_status:
            raise DeviceUnavailable("recorder.no_answer", call=f"SCSI, status {header.status}")
        return int(header.resid)
