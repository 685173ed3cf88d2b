"""A day at the dock: cameras torn out, put back elsewhere, unreadable, slow, on bad cables and with clocks that
jump, while the gateway is killed.

`make soak` runs it with two docks of eight bays, sixty files a camera and fifty kills; `make test` a small one.
"""

import hashlib
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from drivers.simulators import dock as twin
from drivers.simulators.faults import Clock
from drivers.simulators.faulty_card import Card, mounted
from gateway.models import CustodyEvent, DeviceStatus, Finding, Offload, Original, Receipt, State, Work
from tests.e2e.site import Site
from tests.e2e.test_kill_campaign import ONCE, seed_of

BAYS = 8
LINKS = ("dv16", "bcplus", "zzx", "e12")
"""Every third camera is a recorder that shows its card only when it is asked to, by one of these."""
PASSWORD = "774411"
SOURCE_WAITS = ("wait.source_changed", "wait.source_gone")
TROUBLES = ("torn", "torn", "shift", "unreadable", "slow", "bent", "well", "well", "well")


@dataclass
class Twin:
    """A camera with its card, and where it sits now."""

    serial: str
    card: Card
    link: str | None = None
    digests: dict[str, str] = field(default_factory=dict)
    """Path on the card → SHA-256, of what is worth keeping."""
    files: int = 0
    place: tuple[Path, str] | None = None

    def plug(self, dock: Path, port: str) -> None:
        self.place = dock, port
        if self.link is None:
            twin.plug(dock, port, self.card.mount, name="H8", serial=self.serial)
            return
        recorder = {
            "password": PASSWORD, "id_code": "HACH8", "identity": [self.serial, "130501", "张伟", "", ""],
            "speaks": self.link,
        }  # fmt: skip
        twin.plug(dock, port, self.card.mount, name=self.link, recorder=recorder)

    @property
    def device_id(self) -> str:
        return f"bwc-{self.serial}"

    @property
    def times(self) -> dict[str, int]:
        return {name: (self.card.source / name).stat().st_mtime_ns for name in self.digests}

    def write(self, name: str, content: bytes, at: float | None = None) -> None:
        path = self.card.source / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        if at is not None:
            os.utime(path, (at, at))
        if content:
            self.digests[name] = hashlib.sha256(content).hexdigest()
        self.files += 1

    def fill(self, chance: random.Random, count: int) -> None:
        """Names used twice, Chinese ones, an empty file, one content twice, dates of 1970."""
        for number in range(count):
            name = f"{100 + number % 2}MEDIA/{'现场' if number % 7 == 3 else 'MVI_'}{number // 2:04}.MP4"
            content = b"" if number == 5 else chance.randbytes(chance.randint(1, 600_000))
            if number == 9:
                content = (self.card.source / "100MEDIA/MVI_0000.MP4").read_bytes()
            self.write(name, content, 0 if number % 11 == 0 else None)

    def shift(self, chance: random.Random, jump: Clock) -> None:
        """Out for a while: its clock has jumped, and it records under a name that the other folder has, too."""
        name = f"{100 + self.files % 2}MEDIA/MVI_{self.files + 9000 - self.files % 2:04}.MP4"
        self.write(name, chance.randbytes(chance.randint(1, 600_000)), time.time() + jump.seconds)

    def bent(self, name: str, content: bytes) -> bytes:
        """What lies on the card, with those bits wrong that a cable bent on the way and that `content` has so."""
        true = bytearray((self.card.source / name).read_bytes())
        if len(content) == len(true):
            for path, at in self.card.flips:
                if path == name and content[at] == true[at] ^ 1:
                    true[at] ^= 1
        return bytes(true)


@dataclass
class Day:
    site: Site
    twins: list[Twin]
    docks: list[Path]
    chance: random.Random

    @property
    def files(self) -> dict[str, int]:
        return {one.device_id: one.files for one in self.twins}

    def free(self) -> list[tuple[Path, str]]:
        taken = {one.place for one in self.twins}
        every = [(dock, f"1-1.{bay}") for dock in self.docks for bay in range(1, BAYS + 1)]
        return [place for place in every if place not in taken]

    def plug(self, one: Twin) -> None:
        one.plug(*self.chance.choice(self.free()))

    def pull(self, one: Twin) -> None:
        if one.place is not None:
            twin.pull(*one.place)
            one.place = None

    def trouble(self) -> None:
        """One thing that goes wrong; the camera may be in the middle of anything."""
        one = self.chance.choice(self.twins)
        match self.chance.choice(TROUBLES):
            case "torn" | "shift" as what:
                one.card.set("gone")
                self.pull(one)
                if what == "shift":
                    one.shift(self.chance, Clock(self.chance.choice((-9 * 3600.0, 86400.0, -2e9))))
                time.sleep(self.chance.uniform(0, 0.4))
                one.card.set()
                self.plug(one)
            case "bent":
                one.card.set(f"flip@{self.chance.randint(0, 600_000)}")
            case "unreadable":
                one.card.set(f"eio@{self.chance.randint(0, 300_000)}")
            case "slow":
                one.card.set("lag=0.05s")
            case _:
                one.card.set()

    def work(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(self.chance.uniform(0.05, 0.4))
            self.trouble()

    def calm(self) -> None:
        """All is well again, and everybody is put in once more: this offload sees the whole card."""
        for one in self.twins:
            self.pull(one)
            one.card.set()
        self.site.wait("empty bays", lambda s: not docked(s))
        for one in self.twins:
            self.plug(one)


def docked(session: Session) -> set[str]:
    statuses = session.exec(select(DeviceStatus).where(col(DeviceStatus.bay) != "")).all()
    return {str(one.device_id) for one in statuses if one.present and one.device_id.startswith("bwc-")}


def recorder(link: str) -> dict[str, object]:
    told = {"id": "bwc-{record}", "match": {"name": link}, "as_disk": {"product": "8612"}}
    return {**told, "link": link, "password": PASSWORD}


@contextmanager
def day(folder: Path, cameras: int, files: int, seed: int) -> Iterator[Day]:
    chance = random.Random(seed)
    docks = [folder / "site" / f"usb{number}" for number in range(1, 2 + (cameras > BAYS))]
    for dock in docks:
        dock.mkdir(parents=True)
    settings = [
        {
            "id": f"dock-{number}", "driver": "usb_dock", "mounts": f"mounts{number}", "simulated": f"usb{number}",
            "bays": {str(bay): f"1-1.{bay}" for bay in range(1, BAYS + 1)}, "poll_seconds": 0.1,
            "cameras": [{"id": "bwc-{serial}", "match": {"name": "H8*"}}, *map(recorder, LINKS)],
        }
        for number in range(1, len(docks) + 1)
    ]  # fmt: skip
    ingest = {"derive": False, "retry_seconds": 0.5, "retries": 100}
    site = Site(folder / "site", settings, ingest=ingest)
    with ExitStack() as stack:
        twins = []
        for number in range(cameras):
            card = stack.enter_context(mounted(folder / f"card{number}", folder / f"mount{number}"))
            link = LINKS[number // 3 % len(LINKS)] if number % 3 == 1 else None
            twins.append(Twin(f"S{number:02}", card, link))
            twins[-1].fill(chance, files)
        yield Day(site, twins, docks, chance)


def a_day(folder: Path, cameras: int, files: int, kills: int, unkilled: float) -> None:
    with day(folder, cameras, files, seed_of()) as today:
        site = today.site
        for one in today.twins:
            today.plug(one)
        for _ in range(kills):
            site.start()
            today.work(today.chance.uniform(0.7, 3.2))
            site.kill()
        with site.running():
            today.work(unkilled)  # or most would be copied in the calm that follows
            today.calm()
            site.wait("everybody seen", lambda s: whole_offloads(s, today.files) == set(today.files), 120)
            site.wait("everything safe", lambda s: is_done(s, today), 900)
            for one in today.twins:
                today.pull(one)
            site.wait("the receipts", lambda s: len(receipts(s, today.files)) == cameras, 120)
        judge(today)


def whole_offloads(session: Session, files: dict[str, int]) -> set[str]:
    """Devices whose newest offload saw the whole card."""
    newest = {one.device_id: one for one in session.exec(select(Offload).order_by(col(Offload.opened_at)))}
    return {device for device, one in newest.items() if len(one.listing) == files[device]}


def is_done(session: Session, today: Day) -> bool:
    """Everything on every card is kept, and no work is open that can still be done."""
    kept = set(
        session.exec(
            select(Finding.device_id, Finding.name)
            .join(Original, col(Original.id) == Finding.original_id)
            .where(col(Original.state).in_((State.PRESERVED, State.DUPLICATE)))
        )
    )
    wanted = {(one.device_id, name) for one in today.twins for name in one.digests}
    at_work = set(session.exec(select(Work.item_id).where(col(Work.open).is_(True))))
    return kept >= wanted and at_work <= misread(session, today)


def misread(session: Session, today: Day) -> set[str]:
    """Originals that never were: a bit was bent while a file was looked at, so no such file can be copied.

    They wait for a source that reads as it did then; the true one came as an original of its own.
    """
    bent = {(one.device_id, path) for one in today.twins for path, _ in one.card.flips}
    waiting = session.exec(
        select(Original, Work)
        .join(Work, col(Work.item_id) == Original.id)
        .where(Original.state == State.FOUND, col(Work.waiting).is_not(None))
    )
    return {
        original.id
        for original, work in waiting
        if work.waiting["code"] in SOURCE_WAITS and (original.device_id, original.name) in bent
    }


def receipts(session: Session, files: dict[str, int]) -> dict[str, Receipt]:
    """Of each device, the newest receipt of its newest offload, once that is complete."""
    newest = {one.device_id: one for one in session.exec(select(Offload).order_by(col(Offload.opened_at)))}
    found = {}
    for device, offload in newest.items():
        wanted = select(Receipt).where(Receipt.offload_id == offload.id).order_by(col(Receipt.revision))
        last = session.exec(wanted).all()[-1:]
        if last and last[0].body["stored"]["files"] + last[0].body["not_kept"] == files[device]:
            found[device] = last[0]
    return found


def judge(today: Day) -> None:
    """0 lost, 0 doubled, every receipt balances, everything agrees; what a cable bent is bent just there."""
    site = today.site
    with site.read() as session:
        ghosts = misread(session, today)
        originals = [one for one in session.exec(select(Original)).all() if one.id not in ghosts]
        lines = session.exec(select(CustodyEvent.subject, CustodyEvent.event)).all()
        for receipt in session.exec(select(Receipt)).all():
            check_balance(receipt)
        findings = session.exec(select(Finding).where(col(Finding.original_id).is_not(None))).all()
        last = receipts(session, today.files)
    assert {original.state for original in originals} <= {State.PRESERVED, State.DUPLICATE}
    stored: dict[str, bytes] = {}
    for original in originals:
        if original.state is State.PRESERVED:
            content = site.store.path(str(original.stored_as)).read_bytes()
            assert hashlib.sha256(content).hexdigest() == original.sha256
            assert original.sha256 not in stored, "each content once"
            stored[original.sha256] = content
    counted = Counter((subject, event) for subject, event in lines if event in ONCE)
    assert {key: count for key, count in counted.items() if count != 1} == {}, "not exactly once"
    wanted: set[str] = set()
    digests = {original.id: str(original.sha256) for original in originals}
    for one in today.twins:
        of_camera = [
            row for row in findings if row.device_id == one.device_id and row.original_id not in ghosts
        ]
        kept = {(row.name, digests[str(row.original_id)]) for row in of_camera}
        assert {row.name: row.mtime_ns for row in of_camera} == one.times, "the camera's own times"
        judge_card(one, kept, stored, last[one.device_id].body)
        wanted |= {digest for _, digest in kept}
    assert wanted == set(stored), "and nothing else"
    unfinished = {path.name.partition(".")[0] for path in site.settings.store.path.rglob("*.partial*")}
    assert unfinished <= ghosts
    assert "agree" in site.verify()


def judge_card(one: Twin, kept: set[tuple[str, str]], stored: dict[str, bytes], told: dict[str, Any]) -> None:
    """Each name once, with what lies on the card. A cable that bent a bit is found by nothing but a second read
    of the card, which comes before erasing: with policy `keep` the original holds that bit, and no other.
    """
    assert sorted(name for name, _ in kept) == sorted(one.digests), one.serial
    bent = {path for path, _ in one.card.flips}
    for name, digest in kept:
        if digest != one.digests[name]:
            assert name in bent, f"{one.serial}: {name} differs, and no cable bent it"
            assert stored[digest] == one.bent(name, stored[digest]), "only where the cable was bad"
    assert (told["listed"]["files"], told["missing"]) == (one.files, [])
    assert told["stored"]["files"] == len(one.digests)
    assert {file["name"]: file["sha256"] for file in told["files"] if file["stored"]} == dict(kept)


def check_balance(receipt: Receipt) -> None:
    """Each file is stored, left out with a reason, or missed: one of them, and the sums say so."""
    told = receipt.body
    fates = Counter(
        "stored" if file["stored"] else "left out" if file["fate"] == "listed" else "missed"
        for file in told["files"]
    )
    unread = [file for file in told["files"] if file["fate"] == "listed" and file["name"] in told["missing"]]
    assert (told["stored"]["files"], told["not_kept"]) == (fates["stored"], fates["left out"])
    assert len(told["missing"]) == fates["missed"] + len(unread)
    assert {entry["name"] for entry in told["files"]} >= set(told["missing"])


def test_a_short_day(tmp_path: Path) -> None:
    a_day(tmp_path, cameras=3, files=14, kills=5, unkilled=4)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_whole_day_at_two_docks(tmp_path: Path) -> None:
    a_day(tmp_path, cameras=16, files=60, kills=50, unkilled=60)
