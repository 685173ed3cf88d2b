"""Erasing a camera's files: each is on record before and after, whatever ends the gateway between."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from drivers.release import erase
from drivers.simulators.faulty_card import mounted
from drivers.volume import Volume, mark_of
from gateway import audit, receipts
from gateway.config.devices import VolumeSettings
from gateway.daemon.keeping import Held
from gateway.daemon.releases import Releases
from gateway.database import Database
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceUnavailable,
    Emit,
    FoundFile,
    MediaKind,
    Order,
    OrderResult,
    Release,
)
from gateway.intake.devices import enter_device
from gateway.intake.events import store_one
from gateway.models import (
    RELEASING,
    CustodyEvent,
    Device,
    Finding,
    Offload,
    Original,
    Policy,
    ReleaseState,
    State,
    now,
)
from gateway.offloads import progress
from gateway.supervisor import Supervisor
from tests.patience import until


class Bench:
    """One camera, its driver and supervisor, and what the daemon does of releases; no copying."""

    def __init__(self, database: Database, card: Path, policy: str = "erase") -> None:
        self.database, self.card = database, card
        self.held = Held.WHOLE
        """What is found of each file in the stores."""
        self.settings = VolumeSettings.model_validate(
            {"id": "cam", "driver": "volume", "path": card, "poll_seconds": 0.05, "release": policy}
        )
        with database.write() as session:
            enter_device(session, "cam", "body_camera", self.settings.entry() | {"driver": "volume"}, "test")

    def emit(self, *events: DeviceEvent) -> None:
        with self.database.write() as session:
            for event in events:
                store_one(session, event, "host", "host-run")

    @contextmanager
    def docked(self, make: Callable[[VolumeSettings], Volume] = Volume) -> Iterator[Supervisor]:
        """From one docking to its end, as after a start of the gateway."""
        before, stop = self.offloads(), threading.Event()
        keeper = Supervisor("cam", make(self.settings), self.emit, stop)
        keeper.start()
        try:
            self.wait(lambda _: self.offloads() > before and self.all_found())
            yield keeper
        finally:
            stop.set()
            keeper.join(5)
            with self.database.write() as session:
                for offload in session.exec(select(Offload).where(col(Offload.closed_at).is_(None))):
                    offload.closed_at = offload.opened_at

    def offloads(self) -> set[str]:
        with self.database.read() as session:
            return set(session.exec(select(Offload.id)))

    def all_found(self) -> bool:
        with self.database.read() as session:
            newest = session.exec(select(Offload).order_by(col(Offload.id).desc())).first()
            assert newest is not None
            found = session.exec(select(Finding.path).where(Finding.offload_id == newest.id)).all()
            return len(found) == len(newest.listing)

    def preserve(self) -> None:
        """All that was found is safe, and twice."""
        with self.database.write() as session:
            for finding in session.exec(select(Finding).where(col(Finding.release).is_(None))):
                if finding.original_id is None:
                    continue
                original = session.get_one(Original, finding.original_id)
                content = (self.card / os.fsdecode(finding.path)).read_bytes()
                original.state, original.second_copy = State.PRESERVED, True
                original.sha256 = hashlib.sha256(content).hexdigest()
                finding.release = ReleaseState.DUE

    def releases(self, keeper: Supervisor, *, apart: bool = True) -> Releases:
        return Releases(
            self.database, {"cam": keeper}, has_second_copies=True, are_apart=lambda: apart, holds=self.holds
        )

    def holds(self, original: Original, *, twice: bool) -> Held:
        assert original.sha256
        assert twice
        return self.held

    def wait(self, holds: Callable[[Session], object]) -> None:
        def held() -> object:
            with self.database.read() as session:
                return holds(session)

        until(held)

    def released(self) -> list[tuple[str, str]]:
        """(how, why) of each release in the camera's chain, in order."""
        with self.database.read() as session:
            lines = session.exec(
                select(CustodyEvent).where(CustodyEvent.event == "RELEASED").order_by(col(CustodyEvent.seq))
            )
            return [(line.detail["how"], line.detail["why"]["code"]) for line in lines]

    def states(self) -> list[str]:
        with self.database.read() as session:
            found = session.exec(select(Finding).order_by(col(Finding.id)))
            return [str(finding.release) for finding in found]


def none_open(session: Session) -> bool:
    return session.exec(select(Finding.id).where(col(Finding.release).in_(RELEASING))).first() is None


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return filled(tmp_path / "card", 3)


def filled(card: Path, count: int) -> Path:
    card.mkdir()
    for number in range(count):
        (card / f"{number:04}.MP4").write_bytes(os.urandom(1000))
    (card / "keep.dat").write_bytes(b"")  # listed, never erased: the card is not empty then
    return card


def test_each_erasure_is_on_record_before_it_begins_and_before_the_next(
    database: Database, card: Path
) -> None:
    bench = Bench(database, card)
    seen: list[tuple[int, int]] = []

    class Watched(Volume):
        def release(self, found: FoundFile, sha256: str) -> Release:
            with database.read() as session:
                lines = session.exec(select(CustodyEvent.event)).all()
            seen.append((lines.count("RELEASE_BEGUN"), lines.count("RELEASED")))
            return super().release(found, sha256)

    with bench.docked(Watched) as keeper:
        bench.preserve()
        bench.releases(keeper).hand_out()
        bench.wait(none_open)
    assert seen == [(1, 0), (2, 1), (3, 2)]
    assert bench.released() == [("DONE", "release.erased")] * 3
    assert [path.name for path in card.iterdir()] == ["keep.dat"]
    with database.read() as session:
        assert list(audit.chains(session)) == []


@pytest.mark.parametrize(("policy", "left"), [("erase", 4), ("erase_single", 1)])
def test_with_both_copies_on_one_disk_files_stay_unless_the_policy_says_it_in_words(
    database: Database, card: Path, policy: str, left: int
) -> None:
    """The camera is done all the same: nobody waits for ever, and the reason stands with each file."""
    bench = Bench(database, card)
    with database.write() as session:
        session.get_one(Device, "cam").release = Policy(policy)
    with bench.docked() as keeper:
        bench.preserve()
        bench.releases(keeper, apart=False).hand_out()
        bench.wait(none_open)
    kept = policy == "erase"
    assert bench.released() == [("KEPT", "release.one_disk") if kept else ("DONE", "release.erased")] * 3
    assert len(list(card.iterdir())) == left
    with database.read() as session:
        whys = [(one.why or {}).get("code") for one in session.exec(select(Finding)) if one.original_id]
        assert whys == (["release.one_disk"] * 3 if kept else [None] * 3)
        assert list(audit.chains(session)) == []


@pytest.mark.parametrize("held", [Held.AWAY, Held.UNREAD, Held.LOST])
def test_what_the_stores_do_not_hold_stays_on_the_card_until_they_do(
    database: Database,
    card: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    held: Held,
) -> None:
    monkeypatch.setattr("gateway.daemon.releases.AGAIN_S", 0.0)
    bench = Bench(database, card)
    with bench.docked() as keeper:
        bench.preserve()
        bench.held = held
        releases = bench.releases(keeper)
        releases.hand_out()
        bench.wait(lambda _: not releases.under_way)
        assert (bench.released(), bench.states(), len(list(card.iterdir()))) == (
            [],
            ["DUE"] * 3 + ["None"],
            4,
        )
        told = [one for one in caplog.messages if "a store is not there" in one]
        assert len(told) == (held is Held.AWAY), "once, not for each file"
        bench.held = Held.WHOLE
        releases.hand_out()
        bench.wait(none_open)
    assert bench.released() == [("DONE", "release.erased")] * 3


class Torn(Volume):
    """Erases the file; the gateway is killed before that is written down."""

    def release(self, found: FoundFile, sha256: str) -> Release:
        super().release(found, sha256)
        raise RuntimeError("killed")


def test_what_was_erased_right_before_a_kill_is_told_of_at_the_next_docking(
    database: Database, card: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(database, card)
    with bench.docked(Torn) as keeper:
        bench.preserve()
        bench.releases(keeper).hand_out()
        bench.wait(lambda _: not (card / "0000.MP4").exists())
    assert "killed" in caplog.text
    assert bench.states()[:3].count("BEGUN") == 1
    (card / "0001.MP4").unlink()  # by somebody else
    with bench.docked() as keeper:
        releases = bench.releases(keeper)
        releases.hand_out()
        bench.wait(none_open)
    assert sorted(bench.released()) == [
        ("DONE", "release.erased"), ("DONE", "release.erased_unrecorded"), ("GONE", "release.source_gone"),
    ]  # fmt: skip


def test_a_name_that_went_though_its_folder_would_not_sync_is_not_gone_by_itself(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.daemon.releases.AGAIN_S", 0.0)
    with mounted(tmp_path / "faulty", tmp_path / "mount", "--erasable") as faulty:
        for name in ("0000.MP4", "keep.dat"):
            (faulty.source / name).write_bytes(os.urandom(1000) if name == "0000.MP4" else b"")
        bench = Bench(database, faulty.mount)
        with bench.docked() as keeper:
            bench.preserve()
            faulty.set("unsynced")
            releases = bench.releases(keeper)
            releases.hand_out()
            bench.wait(lambda _: not (faulty.source / "0000.MP4").exists() and not releases.under_way)
            assert bench.released() == []
            releases.hand_out()
            bench.wait(none_open)
    assert bench.released() == [("DONE", "release.erased_unrecorded")]
    assert not caplog.records, "a card that fails is no fault of the driver"


def test_a_card_that_does_not_say_again_what_we_keep_is_not_green(database: Database, tmp_path: Path) -> None:
    """One of the two readings was wrong, and nobody can tell which: the file stays, and a person has to look."""
    with mounted(tmp_path / "faulty", tmp_path / "mount", "--erasable") as faulty:
        (faulty.source / "0000.MP4").write_bytes(os.urandom(1_000_000))
        (faulty.source / "keep.dat").write_bytes(b"")
        bench = Bench(database, faulty.mount)
        with bench.docked() as keeper:
            bench.preserve()
            faulty.set("rot@500000")
            bench.releases(keeper).hand_out()
            bench.wait(none_open)
            with database.read() as session:
                offload = session.exec(select(Offload)).one()
                seen = progress(session, offload)
                body = receipts.body(session, offload)
    assert bench.released() == [("KEPT", "release.source_differs")]
    assert (faulty.source / "0000.MP4").exists()
    assert (seen.set_aside, seen.is_done) == (1, False)
    assert "release.source_differs" in {(line["why"] or {}).get("code") for line in body["files"]}


def test_a_bit_that_a_cable_bent_is_found_by_a_second_reading(database: Database, tmp_path: Path) -> None:
    """`release: check`: read once more before it is green, and left; `keep` would not notice."""
    with mounted(tmp_path / "faulty", tmp_path / "mount") as faulty:
        for name in ("0000.MP4", "0001.MP4"):
            (faulty.source / name).write_bytes(os.urandom(1_000_000))
        bench = Bench(database, faulty.mount, policy="check")
        with bench.docked() as keeper:
            faulty.set("flip@500000")
            bench.preserve()
            with database.read() as session:
                assert progress(session, session.exec(select(Offload)).one()).to_release == 2
            bench.releases(keeper).hand_out()
            bench.wait(none_open)
            with database.read() as session:
                seen = progress(session, session.exec(select(Offload)).one())
    assert sorted(bench.released()) == [("KEPT", "release.source_differs")] * 2
    assert (seen.set_aside, seen.to_release, seen.is_done) == (2, 0, False)
    assert {path.name for path in faulty.source.iterdir()} == {"0000.MP4", "0001.MP4"}


def test_a_stop_ends_the_second_reading_and_leaves_the_file(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "0001.MP4").write_bytes(content)
    found = FoundFile(
        device_id="cam", path=b"0001.MP4", local=Path(), size=len(content), mtime_ns=1, kind=MediaKind.VIDEO,
        edges="",
    )  # fmt: skip
    stop = threading.Event()
    stop.set()
    sha256 = hashlib.sha256(content).hexdigest()
    with pytest.raises(DeviceUnavailable, match=r"release\.stopped"):
        erase(tmp_path, found, sha256, stop)
    assert (tmp_path / "0001.MP4").exists()
    assert erase(tmp_path, found, sha256, threading.Event()) is Release.DONE


def test_where_nothing_is_erased_nothing_is_begun(database: Database, card: Path) -> None:
    bench = Bench(database, card, "keep")
    with bench.docked() as keeper:
        bench.preserve()
        bench.releases(keeper).hand_out()
        bench.wait(none_open)
    assert bench.states() == ["KEPT"] * 3 + ["None"]
    with database.read() as session:
        assert "RELEASE_BEGUN" not in session.exec(select(CustodyEvent.event)).all()


def stale(database: Database, count: int, volume: str) -> None:
    """Findings of an earlier docking that nobody let go of."""
    with database.write() as session:
        session.add(Offload(id="0", device_id="cam", volume=volume, opened_at=now(), closed_at=now()))
        session.flush()
        for number in range(count):
            original = Original(
                device_id="cam", name="x", suffix=".mp4", size=1, state=State.PRESERVED, sha256=f"{number:064}",
                second_copy=True,
            )  # fmt: skip
            session.add(original)
            session.flush()
            session.add(
                Finding(
                    id=f"{number:032}", device_id="cam", offload_id="0", path=b"old/%d" % number, name="x",
                    size=1, mtime_ns=0, volume=volume, identity=f"old-{number}", disposition="CLIP",
                    original_id=original.id, release=ReleaseState.DUE,
                )
            )  # fmt: skip


def test_a_thousand_files_of_another_card_hold_nothing_up_and_stay_due(
    database: Database, card: Path
) -> None:
    bench = Bench(database, card)
    stale(database, 1000, "another card")
    with bench.docked() as keeper:
        bench.preserve()
        bench.releases(keeper).hand_out()
        bench.wait(lambda _: len(bench.released()) == 3)
    assert bench.released() == [("DONE", "release.erased")] * 3
    assert bench.states().count("DUE") == 1000


def test_what_an_earlier_docking_left_and_is_gone_ends_after_what_lies_there_now(
    database: Database, card: Path
) -> None:
    bench = Bench(database, card)
    stale(database, 40, "")
    with bench.docked() as keeper:
        bench.preserve()
        bench.releases(keeper).hand_out()
        bench.wait(none_open)
    assert bench.released() == [("DONE", "release.erased")] * 3 + [("GONE", "release.source_gone")] * 40


def test_a_file_below_a_folder_that_cannot_be_read_is_not_called_gone(tmp_path: Path) -> None:
    driver = Volume(VolumeSettings(id="cam", driver="volume", path=tmp_path, release="erase"))
    driver.docked, driver.mark = "now", mark_of(tmp_path)
    found = FoundFile(
        device_id="cam", path=b"DCIM/100/1.MP4", local=Path(), size=1, mtime_ns=1, kind=MediaKind.VIDEO,
        edges="", offload="before",
    )  # fmt: skip
    driver.listing = frozenset({b"DCIM/100"})
    with pytest.raises(DeviceUnavailable, match=r"release\.earlier"):
        driver.release(found, "")
    driver.listing = frozenset({b"DCIM/1"})
    assert driver.release(found, "") is Release.GONE


def test_what_was_asked_in_vain_is_passed_over_however_much_there_is(database: Database, card: Path) -> None:
    """A card of which six hundred files cannot be read: the others are let go all the same."""
    bench = Bench(database, card)
    stale(database, 700, "")
    with bench.docked() as keeper:
        bench.preserve()
        releases = bench.releases(keeper)
        releases.asked = {f"{number:032}": time.monotonic() + 60 for number in range(699)}
        releases.hand_out()
        bench.wait(lambda _: len(bench.released()) == 4)
        assert bench.states()[:700].count("DUE") == 699


class Dock:
    """Two cameras behind one driver; one of them takes for ever to be read again."""

    def __init__(self) -> None:
        self.freed = threading.Event()
        self.released: list[str] = []
        self.opened: list[object] = []

    def run(self, emit: Emit, stop: threading.Event) -> None:
        emit(*(Connected(device_id=device, at=now()) for device in ("cam-slow", "quick")))
        stop.wait()

    def release(self, found: FoundFile, sha256: str) -> Release:
        if found.device_id == "cam-slow":
            self.freed.wait(20)
        self.released.append(found.device_id)
        return Release.DONE

    def perform(self, order: Order) -> OrderResult:
        self.opened.append(order.arguments["bay"])
        return OrderResult(done=True)


def test_a_slow_card_delays_no_other_and_no_lock(database: Database) -> None:
    dock, stop = Dock(), threading.Event()
    with database.write() as session:
        for device in ("dock", "cam-slow", "quick"):
            enter_device(session, device, "body_camera", {"release": "erase"}, "test")
        for device in ("cam-slow", "cam-slow", "quick"):
            original = Original(
                device_id=device, name="x", suffix="", size=1, state=State.PRESERVED, second_copy=True,
                sha256=os.urandom(32).hex(),
            )  # fmt: skip
            session.add(original)
            session.flush()
            session.add(
                Finding(
                    device_id=device, path=b"x", name="x", size=1, mtime_ns=0, identity=original.id,
                    disposition="CLIP", original_id=original.id, release=ReleaseState.DUE,
                )
            )  # fmt: skip
    keeper = Supervisor("dock", dock, lambda *_: None, stop)
    keeper.start()
    releases = Releases(
        database,
        {"dock": keeper},
        has_second_copies=True,
        are_apart=lambda: True,
        holds=lambda *_, **__: Held.WHOLE,
    )
    try:
        while len(keeper.present) < 2:
            time.sleep(0.01)
        releases.hand_out()
        order = Order(id="o", kind="unlock", arguments={"bay": "2"}, device_id="cam-slow")
        assert keeper.orders.send("cam-slow", lambda: bool(keeper.perform(order)))
        until(lambda: (dock.released, dock.opened) == (["quick"], ["2"]))
    finally:
        dock.freed.set()
        stop.set()
        keeper.join(5)
