"""`gateway up`: whatever ends it, nothing of it is left behind that would keep the next one out."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from drivers.ports import free_port
from tests.e2e.site import Site, volume
from tests.patience import until
from tests.warm import GATEWAY


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_up_is_killed_and_can_be_started_again(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()], api={"port": free_port()})
    (site.settings.data / "gateway.sqlite").unlink()  # both processes begin with nothing
    with site.log.open("wb") as log:
        up = subprocess.Popen([GATEWAY, "--config", site.config, "up"], stdout=log, stderr=log)
    left: list[int] = []
    try:
        until(lambda: up.poll() is not None or "running:" in site.log.read_text())
        left = children(up.pid)
        assert len(left) == 2
        [worker] = [one for one in left if b"run" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")]
        said = site.command("run", expect=2)
        assert f"(process {worker})" in said
        up.kill()
        up.wait()
        until(lambda: not [one for one in left if Path(f"/proc/{one}").exists()])
    finally:
        for one in (up.pid, *left):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
    with site.running():
        site.wait("up again", lambda _: site.log.read_text().count("running:") == 2)


def test_up_imports_nothing_from_the_folder_it_is_started_in(tmp_path: Path) -> None:
    """A file called api.py there would break it, or run as the gateway."""
    site = Site(tmp_path, [volume()], api={"port": free_port()})
    for name in ("api", "gateway", "drivers"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')\n")
    with site.log.open("wb") as log:
        up = subprocess.Popen([GATEWAY, "--config", site.config, "up"], stdout=log, stderr=log, cwd=tmp_path)
    try:
        until(lambda: up.poll() is not None or "serving http" in site.log.read_text())
        until(lambda: up.poll() is not None or "running:" in site.log.read_text())
        said = site.log.read_text()
        assert "running:" in said, said
        assert "serving http" in said, said
    finally:
        up.terminate()
        up.wait(20)


def test_up_says_which_part_of_it_ended_and_ends_with_a_failure(tmp_path: Path) -> None:
    """Half a gateway is none: a service manager sees that it failed, and begins both anew."""
    site = Site(tmp_path, [volume()], api={"port": free_port()})
    with site.log.open("wb") as log:
        up = subprocess.Popen([GATEWAY, "--config", site.config, "up"], stdout=log, stderr=log)
    try:
        until(lambda: up.poll() is not None or "running:" in site.log.read_text())
        [worker] = [
            one
            for one in children(up.pid)
            if b"run" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        ]
        os.kill(worker, signal.SIGKILL)
        assert up.wait(30) not in (0, None)
    finally:
        up.kill()
        up.wait()
    said = [line for line in site.log.read_text().splitlines() if "`gateway up` ends as well" in line]
    assert len(said) == 1, site.log.read_text()
    assert "`gateway run` has ended (killed by SIGKILL)" in said[0]
