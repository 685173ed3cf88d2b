"""What others do with the same files: commands of the system, run the way a careful person would."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def drop_caches() -> None:
    subprocess.run(["sync"], check=True)
    Path("/proc/sys/vm/drop_caches").write_text("3\n")


def rest(seconds: float = 4.0) -> None:
    """Virtual disks meter their bytes: every contestant starts from a disk that has rested."""
    drop_caches()
    time.sleep(seconds)


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def openssl(name: str, path: Path) -> None:
    run("openssl", "dgst", f"-{name}", path)


def copied_and_checked(sources: Sequence[Path], target: Path) -> None:
    """`cp`, `sync`, SHA-256 of source and copy, SM3 of the copy, file after file, caches dropped before each read."""
    for source in sources:
        copy = target / source.name
        run("cp", source, copy)
        run("sync", copy)
        drop_caches()
        openssl("sha256", source)
        drop_caches()
        openssl("sha256", copy)
        openssl("sm3", copy)


def two_at_a_time(sources: Sequence[Path], target: Path) -> None:
    """The same under `xargs -P 2`: what a shell gets out of two cores (caches are hot here, in its favour)."""
    script = f'cp "$1" {target}/ && c={target}/$(basename "$1") && sync "$c" && for h in sha256; do openssl dgst -$h "$1"; ' \
        'done && openssl dgst -sha256 "$c" && openssl dgst -sm3 "$c"'  # fmt: skip
    names = "\0".join(map(str, sources)).encode()
    subprocess.run(
        ["xargs", "-0", "-P", "2", "-n", "1", "sh", "-c", script, "sh"],
        input=names, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def rclone(sources: Sequence[Path], target: Path) -> None:
    """`rclone copy` and `rclone check --download`: a copy and a byte-by-byte second read."""
    folder = sources[0].parent
    run("rclone", "copy", folder, target)
    run("sync", "-f", target)
    drop_caches()
    run("rclone", "check", "--download", folder, target)


def dc3dd(sources: Sequence[Path], target: Path) -> None:
    """`dc3dd hash=sha256` with its verifying read of the output, the forensic copier's own way."""
    for source in sources:
        run("dc3dd", f"if={source}", f"hof={target / source.name}", "hash=sha256")
        run("sync", target / source.name)
        openssl("sm3", target / source.name)


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def random_files(folder: Path, count: int, mib: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        path = folder / f"{number:04}.mp4"
        with path.open("wb") as file:
            for _ in range(mib // 16):
                file.write(os.urandom(16 << 20))
        made.append(path)
    return made


Peer = Callable[[Sequence[Path], Path], None]
