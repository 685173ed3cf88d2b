"""Spools where the settings cannot be written, as under the shipped unit; and one that lay beside them before."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.models import State
from tests.e2e.site import Site
from tests.e2e.test_bad_input import needs_root
from tests.integration.ftp_site import PASSWORD, client, settings_for


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """As ProtectSystem=strict makes it."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def ftp_site(folder: Path, port: int) -> Site:
    receiver: dict[str, Any] = {
        "id": "ftp", "driver": "ftp_receiver", "port": port, "reserve_mb": 1, "scan_seconds": 0.2,
        "rest_seconds": 0.2, "cameras": [{"id": "room-1", "password": PASSWORD}],
    }  # fmt: skip
    site = Site(folder / "etc", [receiver], data=str(folder / "lib"), ingest={"derive": False})
    site.log = folder / "run.log"
    return site


@needs_root
def test_settings_that_nobody_may_write(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    site = ftp_site(tmp_path, settings.port)
    with read_only(site.folder):
        assert "good" in site.command("check")
        with site.running():
            site.wait("listening", lambda _: "CONNECTED" in site.events("ftp"))
            with client(settings) as line:
                line.storbinary("STOR a.dav", io.BytesIO(b"DHAV"))
            site.settled(1)
        site.verify()


def test_what_an_older_version_left_beside_the_settings(tmp_path: Path) -> None:
    """Named by check and by run until it was moved as told; then it is taken in."""
    site = ftp_site(tmp_path, settings_for(tmp_path).port)
    old = site.folder / "ftp"
    (old / "home" / "room-1").mkdir(parents=True)
    (old / "home" / "room-1" / "a.dav").write_bytes(b"DHAV")
    assert f"1 files lie in {old}" in site.command("check", expect=1)
    with site.running():
        site.wait("the listener", lambda _: "CONNECTED" in site.events("ftp"))
    assert f"1 files lie in {old}" in site.log.read_text()
    assert site.originals() == {}
    new = site.settings.data / "ftp"
    new.rename(new.with_name("empty"))
    old.rename(new)
    site.command("check")
    with site.running():
        site.settled(1)
    [original] = site.originals().values()
    assert original.state is State.PRESERVED
    site.verify()
