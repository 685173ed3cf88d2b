"""The installed gateway with MTP cameras: pulled, torn out, killed, stopped, emptied; the spool is left empty."""

import json
import os
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from drivers.simulators import dock as twin
from gateway.models import CustodyEvent, DeviceStatus, Finding, Original, State, Work
from tests.e2e.site import Site
from tests.e2e.test_bad_input import sha256
from tests.e2e.test_dock import dock, sealed

SLOW = {"lag_s": 0.03}
"""For each MiB."""


def plug(usb: Path, port: str, card: Path, **script: object) -> None:
    twin.plug(usb, port, card, name="H8", serial="S1", interfaces=("06",))
    (usb / port / "mtp.json").write_text(json.dumps(script))


def camera(folder: Path, *sizes: int) -> Path:
    for number, size in enumerate(sizes, 1):
        path = folder / "DCIM" / f"{number:04}.MP4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    return folder


def at_work(byte: int) -> Any:
    return lambda s: any(work.done_bytes > byte for work in s.exec(select(Work)))


def lying(site: Site) -> list[Path]:
    return list((site.settings.data / "mtp").iterdir())


def site_with(folder: Path, **more: Any) -> Site:
    (folder / "usb").mkdir(parents=True)
    return Site(folder, [dock(**more) | {"reserve_mb": 1}], ingest={"derive": False}, store={"reserve_mb": 1})


def test_torn_out_killed_and_put_into_another_bay(tmp_path: Path) -> None:
    """One clip, bit-exact, each time from the prefix; no attempt is spent; known at the next docking."""
    site = site_with(tmp_path / "site")
    usb = site.folder / "usb"
    card = camera(tmp_path / "card", 150 << 20)
    with site.running():
        plug(usb, "1-1.1", card, **SLOW)
        site.wait("begun", at_work(10 << 20))
        twin.pull(usb, "1-1.1")
        waiting = site.wait("waiting", lambda s: s.exec(select(Work)).one().waiting)
        assert waiting["code"] == "wait.source_gone"
        plug(usb, "1-1.3", card, **SLOW)
        site.wait("gone on", at_work(80 << 20))
        site.kill()
        site.start()
        site.settled(1)
        twin.pull(usb, "1-1.3")
        site.wait("three receipts", lambda s: sealed(s, 3))
        plug(usb, "1-1.2", card)
        site.wait("known", lambda s: len(s.exec(select(Finding)).all()) >= 4)
        twin.pull(usb, "1-1.2")
        site.wait("all receipts balance", lambda s: balanced(s, 4))
    [(clip, kept)] = site.clips().values()
    assert kept.sha256 == sha256(card / "DCIM" / "0001.MP4")
    assert clip.device_id == "bwc-S1"
    assert site.log.read_text().count("going on at byte") >= 2
    assert site.events(kept.id).count("ACQUIRED") == 1
    assert lying(site) == []
    with site.read() as session:
        assert {work.failures for work in session.exec(select(Work))} == {0}
    site.verify()


def balanced(session: Session, offloads: int) -> bool:
    """Of each docking, the last account says: listed = received = stored."""
    last = {one.offload_id: one.body for one in sealed(session, offloads) or ()}
    return len(last) == offloads and all(
        one["listed"] == one["received"] == one["stored"] and one["listed"]["files"] for one in last.values()
    )


def test_a_stop_amid_a_transfer(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site")
    usb = site.folder / "usb"
    card = camera(tmp_path / "card", 150 << 20, 150 << 20)
    site.start()
    plug(usb, "1-1.1", card, **SLOW)
    site.wait("begun", at_work(5 << 20))
    assert site.stop() < 2.5
    with site.running():
        twin.pull(usb, "1-1.1")
        plug(usb, "1-1.1", card)
        site.settled(2)
    assert lying(site) == []
    site.verify()


def test_a_camera_is_emptied_and_each_erasure_is_on_record_before_it_begins(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", release="erase", erase_without_second_copy=True)
    usb = site.folder / "usb"
    card = camera(tmp_path / "card", 10_000, 20_000, 30_000)
    with site.running():
        plug(usb, "1-1.1", card)
        site.wait("emptied", lambda _: not list((card / "DCIM").iterdir()))
        site.wait("told", lambda s: released(s) >= 3)
        site.wait("still docked", lambda s: s.get(DeviceStatus, ("bwc-S1", "1")).present)
    with site.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.chain == "device:bwc-S1")).all()
        told = [line.event for line in sorted(lines, key=lambda line: line.seq) if "RELEASE" in line.event]
        assert [one for one in told if one != "RELEASE_DUE"] == ["RELEASE_BEGUN", "RELEASED"] * 3
        assert {one.state for one in session.exec(select(Original))} == {State.PRESERVED}
    site.verify()


def released(session: Session) -> int:
    return len(session.exec(select(CustodyEvent).where(CustodyEvent.event == "RELEASED")).all())
