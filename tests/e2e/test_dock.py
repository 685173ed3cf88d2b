"""The installed gateway with a dock of twins: torn out, put into another bay, strangers, receipts."""

import os
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from api.equipment import DeviceOut
from api.v1.devices import in_bays
from drivers.simulators import dock as twin
from drivers.simulators.faulty_card import mounted
from gateway.models import CustodyEvent, Device, DeviceStatus, Finding, Original, Receipt, Work
from gateway.wording import sentence
from tests.e2e.site import Site
from tests.e2e.test_bad_input import sha256


def dock(**more: Any) -> dict[str, Any]:
    return {
        "id": "dock-1", "driver": "usb_dock", "bays": {"1": "1-1.1", "2": "1-1.2", "3": "1-1.3"},
        "mounts": "mounts", "simulated": "usb", "poll_seconds": 0.1,
        "cameras": [{"id": "bwc-{serial}", "match": {"name": "H8*"}, **more}],
    }  # fmt: skip


def site_with(folder: Path, **more: Any) -> Site:
    (folder / "usb").mkdir(parents=True)
    return Site(folder, [dock(**more)], ingest={"derive": False})


def test_torn_out_in_the_middle_and_put_into_another_bay(tmp_path: Path) -> None:
    """One clip, bit-exact, resumed from the prefix; no attempt is spent; both receipts tell what they know."""
    site = site_with(tmp_path / "site")
    usb = site.folder / "usb"
    with mounted(tmp_path / "card", tmp_path / "mount") as card:
        original = card.source / "DCIM" / "0001.MP4"
        original.parent.mkdir()
        original.write_bytes(os.urandom(150 << 20))
        card.set("lag=0.016s")
        with site.running():
            twin.plug(usb, "1-1.1", card.mount, name="H8", serial="S1")
            site.wait("half copied", lambda s: any(w.done_bytes > 70 << 20 for w in s.exec(select(Work))))
            card.set("gone")
            twin.pull(usb, "1-1.1")
            site.wait("waiting", lambda s: s.exec(select(Work)).one().waiting)
            card.set()
            twin.plug(usb, "1-1.3", card.mount, name="H8", serial="S1")
            site.settled(1)
            twin.pull(usb, "1-1.3")
            receipts = site.wait("both receipts", lambda s: sealed(s, 2))
        [(clip, kept)] = site.clips().values()
        assert kept.sha256 == sha256(original)
    assert clip.device_id == "bwc-S1"
    assert "going on at byte" in site.log.read_text()
    with site.read() as session:
        assert [work.failures for work in session.exec(select(Work))] == [0, 0]
        assert len(session.exec(select(Finding)).all()) == 2
    assert site.events(kept.id).count("ACQUIRED") == 1
    assert receipts[-1].body["stored"]["files"] == 1
    site.verify()


def sealed(session: Any, count: int) -> Any:
    found = session.exec(select(Receipt).order_by(col(Receipt.sealed_at))).all()
    return found if len({receipt.offload_id for receipt in found}) >= count else None


def test_a_strangers_stick_is_in_the_chain_and_not_in_the_store(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site")
    usb = site.folder / "usb"
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "holiday.mp4").write_bytes(b"private")
    with site.running():
        site.wait("the dock is there", lambda s: s.get(DeviceStatus, ("dock-1", "2")))
        twin.plug(usb, "1-1.2", tmp_path / "stick", name="DataTraveler", serial="X")
        told = select(CustodyEvent).where(CustodyEvent.event == "STRANGER_REFUSED")
        event = site.wait("reported", lambda s: s.exec(told).first())
        status = site.wait("shown", lambda s: s.get(DeviceStatus, ("dock-1", "2")))
    assert event.detail["seen"]["serial"] == "X"
    assert status.detail["state"] == "STRANGER"
    assert "未登记" in sentence(status.detail["why"])
    assert site.originals() == {}
    with site.read() as session:
        assert [device.id for device in session.exec(select(Device))] == ["dock-1"]
    site.verify()


def test_a_camera_that_is_named_is_allocated_before_it_was_ever_docked(tmp_path: Path) -> None:
    """A unit enters who has what on its first day; what it changes there, a restart does not change back."""
    named = {"id": "cam-01", "name": "记录仪 01", "match": {"serial": "S1"}}
    site = Site(
        tmp_path / "site", [dock() | {"unit": "u", "cameras": [named, {**named, "id": "b-{serial}"}]}]
    )
    registry = tmp_path / "registry.yaml"
    registry.write_text(
        "officers: [{id: zhang, name: 张, unit: u}]\n"
        "devices: [{id: cam-01, serial_no: S1, status: REPAIR}]\n"
        "allocations: [{device: cam-01, kind: PERSONAL, officer: zhang, valid_from: 2026-01-01T00:00:00+08:00}]\n"
    )
    site.command("devices", "import", registry)
    site.command("devices")
    with site.read() as session:
        camera = session.get_one(Device, "cam-01")
        assert (camera.name, camera.unit_id, camera.driver) == ("记录仪 01", "u", "usb_dock")
        assert camera.status == "REPAIR"
        assert sorted(device.id for device in session.exec(select(Device))) == ["cam-01", "dock-1"]


def test_a_docked_camera_is_emptied_once_both_copies_agree(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "usb").mkdir(parents=True)
    erases = dock(release="erase", erase_without_second_copy=True)  # here, both copies lie on one disk
    site = Site(folder, [erases], store={"second_copy": "second", "reserve_mb": 1})
    card = tmp_path / "card"
    card.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (card / name).write_bytes(os.urandom(10_000))
    with site.running():
        twin.plug(folder / "usb", "1-1.1", card, name="H8", serial="S1")
        site.wait("emptied", lambda _: not list(card.iterdir()))
        site.wait("still docked", lambda s: s.get(DeviceStatus, ("bwc-S1", "1")).present)
        twin.pull(folder / "usb", "1-1.1")
        site.wait("left", lambda s: not s.get(DeviceStatus, ("bwc-S1", "1")).present)
    site.verify()


def test_a_full_camera_does_not_keep_the_next_bay_waiting(tmp_path: Path) -> None:
    """Both are copied at once; the operator sees how far each is; important files come first."""
    site = site_with(tmp_path / "site")
    usb = site.folder / "usb"
    quick = tmp_path / "quick"
    quick.mkdir()
    (quick / "0001.MP4").write_bytes(os.urandom(1 << 20))
    with mounted(tmp_path / "card", tmp_path / "mount") as slow:
        names = [f"{number:04}{'_IMP' if number == 40 else ''}.MP4" for number in range(1, 41)]
        for name in names:
            (slow.source / name).write_bytes(os.urandom(4 << 20))
        slow.set("lag=0.16s")
        with site.running():
            twin.plug(usb, "1-1.1", slow.mount, name="H8", serial="slow")
            site.wait(
                "a first file",
                lambda s: s.exec(select(Original).where(Original.state == "PRESERVED")).first(),
            )
            twin.plug(usb, "1-1.2", quick, name="H8", serial="quick")
            site.wait("the quick one", lambda s: preserved(s, "bwc-quick") == ["0001.MP4"])
            with site.read() as session:
                found_at = session.exec(select(Finding.seen_at).where(Finding.device_id == "bwc-quick")).one()
                acquired = session.exec(
                    select(Original.acquired_at).where(Original.device_id == "bwc-slow")
                ).all()
                between = sum(1 for at in acquired if at is not None and at > found_at)
            assert between < 8, "it did not have to wait for the other camera"
            with site.read() as session:
                statuses = session.exec(select(DeviceStatus)).all()
                at_dock = [status for status in statuses if status.device_id == "dock-1"]
                dock_now = session.get_one(Device, "dock-1")
                bays = {
                    bay.bay: bay for bay in DeviceOut.of(dock_now, at_dock, in_bays(session, statuses)).bays
                }
            first, second = bays["1"].progress, bays["2"].progress
            assert first is not None
            assert second is not None
            assert second.is_done
            assert second.eta_s == 0
            assert (first.files, first.is_done) == (40, False)
            assert 0 < first.ended < 40
            assert first.eta_s is None or 1 < first.eta_s < 600
            assert "已完成" in site.command("devices")
            slow.set()
            site.settled(41)
        with site.read() as session:
            assert names[-1] in preserved(session, "bwc-slow")[:6]


def preserved(session: Session, device: str) -> list[str]:
    """Names in the order in which they were safe."""
    found = session.exec(
        select(Original)
        .where(Original.device_id == device, Original.state == "PRESERVED")
        .order_by(col(Original.acquired_at))
    )
    return [original.name for original in found]
