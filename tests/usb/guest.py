"""A QEMU guest whose root is this machine's own, read-only, with USB devices plugged and pulled by QMP.

It runs exactly the gateway that is installed here, under Debian's own kernel, on emulated hubs and disks.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.usb.kernel import compile_sources, initramfs, kernel
from tests.usb.lines import GuestFailed, Lines, clock

PATIENCE_S = 300
"""Of the guest's own time: by then what has not come is not coming, however slow the machine."""

ARGUMENTS = "quiet mitigations=off tsc=reliable panic=-1 console=ttyS0"


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
        compile_sources()
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
        self.qmp.read(60)
        self.command("qmp_capabilities")
        self.agent = Lines(agent, self.process)
        self.lines.append(self.agent)
        hello = self.agent.read(PATIENCE_S)
        if hello.get("agent") != "ready":
            raise GuestFailed(f"the agent said {hello}")

    def end(self) -> None:
        while self.lines:
            self.lines.pop().socket.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def clock(self) -> float:
        """What time-outs are measured by."""
        assert self.process is not None
        return clock(self.process.pid)

    def spent(self) -> float:
        """Seconds of processor that the whole guest has taken since it was switched on."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def command(self, name: str, **arguments: Any) -> Any:
        """One QMP command; events are passed over."""
        self.qmp.write({"execute": name, "arguments": arguments})
        while "return" not in (said := self.qmp.read(60)):
            if "error" in said:
                raise GuestFailed(f"{name}: {said['error']}")
        return said["return"]

    def asked(self, timeout: float, **order: Any) -> dict[str, Any]:
        """What the agent says to an order; raises GuestFailed if it went wrong."""
        self.agent.write({**order, "timeout": 4 * timeout})  # the guest's own clock runs on a busy machine
        said = self.agent.read(timeout + 30)
        if said["code"] != 0:
            raise GuestFailed(f"{order}: exit {said['code']}\n{said['output'][-3000:]}")
        return said

    def run(self, command: str, timeout: float = PATIENCE_S) -> str:
        """A shell command inside; its output."""
        return str(self.asked(timeout, run=command)["output"])

    def gateway(self, *arguments: str, timeout: float = PATIENCE_S, log: str | None = None) -> str:
        """A command of the gateway inside; with a log it goes on beside."""
        return str(self.asked(timeout, gateway=arguments, log=log)["output"])

    def python(self, code: str, timeout: float = PATIENCE_S) -> str:
        """Where the gateway can be imported."""
        return str(self.asked(timeout, code=code)["output"])

    def sql(self, database: str, query: str) -> list[Any]:
        rows: list[Any] = self.asked(PATIENCE_S, sql=query, database=database)["rows"]
        return rows

    def wait(self, command: str) -> str:
        """Until a shell command inside succeeds."""
        deadline = self.clock() + PATIENCE_S
        while True:
            try:
                return self.run(command)
            except GuestFailed as no:
                if self.clock() > deadline:
                    raise GuestFailed(f"not within {PATIENCE_S} s: {no}") from no
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
        deadline = self.clock() + PATIENCE_S
        while True:
            try:
                self.command(command, **arguments)
            except GuestFailed:
                if self.clock() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


def host_file(path: Path) -> dict[str, str]:
    return {"driver": "file", "filename": str(path)}


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
