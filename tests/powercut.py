"""Power cuts without hardware: a program runs in a user-mode-linux guest, and the guest is killed.

The guest's root is the host's own ``/``, read-only under a tmpfs overlay; only the ext4 image,
mounted at STORE, outlives it. SIGKILL loses what the guest's kernel had not yet sent to the image.
"""

import atexit
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

STORE = "/mnt/store"
LOSSY = "noatime,commit=300,noauto_da_alloc"  # nothing reaches the image unless the program syncs it
EXIT = "@exit "

INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
fail() {{ echo "@init failed: $1" >/dev/ttyS0; echo o >/proc/sysrq-trigger; sleep 9; }}
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /mnt || fail mounts
{python} -S -c 'import ctypes, sys; f = open(sys.argv[1]); \
sys.exit(ctypes.CDLL(None).syscall(313, f.fileno(), b"", 0))' \
/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko || fail overlay.ko
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root || fail overlay
for d in proc sys dev; do mount -n --move /$d /mnt/root/$d || fail $d; done
mkdir -p /mnt/root/.host && cd /mnt/root && pivot_root . .host && cd / && umount -l /.host || fail pivot
mkdir -p /dev/shm /dev/pts {store}; ip link set lo up
mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /run; mount -t devpts devpts /dev/pts
echo 0 >/proc/sys/vm/dirty_writeback_centisecs; echo 90 >/proc/sys/vm/dirty_ratio
echo 80 >/proc/sys/vm/dirty_background_ratio
mount -t ext4 -o {options} /dev/ubda {store} || fail store
stty -F /dev/ttyS0 raw -echo; (sleep {life}; echo o >/proc/sysrq-trigger) </dev/null >/dev/null 2>&1 &
cd {cwd} && {command} </dev/null >/dev/ttyS0 2>&1
code=$?
cd /; umount {store} || sync; printf '\\n{exit}%s\\n' $code >/dev/ttyS0
echo o >/proc/sysrq-trigger; sleep 9"""


class Guest:
    """One boot of the guest, running one command; ``kill`` is the power cut."""

    def __init__(
        self,
        image: Path,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        options: str = LOSSY,
        memory: str = "256M",
        life: int = 120,
    ) -> None:
        self.output: list[str] = []  # whole lines only: half an acknowledgement is none
        self._work = Path(tempfile.mkdtemp(prefix="powercut-"))
        init = self._work / "init"
        init.write_text(
            INIT.format(
                python=shlex.quote(sys.executable),
                store=STORE,
                options=options,
                life=life,
                exit=EXIT,
                cwd=shlex.quote(cwd),
                command=shlex.join(
                    ["env", *(f"{name}={value}" for name, value in (env or {}).items()), *command]
                ),
            )
        )
        init.chmod(0o755)
        read, write = os.pipe()
        try:
            with (self._work / "kernel.log").open("wb") as log:
                self._process = subprocess.Popen(
                    [
                        "linux.uml",
                        "root=/dev/root",
                        "rootfstype=hostfs",
                        "rootflags=/",
                        "ro",
                        "quiet",
                        f"mem={memory}",
                        f"init={init}",
                        f"ubd0={image.resolve()}",
                        f"uml_dir={self._work}/",
                        "umid=guest",
                        "con=null",
                        "con0=null,fd:1",
                        "ssl=null",
                        f"ssl0=null,fd:{write}",
                        "noreboot",
                        "panic=-1",
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[write],
                    start_new_session=True,
                    env=_kernel_environment(),
                )
        finally:
            os.close(write)
        self._changed, self._ended = threading.Condition(), False
        self._reader = threading.Thread(target=self._read, args=(read,), daemon=True)
        self._reader.start()

    def _read(self, pipe: int) -> None:
        with os.fdopen(pipe, encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                with self._changed:
                    self.output += [line.rstrip("\r\n")] if line.endswith("\n") else []
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_until(self, done: Callable[[list[str]], bool], timeout: float = 60) -> None:
        """Wait for the output to satisfy ``done``; raise if the guest ends or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or done(self.output), timeout)
            if not done(self.output):
                raise RuntimeError(f"guest {'ended' if self._ended else 'is late'}:\n{self.log()}")

    def finish(self, timeout: float = 60) -> int:
        """Let the command end and the store be unmounted; return the command's exit code."""
        self.wait_until(lambda lines: any(line.startswith(EXIT) for line in lines), timeout)
        self.kill()
        return int(next(line for line in self.output if line.startswith(EXIT)).removeprefix(EXIT))

    def kill(self) -> list[str]:
        """Cut the power; return everything the program had said by then."""
        if self._process.returncode is None:  # not reaped yet, so the group's number is still its own
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(10)  # the pipe ends when the last process of the guest is gone
        if self._reader.is_alive():
            raise RuntimeError("a process of the guest outlived the power cut")
        return self.output

    def log(self) -> str:
        return "\n".join([(self._work / "kernel.log").read_text("utf-8", "replace"), *self.output])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._work)


def make_image(path: Path, megabytes: int = 64) -> None:
    with path.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(
        ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-J", "size=16", path],
        check=True,
    )


@contextmanager
def recovered(image: Path) -> Iterator[Path]:
    """A copy of the store as the next boot finds it: journal replayed by e2fsck, nothing mounted."""
    if subprocess.run(["e2fsck", "-p", image], stdout=subprocess.DEVNULL).returncode not in (0, 1):
        raise RuntimeError(f"{image}: e2fsck found errors that it does not repair by itself")
    with tempfile.TemporaryDirectory(prefix="powercut-") as out:
        subprocess.run(["debugfs", "-R", f"rdump / {out}", image], check=True, capture_output=True)
        yield Path(out)


@cache
def _kernel_environment() -> dict[str, str]:
    """The guest's memory needs a tmpfs with exec; a CPU with AMX needs xstate.c (see there)."""
    memory = "/tmp" if os.statvfs("/dev/shm").f_flag & os.ST_NOEXEC else "/dev/shm"
    env = {"PATH": os.environ["PATH"], "TMPDIR": memory}
    if "amx_tile" in Path("/proc/cpuinfo").read_text():
        source = Path(__file__).with_name("xstate.c")
        library = Path(tempfile.mkdtemp(prefix="xstate-")) / "xstate.so"
        atexit.register(shutil.rmtree, library.parent, ignore_errors=True)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        env["LD_PRELOAD"] = str(library)
    return env
