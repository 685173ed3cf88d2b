"""Debian's own kernel for the guest, and the first steps of its boot."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("GATEWAY_USB_CACHE", "/var/tmp/gateway-usb"))
HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
BOOT_MODULES = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay")


def kernel() -> tuple[Path, Path]:
    """(kernel image, its modules folder), from a full Debian kernel that is unpacked but never installed."""
    images = sorted(CACHE.glob("boot/vmlinuz-*"))
    if not images:
        unpack_kernel()
        images = sorted(CACHE.glob("boot/vmlinuz-*"))
    version = images[-1].name.removeprefix("vmlinuz-")
    return images[-1], CACHE / "lib/modules" / version


def unpack_kernel() -> None:
    told = subprocess.run(
        ["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True
    ).stdout
    unpack(
        next(
            line.split()[1] for line in told.splitlines() if line.strip().startswith("Depends: linux-image-")
        )
    )
    [modules] = CACHE.glob("lib/modules/*")
    subprocess.run(["depmod", "-b", CACHE, modules.name], check=True)


def unpack(package: str) -> None:
    """Into the cache, never installed: this machine is to start no other kernel, and no service."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(
            ["apt-get", "download", "-q", package], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        [archive] = Path(folder).glob("*.deb")
        subprocess.run(["dpkg", "-x", archive, CACHE], check=True)


def initramfs(modules: Path, target: Path) -> None:
    """Just enough to mount the root: busybox, an init script and the modules for it, in loading order."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("bin", "proc", "sys", "dev", "host", "rw", "new", "m"):
            (root / name).mkdir()
        shutil.copy("/bin/busybox", root / "bin/busybox")
        order: list[str] = []
        for name in BOOT_MODULES:
            told = subprocess.run(
                ["modprobe", "-d", CACHE, "-S", modules.name, "--show-depends", name],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            order += [line.split()[1] for line in told.splitlines() if line.startswith("insmod")]
        load = []
        for path in dict.fromkeys(order):
            shutil.copy(path, root / "m")
            load.append(f"insmod /m/{Path(path).name}")
        init = (HERE / "init.sh").read_text()
        for name, value in {
            "MODULES": "\n".join(load), "KERNEL": modules, "HERE": HERE, "PYTHON": sys.executable,
            "PROJECT": PROJECT,
        }.items():  # fmt: skip
            init = init.replace(f"@{name}@", str(value))
        (root / "init").write_text(init)
        (root / "init").chmod(0o755)
        subprocess.run(
            "find . | cpio -o -H newc --quiet | gzip -1 > " + str(target), shell=True, cwd=root, check=True
        )


def compile_sources() -> None:
    """Here, where it takes a second: the guest's root is read-only, and its processor slow."""
    packages = ("gateway", "drivers", "ingest", "api")
    places = (*packages, "tests/__init__.py", "tests/warm.py")
    subprocess.run([sys.executable, "-m", "compileall", "-q", *places], cwd=PROJECT, check=True)
