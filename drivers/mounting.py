"""mount(2) and umount2(2) themselves: mount(8) refuses all but root, whatever capability they hold."""

import ctypes
import errno
import logging
import os
import subprocess
from pathlib import Path

from gateway.device import Refused

log = logging.getLogger(__name__)

LIBC = ctypes.CDLL(None, use_errno=True)
READ_ONLY, REMOUNT, DETACH = 1, 32, 2
SAFE = 2 | 4 | 8
"""nosuid, nodev, noexec"""
TOOL_S = 20.0


def mount(source: Path, folder: Path, file_system: str, flags: int, options: str) -> None:
    told = (bytes(source), bytes(folder), file_system.encode(), ctypes.c_ulong(flags), options.encode())
    called(LIBC.mount(*told))


def unmount(folder: Path) -> None:
    """Harmless where nothing is mounted. No stat: it fails on what a dead jmtpfs left."""
    while LIBC.umount2(bytes(folder), DETACH) == 0:
        pass
    if ctypes.get_errno() not in {errno.EINVAL, errno.ENOENT}:
        log.error("%s cannot be unmounted: %s", folder, os.strerror(ctypes.get_errno()))


def mount_mtp(node: Path, folder: Path) -> None:
    """jmtpfs pulls each file whole when it is opened; the rest of us sees a folder.

    Raises Refused("bay.mount_failed"), also where a desktop's own daemon holds the camera.
    """
    bus, number = (str(int(part)) for part in node.parts[-2:])
    try:
        done = subprocess.run(
            ["jmtpfs", f"-device={bus},{number}", str(folder), "-o", "ro,nosuid,nodev,noexec"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=TOOL_S, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise Refused("bay.mount_failed", error="jmtpfs is not installed") from None
    except subprocess.TimeoutExpired:
        raise Refused("bay.mount_failed", error=f"jmtpfs: {TOOL_S:.0f} s") from None
    if done.returncode:
        raise Refused("bay.mount_failed", error=f"jmtpfs ended with {done.returncode}")


def called(result: int) -> None:
    """Raises Refused("bay.mount_failed") with what the kernel said."""
    if result != 0:
        raise Refused("bay.mount_failed", error=os.strerror(ctypes.get_errno()))
