"""Each fault by the twin's own command line, and what the driver makes of it."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from drivers.simulators import dock_by_hand
from drivers.simulators.faulty_card import end
from gateway.device import (
    ClockRead,
    Disconnected,
    FileFound,
    FileListed,
    FoundFile,
    OffloadOpened,
    Refused,
    Release,
)
from tests.integration.test_drivers import Recorder, running
from tests.integration.test_recorders import BCPLUS, DV16
from tests.integration.test_usb_dock import CAMERA, Town, bay_states, why

ERASE = {**CAMERA, "release": "erase", "erase_without_second_copy": True}


class Dock(Town):
    """A dock whose twins are only moved by their command."""

    def hand(self, *words: str | Path) -> None:
        assert dock_by_hand.main([str(self.usb), *map(str, words)]) == 0

    def on_card(self, name: str, **files: int) -> Path:
        for file, size in files.items():
            path = self.folder / "cards" / name / "DCIM" / f"{file}.MP4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
        return self.folder / "cards" / name

    @property
    def cards(self) -> Path:
        return self.folder / "cards"


@pytest.fixture
def docks(tmp_path: Path) -> Iterator[Callable[..., Dock]]:
    made: list[Dock] = []

    def make(*cameras: dict[str, Any]) -> Dock:
        made.append(Dock(tmp_path, *cameras))
        return made[-1]

    yield make
    for mount in tmp_path.glob("usb/.cards/*/*"):
        end(mount)


def found(seen: Recorder) -> dict[str, FoundFile]:
    files = [event.found for event in seen.events if isinstance(event, FileFound)]
    return {file.path.decode(): file for file in files}


def test_a_fleet_of_cards_whose_clocks_and_names_and_room_are_wrong(
    docks: Callable[..., Dock], capsys: pytest.CaptureFixture[str]
) -> None:
    dock = docks()
    dock.hand(
        "make", dock.cards, "--count", "3", "--recordings", "1", "--seconds", "1",
        "--fault", "0001:clock=-9h", "--fault", "0002:twice=A.MP4", "--fault", "0003:full",
    )  # fmt: skip
    assert "0002: 3 files" in capsys.readouterr().out
    with running(dock.driver) as seen:
        dock.hand("fill", dock.cards)
        seen.wait(lambda seen: len(found(seen)) == 5)
    assert {event.device_id for event in seen.events if isinstance(event, OffloadOpened)} == {
        "bwc-0001", "bwc-0002", "bwc-0003",
    }  # fmt: skip
    files = found(seen)
    [jumped] = [one for one in files.values() if one.device_id == "bwc-0001"]
    assert 8.9 * 3600 < time.time() - jumped.mtime_ns / 1e9 < 9.4 * 3600
    one, other = (files[f"DCIM/{folder}/A.MP4"] for folder in ("100MEDIA", "101MEDIA"))
    assert one.edges != other.edges
    sizes = {file.device_id: file.size for path, file in files.items() if path.startswith("police")}
    assert sizes["bwc-0003"] < 0.6 * sizes["bwc-0001"], "cut in the middle, and found all the same"


def test_torn_out_after_so_many_bytes(docks: Callable[..., Dock], capsys: pytest.CaptureFixture[str]) -> None:
    dock = docks()
    dock.on_card("0001", a=300_000)
    dock.on_card("0002", a=300_000)
    with running(dock.driver) as seen:
        dock.hand("fill", dock.cards, "--fault", "1-1.2:unplug@600kB")
        seen.wait(lambda seen: len(seen.of(FileFound)) == 2)
        local = dock.folder / "mounts" / "2" / "DCIM" / "a.MP4"
        local.read_bytes()  # 196 kB of it were read already, to tell it from others
        with pytest.raises(OSError, match=r"No such file|Input/output"):
            local.read_bytes()
        seen.wait(lambda seen: seen.of(Disconnected))
        seen.wait(lambda seen: bay_states(seen, "2")[-1] == "EMPTY")
        dock.hand("plug", "1-1.4", dock.cards / "0002", "--serial", "0002", "--name", "H8")
        seen.wait(lambda seen: len(seen.of(FileFound)) == 3)
    again = [event.found for event in seen.events if isinstance(event, FileFound)]
    assert len({file.identity for file in again}) == 2, "in another bay, and well, it is the same file"
    assert [event.device_id for event in seen.events if isinstance(event, Disconnected)] == ["bwc-0002"]
    dock.hand("pull", "1-1.2")
    capsys.readouterr()
    dock.hand("show")
    assert capsys.readouterr().out.split("\n")[:-1] == ["1-1.1  H8 0001", "1-1.4  H8 0002"]


def test_a_read_error_is_told_of_that_file_alone(docks: Callable[..., Dock]) -> None:
    dock = docks()
    card = dock.on_card("0001", a=300_000, b=1000)
    with running(dock.driver) as seen:
        dock.hand("plug", "1-1.1", card, "--serial", "0001", "--name", "H8", "--fault", "eio@200kB")
        seen.wait(lambda seen: seen.of(FileListed))
        seen.wait(lambda seen: found(seen).keys() == {"DCIM/b.MP4"})
    [listed] = [event for event in seen.events if isinstance(event, FileListed)]
    assert (listed.path, listed.why["code"]) == (b"DCIM/a.MP4", "listed.unreadable")


@pytest.mark.parametrize(("word", "second"), [("flip@100kB", Release.DONE), ("rot@100kB", None)])
def test_a_bit_that_is_wrong_is_never_erased(
    docks: Callable[..., Dock], word: str, second: Release | None
) -> None:
    """A cable bends it once, a worn card always; byte 100 000 is in none of the edges that tell a file."""
    dock = docks(ERASE)
    card = dock.on_card("0001", a=400_000)
    true = hashlib.sha256((card / "DCIM" / "a.MP4").read_bytes()).hexdigest()
    with running(dock.driver) as seen:
        dock.hand("plug", "1-1.1", card, "--serial", "0001", "--name", "H8", "--fault", word)
        seen.wait(lambda seen: found(seen))
        [file] = found(seen).values()
        with pytest.raises(Refused) as no:
            dock.driver.release(file, true)
        assert no.value.reason["code"] == "release.source_differs"
        assert (card / "DCIM" / "a.MP4").exists()
        if second is None:
            with pytest.raises(Refused):
                dock.driver.release(file, true)
            dock.hand("fault", "1-1.1")
        assert dock.driver.release(file, true) is Release.DONE
    assert not (card / "DCIM" / "a.MP4").exists()


def test_a_full_card_takes_nothing_and_can_still_be_emptied(docks: Callable[..., Dock]) -> None:
    dock = docks(ERASE)
    card = dock.on_card("0001", a=1000)
    with running(dock.driver) as seen:
        dock.hand("plug", "1-1.1", card, "--serial", "0001", "--name", "H8", "--fault", "full")
        seen.wait(lambda seen: found(seen))
        mount = dock.folder / "mounts" / "1"
        assert os.statvfs(mount.resolve()).f_bavail == 0
        with pytest.raises(OSError, match="No space left"):
            (mount / "b.MP4").write_bytes(b"x")
        [file] = found(seen).values()
        true = hashlib.sha256((card / "DCIM" / "a.MP4").read_bytes()).hexdigest()
        assert dock.driver.release(file, true) is Release.DONE


def test_cards_behind_one_hub_share_its_rate_and_a_slow_card_has_its_own(docks: Callable[..., Dock]) -> None:
    dock = docks()
    for name in ("0001", "0002"):
        dock.on_card(name, a=500_000)

    def seconds(*ports: str) -> float:
        files = [dock.usb / port / "card" / "DCIM" / "a.MP4" for port in ports]
        began = time.monotonic()
        with ThreadPoolExecutor() as pool:
            assert [len(content) for content in pool.map(Path.read_bytes, files)] == [500_000] * len(ports)
        return time.monotonic() - began

    dock.hand("fill", dock.cards, "--fault", "hub=1MB/s")
    assert seconds("1-1.1", "1-1.2") > 0.9, "together a megabyte"
    dock.hand("fault", "1-1.1", "slow=1MB/s")
    dock.hand("fault", "1-1.2", "slow=1MB/s")
    assert seconds("1-1.1", "1-1.2") > 0.4, "each by itself"


RECORDERS = {
    "password": "recorder.wrong_password",
    "battery=5": "recorder.low_battery",
    "nocard": "recorder.no_card",
    "deaf": "recorder.no_answer",
    "stuck": "recorder.not_back",
}


def test_recorders_and_why_they_stay_locked(docks: Callable[..., Dock]) -> None:
    """Four bays at once; the fifth word takes the first bay again."""
    dock = docks(DV16)
    bays = {str(number): word for number, word in enumerate(RECORDERS, 1)}
    last = bays.pop("5")
    with running(dock.driver) as seen:
        for bay, word in bays.items():
            card = dock.on_card(f"000{bay}", a=100)
            dock.hand(
                "plug", f"1-1.{bay}", card, "--recorder", "dv16", "--serial", f"S{bay}", "--fault", word,
                "--identity", f"H8-{bay},130501,张伟,130500,局",
            )  # fmt: skip
        for bay, word in bays.items():
            seen.wait(lambda seen, bay=bay: "FAULT" in bay_states(seen, bay))  # type: ignore[misc]
            assert why(seen, bay) == RECORDERS[word]
        dock.hand("pull", "1-1.1")
        seen.wait(lambda seen: bay_states(seen, "1")[-1] == "EMPTY")
        dock.hand(
            "plug", "1-1.1", dock.cards / "0001", "--recorder", "dv16", "--serial", "T", "--fault", last
        )
        seen.wait(lambda seen: bay_states(seen, "1").count("FAULT") == 2)
    assert seen.found() == []


def test_a_recorder_whose_clock_is_wrong_and_whose_card_breaks(docks: Callable[..., Dock]) -> None:
    dock = docks(BCPLUS)
    card = dock.on_card("0001", a=300_000, b=1000)
    with running(dock.driver) as seen:
        dock.hand(
            "plug", "1-1.1", card, "--recorder", "bcplus", "--fault", "clock=-9h", "--fault", "eio@200kB"
        )
        seen.wait(lambda seen: seen.of(FileListed))
        seen.wait(lambda seen: found(seen))
    [reading] = [event for event in seen.events if isinstance(event, ClockRead)]
    assert abs((reading.device_time - reading.at).total_seconds() + 9 * 3600) < 3
    assert found(seen).keys() == {"DCIM/b.MP4"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plug", "1-1.1", "nowhere"), "which folder is the card"),
        (("plug", "1-1.1", ".", "--fault", "battery=5"), "is for recorders"),
        (("plug", "1-1.1", ".", "--recorder", "dv16", "--fault", "clock=1h"), "cannot tell its clock"),
        (("pull", "1-1.1"), "nothing is in 1-1.1"),
        (("fault", "1-1.1", "eio@0"), "plug a card with --fault first"),
        (("fill", "nowhere"), "No such file"),
    ],
)
def test_a_hand_that_slips_is_told(
    tmp_path: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        dock_by_hand.main([str(tmp_path / "usb"), *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
