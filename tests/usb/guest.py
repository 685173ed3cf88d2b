"""A QEMU guest whose root is this machine's own, read-only, with USB devices plugged and pulled by QMP.

It runs exactly the gateway that is installed here, under Debian's own kernel, on emulated hubs and disks.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CACHE = Path(os.environ.get("GATEWAY_USB_CACHE", "/var/tmp/gateway-usb"))
HERE = Path(__file__).parent
BOOT_MODULES = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay")
ARGUMENTS = "quiet mitigations=off tsc=reliable panic=-1 console=ttyS0"


class GuestFailed(Exception):
    pass


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
    package = next(
        line.split()[1] for line in told.splitlines() if line.strip().startswith("Depends: linux-image-")
    )
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(
            ["apt-get", "download", "-q", package], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        [archive] = Path(folder).glob("*.deb")
        subprocess.run(["dpkg", "-x", archive, CACHE], check=True)
    [modules] = CACHE.glob("lib/modules/*")
    subprocess.run(["depmod", "-b", CACHE, modules.name], check=True)


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
        init = (HERE / "init.sh").read_text().replace("@MODULES@", "\n".join(load))
        (root / "init").write_text(init.replace("@KERNEL@", str(modules)).replace("@HERE@", str(HERE)))
        (root / "init").chmod(0o755)
        subprocess.run(
            "find . | cpio -o -H newc --quiet | gzip -1 > " + str(target), shell=True, cwd=root, check=True
        )


class Guest:
    """Boots on entering; `run` and `python` work inside, `plug` and `pull` outside."""

    def __init__(self, folder: Path, disk_mb: int = 2048) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.disk = folder / "site.ext4"
        self.disk_mb = disk_mb
        self.process: subprocess.Popen[bytes] | None = None
        self.cards: dict[str, tuple[str, list[str]]] = {}
        self.lines: list[Lines] = []

    def __enter__(self) -> "Guest":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.out.mkdir(exist_ok=True)
        with self.disk.open("wb") as file:
            file.truncate(self.disk_mb << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.disk], check=True)
        for attempt in (1, 2):  # booting may be tried twice, a step of the product never
            try:
                self.boot()
            except GuestFailed:
                self.end()
                if attempt == 2:
                    raise
            else:
                return self
        raise AssertionError

    def __exit__(self, *_: object) -> None:
        self.end()

    def boot(self) -> None:
        image, modules = kernel()
        initramfs(modules, self.folder / "initrd")
        agent, qmp = self.folder / "agent", self.folder / "qmp"
        for old in (agent, qmp):
            old.unlink(missing_ok=True)
        command = [
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
            "-m", "1536", "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", str(image), "-initrd", str(self.folder / "initrd"), "-append", ARGUMENTS,
            "-serial", f"file:{self.folder / 'console'}",
            "-qmp", f"unix:{qmp},server=on,wait=off",
            "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
            "-virtfs", f"local,path={self.out},mount_tag=out,security_model=none",
            "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
            "-device", "virtio-serial", "-chardev", f"socket,id=agent,path={agent},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-device", "qemu-xhci,id=xhci,p2=8,p3=8",
        ]  # fmt: skip
        with (self.folder / "qemu.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
            )
        self.qmp = Lines(qmp, self.process)
        self.lines.append(self.qmp)
        self.qmp.read(10)
        self.command("qmp_capabilities")
        self.agent = Lines(agent, self.process)
        self.lines.append(self.agent)
        hello = self.agent.read(90)
        if hello.get("agent") != "ready":
            raise GuestFailed(f"the agent said {hello}")

    def end(self) -> None:
        while self.lines:
            self.lines.pop().socket.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def command(self, name: str, **arguments: Any) -> Any:
        """One QMP command; events are passed over."""
        self.qmp.write({"execute": name, "arguments": arguments})
        while "return" not in (said := self.qmp.read(20)):
            if "error" in said:
                raise GuestFailed(f"{name}: {said['error']}")
        return said["return"]

    def run(self, command: str, timeout: float = 60, *, check: bool = True) -> str:
        """A shell command inside; its output."""
        self.agent.write({"run": command, "timeout": timeout})
        said = self.agent.read(timeout + 30)
        if check and said["code"] != 0:
            raise GuestFailed(f"{command}: exit {said['code']}\n{said['output'][-3000:]}")
        return str(said["output"])

    def wait(self, command: str, timeout: float = 60) -> str:
        """Until a shell command inside succeeds."""
        deadline = time.monotonic() + timeout
        while True:
            self.agent.write({"run": command, "timeout": 30})
            said = self.agent.read(60)
            if said["code"] == 0:
                return str(said["output"])
            if time.monotonic() > deadline:
                raise GuestFailed(f"not within {timeout} s: {command}\n{said['output'][-3000:]}")
            time.sleep(0.5)

    def hub(self, port: str) -> None:
        self.command("device_add", driver="usb-hub", id=f"hub-{port}", bus="xhci.0", port=port, ports="8")

    def plug(self, port: str, image: Path, serial: str, bytes_per_s: int | None = None) -> None:
        """A mass-storage camera; `port` as QEMU counts it, such as 1.2."""
        name = f"usb-{port}".replace(".", "-")
        nodes = [f"{name}-file"]
        self.command("blockdev-add", driver="raw", **{"node-name": nodes[0]}, file=host_file(image))
        if bytes_per_s:
            nodes.append(f"{name}-slow")
            limits = {"bps-total": bytes_per_s}
            self.command("object-add", id=nodes[1], **{"qom-type": "throttle-group", "limits": limits})
            self.command(
                "blockdev-add", driver="throttle", file=nodes[0],
                **{"node-name": nodes[1], "throttle-group": nodes[1]},
            )  # fmt: skip
        self.command(
            "device_add", driver="usb-storage", id=name, bus="xhci.0", port=port, serial=serial,
            drive=nodes[-1], removable=True,
        )  # fmt: skip
        self.cards[port] = (name, nodes)

    def plug_mtp(self, port: str, folder: Path) -> None:
        """A camera that speaks MTP."""
        name = f"usb-{port}".replace(".", "-")
        self.command(
            "device_add", driver="usb-mtp", id=name, bus="xhci.0", port=port, rootdir=str(folder),
            readonly=False, serial="MTP-1",
        )  # fmt: skip
        self.cards[port] = (name, [])

    def plug_serial(self, port: str, line: Path) -> None:
        """An FTDI adapter; what it is wired to listens on the unix socket `line`."""
        name = f"usb-{port}".replace(".", "-")
        address = {"type": "unix", "data": {"path": str(line)}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}
        self.command("chardev-add", id=f"{name}-line", backend=backend)
        self.command(
            "device_add", driver="usb-serial", id=name, bus="xhci.0", port=port, chardev=f"{name}-line",
            serial="FTDI-1",
        )  # fmt: skip

    def pull_serial(self, port: str) -> None:
        name = f"usb-{port}".replace(".", "-")
        self.command("device_del", id=name)
        self.when_free("chardev-remove", id=f"{name}-line")

    def pull(self, port: str) -> None:
        """Tear it out, at once."""
        name, nodes = self.cards.pop(port)
        self.command("device_del", id=name)
        for node in reversed(nodes):
            self.when_free("blockdev-del", **{"node-name": node})
        if len(nodes) > 1:
            self.when_free("object-del", id=nodes[1])

    def when_free(self, command: str, **arguments: Any) -> None:
        """The disk is free once the device is really gone."""
        deadline = time.monotonic() + 20
        while True:
            try:
                self.command(command, **arguments)
            except GuestFailed:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


def host_file(path: Path) -> dict[str, str]:
    return {"driver": "file", "filename": str(path)}


class Lines:
    """JSON lines over a unix socket."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 15
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise GuestFailed(f"{path}: no connection") from None
                time.sleep(0.05)
        self.pending = b""

    def write(self, message: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def read(self, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self.pending:
            self.socket.settimeout(max(0.1, deadline - time.monotonic()))
            try:
                fresh = self.socket.recv(65536)
            except TimeoutError:
                raise GuestFailed(f"no answer within {timeout} s") from None
            if not fresh:
                raise GuestFailed("the guest has ended")
            self.pending += fresh
        line, self.pending = self.pending.split(b"\n", 1)
        read: dict[str, Any] = json.loads(line)
        return read


def fat_card(path: Path, size_mb: int, files: Sequence[tuple[str, bytes]], label: str = "BODYCAM") -> None:
    """A FAT32 image with files in folders, by mtools: no mount, no root."""
    with path.open("wb") as file:
        file.truncate(size_mb << 20)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", label, path], check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}
    made: set[str] = set()
    for name, content in files:
        folders = name.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            folder = "/".join(folders[:depth])
            if folder not in made:
                subprocess.run(["mmd", "-i", path, f"::/{folder}"], check=True, env=environment)
                made.add(folder)
        with tempfile.NamedTemporaryFile() as source:
            source.write(content)
            source.flush()
            subprocess.run(["mcopy", "-i", path, source.name, f"::/{name}"], check=True, env=environment)
