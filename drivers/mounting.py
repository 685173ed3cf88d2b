"""mount(2) and umount2(2) themselves: mount(8) refuses all but root, whatever capability they hold."""

import ctypes
import errno
import logging
import os
from pathlib import Path

from gateway.device import Refused

log = logging.getLogger(__name__)

LIBC = ctypes.CDLL(None, use_errno=True)
READ_ONLY, REMOUNT, DETACH = 1, 32, 2
SAFE = 2 | 4 | 8
"""nosuid, nodev, noexec"""


def mount(source: Path, folder: Path, file_system: str, flags: int, options: str) -> None:
    told = (bytes(source), bytes(folder), file_system.encode(), ctypes.c_ulong(flags), options.encode())
    called(LIBC.mount(*told))


def unmount(folder: Path) -> None:
    """Harmless where nothing is mounted. No stat: it fails on what a dead file system left."""
    while LIBC.umount2(bytes(folder), DETACH) == 0:
        pass
    if ctypes.get_errno() not in {errno.EINVAL, errno.ENOENT}:
        log.error("%s cannot be unmounted: %s", folder, os.strerror(ctypes.get_errno()))


def called(result: int) -> None:
    """Raises Refused("bay.mount_failed") with what the kernel said."""
    if result != 0:
        raise Refused("bay.mount_failed", error=os.strerror(ctypes.get_errno()))
