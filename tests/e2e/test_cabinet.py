"""A day at the cabinet: docked, copied, lamp green, badge, lock, taken, brought back; what nobody registered."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import Session, col, select

from drivers.simulators import dock as twin
from drivers.simulators.cabinet import DockBusTwin, LockBoardTwin
from drivers.simulators.faulty_card import mounted
from drivers.simulators.serial_line import Wire, pty_pair
from gateway.models import Checkout, CustodyEvent, Device, DeviceStatus, OrderRow
from gateway.wording import sentence
from tests.e2e.site import Site

ZHANG, LI = "0A00000001", "0A00000002"
GREEN, BLINKING, AMBER, RED, BLUE = 0x01, 0x21, 0x12, 0x03, 0x04

PEOPLE = {
    "units": [{"id": "u", "name": "执法一科"}, {"id": "v", "name": "执法二科"}],
    "officers": [
        {"id": "zhang", "name": "张伟", "unit": "u", "badge": ZHANG},
        {"id": "li", "name": "李娜", "unit": "v", "badge": LI},
    ],
}


class Town:
    def __init__(self, folder: Path, kind: type[Any], port: str, **more: Any) -> None:
        self.usb = folder / "usb"
        self.usb.mkdir(parents=True)
        board = {"kind": "dockbus" if kind is DockBusTwin else "lock8a", "port": port}
        dock = {
            "id": "dock-1", "driver": "usb_dock", "unit": "u", "bays": {"1": "1-1.1", "2": "1-1.2"},
            "mounts": "mounts", "simulated": "usb", "poll_seconds": 0.1,
            "cameras": [{"id": "bwc-{serial}", "match": {"name": "H8*"}}],
        }  # fmt: skip
        cabinet = {
            "id": "cabinet-1", "driver": "serial_dock", "unit": "u", "dock": "dock-1", "board": board,
            "poll_seconds": 0.1, **more,
        }  # fmt: skip
        self.site = Site(folder, [dock, cabinet], ingest={"derive": False})

    def enter(self, *allocations: dict[str, Any]) -> None:
        file = self.site.folder / "people.yaml"
        file.write_text(yaml.safe_dump({**PEOPLE, "allocations": list(allocations)}, allow_unicode=True))
        self.site.command("devices", "import", file)

    def card(self, name: str, size: int = 1000) -> Path:
        folder = self.site.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "0001.MP4").write_bytes(os.urandom(size))
        return folder

    def dock(self, bay: int, card: Path, serial: str = "S1") -> None:
        twin.plug(self.usb, f"1-1.{bay}", card, name="H8", serial=serial)

    def pull(self, bay: int) -> None:
        twin.pull(self.usb, f"1-1.{bay}")

    def answered(self, *words: str) -> None:
        """Until the cabinet's last answer to a badge says so."""

        def says(session: Session) -> bool:
            status = session.get(DeviceStatus, ("cabinet-1", ""))
            told = sentence((status.detail.get("badge") or {}).get("why")) if status else ""
            return all(word in told for word in words)

        self.site.wait(f"the cabinet to say {words}", says)

    def lamp(self, bay: int, board: Any, value: int) -> None:
        self.site.wait(f"lamp {bay} to be {value:#x}", lambda _: board.bays[bay - 1].light == value)


@contextmanager
def town(folder: Path, kind: type[Any] = DockBusTwin, **more: Any) -> Iterator[tuple[Town, Any]]:
    handle, name = pty_pair()
    board = kind(Wire(handle), 4)
    board.start()
    try:
        yield Town(folder, kind, name, **more), board
    finally:
        board.stop()
        os.close(handle)


def allocated(device: str, **holder: str) -> dict[str, Any]:
    kind = {"kind": "POOL"} if "unit" in holder else {}
    return {"device": device, "valid_from": "2020-01-01T00:00:00+08:00", **kind, **holder}


def checkouts(session: Session) -> list[tuple[str, str, bool]]:
    rows = session.exec(select(Checkout).order_by(col(Checkout.out_at))).all()
    return [(row.device_id, row.officer_id, row.in_at is not None) for row in rows]


def test_a_day_at_the_cabinet(tmp_path: Path) -> None:
    with (
        town(tmp_path / "site") as (t, board),
        mounted(tmp_path / "slow", tmp_path / "mount") as slow,
    ):
        (slow.source / "0001.MP4").write_bytes(os.urandom(40 << 20))
        slow.set("lag=1.6s")  # until it is told to be well: the import before the badge may take its time
        with t.site.running():
            t.lamp(1, board, 0)
            t.site.wait("its bays", lambda s: s.get(DeviceStatus, ("cabinet-1", "4")))
            board.badge("FFFFFFFFFF")
            t.answered("未登记")
            board.put(1, 55)
            t.dock(1, slow.mount)
            t.lamp(1, board, AMBER)
            t.site.wait("the camera in the registry", lambda s: s.get(Device, "bwc-S1"))
            t.enter(allocated("bwc-S1", officer="zhang"))
            board.badge(ZHANG)
            t.answered("尚未采集完毕")
            slow.set()
            t.lamp(1, board, BLUE)
            board.badge(ZHANG)
            t.answered("电量 55%")
            board.put(1, 90)
            t.lamp(1, board, GREEN)
            board.badge(LI)
            t.answered("没有配备给您")
            assert all(bay.locked for bay in board.bays)

            board.badge(ZHANG)
            t.lamp(1, board, BLINKING)
            t.site.wait("the lock", lambda _: not board.bays[0].locked)
            board.badge(ZHANG)
            t.answered("已为您打开")
            board.take(1)
            t.pull(1)
            t.site.wait("a checkout", lambda s: checkouts(s) == [("bwc-S1", "zhang", False)])
            t.lamp(1, board, 0)

            board.badge(ZHANG)
            t.answered("1 号仓已开")
            t.site.wait("an empty bay to open", lambda _: board.bays[0].unlocks == 2)
            board.put(2, 40)
            t.dock(2, slow.mount)
            t.site.wait("the return", lambda s: checkouts(s) == [("bwc-S1", "zhang", True)])
            t.site.settled(2)
        t.site.verify()
        with t.site.read() as session:
            entered = [
                line.event
                for line in session.exec(
                    select(CustodyEvent)
                    .where(CustodyEvent.chain == "device:cabinet-1")
                    .order_by(col(CustodyEvent.seq))
                )
            ]
            states = [order.state.value for order in session.exec(select(OrderRow))]
    assert [event for event in entered if event.startswith("BADGE")] == [
        "BADGE_REFUSED", "BADGE_REFUSED", "BADGE_REFUSED", "BADGE_REFUSED", "BADGE_ACCEPTED", "BADGE_REFUSED",
        "BADGE_ACCEPTED",
    ]  # fmt: skip
    assert states == ["DONE", "DONE"]


def test_what_leaves_without_a_badge_is_told_of_also_if_nobody_looked(tmp_path: Path) -> None:
    with town(tmp_path / "site") as (t, board):
        with t.site.running():
            for bay, serial in ((1, "S1"), (2, "S2")):
                board.put(bay, 90)
                t.dock(bay, t.card(f"card{bay}"), serial)
            t.lamp(1, board, GREEN)
            t.lamp(2, board, GREEN)
            board.take(1, by_force=True)
            t.pull(1)
            t.lamp(1, board, RED)
        board.take(2, by_force=True)
        t.pull(2)
        with t.site.running():
            t.lamp(2, board, RED)
        with t.site.read() as session:
            assert checkouts(session) == []
            told = [
                sentence(line.detail["why"])
                for line in session.exec(
                    select(CustodyEvent).where(CustodyEvent.event == "TAKEN_UNREGISTERED")
                )
            ]
        assert len(told) == 2
        assert "bwc-S1" in told[0]
        assert "bwc-S2" in told[1]
        t.site.verify()


def test_a_gateway_killed_between_badge_and_hand_still_knows_who_took_it(tmp_path: Path) -> None:
    with town(tmp_path / "site") as (t, board):
        with t.site.running():
            board.put(1, 90)
            t.dock(1, t.card("card"))
            t.lamp(1, board, GREEN)
            t.enter(allocated("bwc-S1", unit="u"))
            board.badge(ZHANG)
            t.site.wait("the lock", lambda _: not board.bays[0].locked)
            t.site.wait(
                "it to be told", lambda s: [o.state.value for o in s.exec(select(OrderRow))] == ["DONE"]
            )
            t.site.kill()
            board.take(1)
            t.pull(1)
            t.site.start()
            t.site.wait("the checkout", lambda s: checkouts(s) == [("bwc-S1", "zhang", False)])
        assert board.bays[0].unlocks == 1, "nothing is opened again"
        t.site.verify()


@pytest.mark.parametrize("silent", [False, True])
def test_a_lock_board_knows_by_the_dock_what_was_taken(tmp_path: Path, silent: bool) -> None:
    """It has no lamp, no badge reader and no eyes; a silent one is told of, and nothing is given out."""
    reader, link = pty_pair(tmp_path / "reader")
    readers = [{"kind": "lines", "port": str(tmp_path / "reader")}]
    with town(tmp_path / "site", LockBoardTwin, readers=readers) as (t, board), t.site.running():
        t.dock(1, t.card("card"))
        t.site.settled(1)
        t.enter(allocated("bwc-S1", unit="u"))
        t.site.wait(
            "bay 1",
            lambda s: (s.get(DeviceStatus, ("cabinet-1", "1")) or DeviceStatus(device_id="")).detail.get(
                "camera"
            ),
        )
        board.jam = silent
        os.write(reader, f"{ZHANG}\r\n".encode())
        if silent:
            t.site.wait(
                "the failure", lambda s: [o.state.value for o in s.exec(select(OrderRow))] == ["FAILED"]
            )
            with t.site.read() as session:
                assert "锁没有打开" in sentence(session.exec(select(OrderRow)).one().result["reason"])  # type: ignore[index]
                assert checkouts(session) == []
        else:
            t.site.wait("the lock", lambda _: not board.bays[0].locked)
            t.pull(1)
            t.site.wait("the checkout", lambda s: checkouts(s) == [("bwc-S1", "zhang", False)])
            t.dock(2, t.card("card"))
            t.site.wait("the return", lambda s: checkouts(s) == [("bwc-S1", "zhang", True)])
    os.close(reader)
    assert link
