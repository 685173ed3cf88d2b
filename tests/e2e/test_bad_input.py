"""What cards, disks and clocks do to a gateway: the right state, a sentence a person understands."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from drivers.simulators.card import Camera, make_video
from drivers.simulators.faulty_card import mounted
from gateway.models import Disposition, Finding, Offload, Original, Receipt, State, Work
from gateway.wording import sentence
from tests.e2e.site import Site, folder, volume

PLAIN = {"ingest": {"derive": False}}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def card(site: Site) -> Path:
    made = site.folder / "card"
    made.mkdir(exist_ok=True)
    return made


def waiting(session: Session, code: str) -> Work | None:
    works = session.exec(select(Work).where(col(Work.waiting).is_not(None))).all()
    return next((work for work in works if work.waiting and work.waiting["code"] == code), None)


@contextmanager
def tmpfs(folder_: Path, size: str) -> Iterator[Path]:
    folder_.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder_], check=True)
    try:
        yield folder_
    finally:
        subprocess.run(["umount", "-l", folder_], check=False)


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")


@needs_root
def test_a_full_disk_waits_with_a_sentence_and_goes_on_by_itself(tmp_path: Path, media: Path) -> None:
    site = Site(
        tmp_path, [volume()], data="data", store={"path": str(tmp_path / "small"), "reserve_mb": 0}, **PLAIN
    )
    clip = card(site) / "0001.MP4"
    clip.write_bytes((media / "one.mp4").read_bytes() + os.urandom(6 << 20))
    with tmpfs(tmp_path / "small", "8m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(5 << 20))
        with site.running():
            work = site.wait("waiting for room", lambda session: waiting(session, "wait.store_full"))
            assert work.failures == 0, "waiting spends no attempt"
            assert "存储空间不足" in sentence(work.waiting)
            assert site.originals()["0001.MP4"].state is State.FOUND
            ballast.unlink()
            site.settled(1)
        original = site.originals()["0001.MP4"]
        assert original.state is State.PRESERVED
        assert original.sha256 == sha256(clip)
        site.verify()
    assert site.log.read_text().count("WARNING gateway.scarce: store: the store is full") == 1


def big_clip(path: Path, mib: int) -> str:
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
    return sha256(path)


@needs_root
def test_torn_out_mid_copy_and_back_in_another_bay(tmp_path: Path) -> None:
    """No attempt is spent, the copy goes on from the verified prefix, wherever the camera is docked."""
    bays = [volume("cam-1", "bay1"), volume("cam-1b", "bay2")]
    site = Site(tmp_path, bays[:1], **PLAIN)
    with mounted(tmp_path, tmp_path / "bay1") as inserted:
        expected = big_clip(inserted.source / "0001.MP4", 400)
        with site.running():
            site.wait("a synced prefix", lambda _: journal_size(site) > 128 << 20)
            inserted.set("gone")
            work = site.wait("waiting", lambda session: waiting_any(session))
            assert work.failures == 0, "a device that leaves spends no attempt"
            assert sentence(work.waiting)
            site.wait("disconnected", lambda session: session.exec(
                select(Offload).where(col(Offload.closed_at).is_not(None))).first())  # fmt: skip
            kept = journal_size(site)
            assert 0 < kept < 400 << 20
            inserted.set()
            site.settled(1)
        original = site.originals()["0001.MP4"]
        assert original.state is State.PRESERVED
        assert original.sha256 == expected
        assert site.events(original.id).count("ACQUIRED") == 1
        assert f"going on at byte {kept}" in site.log.read_text()
        with site.read() as session:
            offloads = session.exec(select(Offload).order_by(col(Offload.opened_at))).all()
            receipts = session.exec(select(Receipt).where(Receipt.offload_id == offloads[0].id)).all()
        assert len(offloads) == 2, "each docking is an offload of its own"
        assert receipts[0].body["missing"] == ["0001.MP4"], (
            "the receipt of the torn-out session says what is missing"
        )
        site.verify()


def journal_size(site: Site) -> int:
    """Bytes that are durable in unfinished copies."""
    sizes = [0]
    for journal in site.settings.store.path.rglob("*.journal"):
        lines = journal.read_text().splitlines()
        if lines:
            sizes.append(json.loads(lines[-1])[0])
    return max(sizes)


def waiting_any(session: Session) -> Work | None:
    return waiting(session, "wait.source_gone") or waiting(session, "wait.source_unreadable")


@needs_root
def test_a_read_error_keeps_what_was_copied_and_goes_on_when_it_passes(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    with mounted(tmp_path, tmp_path / "card") as inserted:
        expected = big_clip(inserted.source / "0001.MP4", 90)
        # the edges are readable, as with a bad sector in the middle
        inserted.set()
        with site.running():
            site.wait("found", lambda session: session.exec(select(Finding)).first())
            inserted.set(f"eio@{70 << 20}")
            work = site.wait("waiting", lambda session: waiting(session, "wait.source_unreadable"))
            assert work.failures == 0
            assert "读取出错" in sentence(work.waiting)
            inserted.set()
            site.settled(1)
        original = site.originals()["0001.MP4"]
        assert (original.state, original.sha256) == (State.PRESERVED, expected)
        site.verify()


def test_the_same_card_twice_is_one_clip_with_two_findings(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    shutil.copy(media / "one.mp4", card(site) / "0001.MP4")
    site.command("ingest", card(site), "--device", "cam-1")
    again = site.command("ingest", card(site), "--device", "cam-1")
    assert "内容相同" in again or "已保存" in again
    with site.read() as session:
        findings = session.exec(select(Finding)).all()
        assert len(session.exec(select(Original)).all()) == 1
        assert [finding.disposition for finding in findings] == [Disposition.CLIP, Disposition.DUPLICATE]
        assert len(set(session.exec(select(Receipt.offload_id)))) == 2
    site.verify()


def test_a_wiped_card_with_a_reset_clock_and_equal_sizes_is_new_footage(tmp_path: Path, media: Path) -> None:
    """Starts again at 0001 with the same size and the same time: only the bytes tell."""
    site = Site(tmp_path, [volume()], **PLAIN)
    clip = card(site) / "0001.MP4"
    content = (media / "one.mp4").read_bytes()
    for ending in (b"first shift", b"later shift"):
        clip.write_bytes(content + ending)
        os.utime(clip, (0, 0))
        site.command("ingest", card(site), "--device", "cam-1")
    with site.read() as session:
        originals = session.exec(select(Original)).all()
    assert len({original.sha256 for original in originals}) == 2
    assert len({original.size for original in originals}) == 1
    site.verify()


def test_the_same_content_under_two_names_is_kept_once(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    shutil.copy(media / "one.mp4", card(site) / "0001.MP4")
    shutil.copy(media / "one.mp4", card(site) / "0002.MP4")
    site.command("ingest", card(site), "--device", "cam-1")
    states = sorted(original.state.value for original in site.originals().values())
    assert states == ["DUPLICATE", "PRESERVED"]
    assert len(site.finished()) == 1
    newest = site.newest_receipt()
    assert newest is not None
    body = newest.body
    assert body["stored"]["files"] == 2
    assert body["missing"] == []
    site.verify()


def test_an_empty_file_is_listed_with_its_reason(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    (card(site) / "0001.MP4").touch()
    assert "文件为空" in site.command("ingest", card(site), "--device", "cam-1")
    assert site.originals() == {}
    site.verify()


def test_a_six_gigabyte_sparse_file(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    clip = card(site) / "0001.MP4"
    with clip.open("wb") as file:
        file.write(b"begin")
        file.truncate(6 << 30)
        file.seek((6 << 30) - 3)
        file.write(b"end")
    site.command("ingest", card(site), "--device", "cam-1", timeout=280)
    original = site.originals()["0001.MP4"]
    assert original.state is State.PRESERVED
    assert original.size == 6 << 30
    stored = site.store.path(original.stored_as or "")
    assert stored.stat().st_size == 6 << 30
    assert stored.stat().st_blocks * 512 < 64 << 20, "holes stay holes"
    with stored.open("rb") as file:
        assert file.read(5) == b"begin"
        file.seek(-3, os.SEEK_END)
        assert file.read() == b"end"


HOSTILE = [
    b"with\nnewline.mp4",
    "执法记录".encode("gb18030") + b".mp4",
    ("长" * 83).encode() + b".mp4x"[:4],
    b"-rf .mp4",
    b"%s%n;$(touch x).mp4",
    b"..mp4",
    b"\xff\xfe.mp4",
    b" leading and trailing .mp4",
]


def test_hostile_names_never_reach_the_disk_and_stay_readable(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    content = (media / "one.mp4").read_bytes()
    for number, name in enumerate(HOSTILE):
        assert len(name) <= 255
        with open(os.path.join(bytes(card(site)), name), "wb") as file:
            file.write(content + bytes([number]))
    site.command("ingest", card(site), "--device", "cam-1")
    originals = site.originals()
    assert len(originals) == len(HOSTILE)
    assert "执法记录.mp4" in originals, "GBK names are read as cameras mean them"
    assert all(original.state is State.PRESERVED for original in originals.values())
    assert all(name.isprintable() for name in originals)
    with site.read() as session:
        assert {finding.path for finding in session.exec(select(Finding))} == set(HOSTILE), (
            "the exact bytes are kept"
        )
    for key in site.finished():
        assert re.fullmatch(r"originals/[0-9a-f]{2}/[0-9a-f]{32}(\.[a-z0-9]{1,8})?", key)
    site.verify()


def test_a_path_that_would_leave_the_store_cannot(tmp_path: Path) -> None:
    """A device cannot report `../`: what it reports is never used as a path in the store."""
    from gateway.store import LocalStore

    store = LocalStore(tmp_path / "store")
    assert store.original_key("0" * 32, "/../../etc/passwd") == "originals/00/" + "0" * 32
    assert store.original_key("0" * 32, ".mp4\n") == "originals/00/" + "0" * 32


def test_a_clock_at_1970_is_doubted_not_believed(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    clip = card(site) / "MVI_0001.MP4"
    make_video(clip, datetime(1970, 1, 1, 0, 3), 1)
    os.utime(clip, (180, 180))
    site.command("ingest", card(site), "--device", "cam-1")
    found, original = site.clips()["MVI_0001.MP4"]
    assert original.state is State.PRESERVED
    assert found.unlinked is not None
    assert found.unlinked["code"] == "unlinked.no_time"
    assert (found.times or [])[0]["written"].startswith("1970"), "as read, never rewritten"
    site.verify()


def test_text_called_mp4_is_preserved_then_marked(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    (card(site) / "notes.mp4").write_text("这不是录像")
    site.command("ingest", card(site), "--device", "cam-1")
    found, original = site.clips()["notes.mp4"]
    assert original.state is State.PRESERVED
    assert found.described.value == "READY"
    assert "内容不是音像文件" in sentence(found.condition)
    site.verify()


def test_an_mp4_without_moov_keeps_its_original_and_is_marked(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()])
    whole = (media / "one.mp4").read_bytes()
    (card(site) / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    site.command("ingest", card(site), "--device", "cam-1")
    found, original = site.clips()["cut.mp4"]
    assert original.state is State.PRESERVED
    assert original.size == len(whole) // 2
    assert found.condition is not None
    assert found.condition["code"] == "condition.unplayable"
    assert "原件已原样保存" in sentence(found.condition)
    site.verify()


def test_a_broken_container_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    """An MPEG-TS that was cut in the middle of a packet: a remux recovers what is there."""
    site = Site(tmp_path, [volume()])
    made = tmp_path / "made.ts"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:duration=4",
         "-c:v", "libx264", "-g", "10", made], check=True,
    )  # fmt: skip
    cut = made.read_bytes()
    (card(site) / "cut.ts").write_bytes(cut[: len(cut) * 2 // 3 + 77])
    site.command("ingest", card(site), "--device", "cam-1")
    found, _ = site.clips()["cut.ts"]
    keys = site.finished()
    assert any(key.endswith("proxy.mp4") for key in keys)
    assert found.condition is None or found.condition["code"] == "condition.broken"


def test_a_declared_md5_that_differs_is_quarantined_and_kept(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [folder(marker="md5")], **PLAIN)
    drop = tmp_path / "drop"
    drop.mkdir()
    shutil.copy(media / "one.mp4", drop / "one.mp4")
    shutil.copy(media / "two.mp4", drop / "two.mp4")
    (drop / "one.mp4.md5").write_text(f"{'0' * 32}  one.mp4\n")
    digest = hashlib.md5((media / "two.mp4").read_bytes()).hexdigest()
    (drop / "two.mp4.md5").write_text(f"{digest}  two.mp4\n")
    with site.running():
        site.settled(4)
    clips = site.clips()
    assert clips["two.mp4"][1].state is State.PRESERVED
    bad = clips["one.mp4"][1]
    assert bad.state is State.QUARANTINED
    assert "校验值不一致" in sentence(bad.quarantine)
    assert site.store.path(bad.stored_as or "").read_bytes() == (media / "one.mp4").read_bytes()
    site.verify()


def test_sigterm_waits_for_no_lock_of_the_database(tmp_path: Path) -> None:
    """Somebody else writes, for long: a copy that is just done, the rounds and the lease wait for the lock."""
    site = Site(tmp_path, [volume()])
    with mounted(tmp_path / "inside", tmp_path / "card") as card:
        (card.source / "0001.MP4").write_bytes(os.urandom(4 << 20))
        card.set("lag=2.4s")
        site.start()
        site.wait("the copy to begin", lambda s: s.exec(select(Work)).first())
        with closing(sqlite3.connect(site.settings.data / "gateway.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            card.set()
            time.sleep(2.5)
            assert site.stop() < 2.0
            other.execute("ROLLBACK")
        with site.running():
            site.settled(1)
        site.verify()


def test_sigterm_ends_everything_within_two_seconds(tmp_path: Path) -> None:
    """While eight gibibytes are being copied and a film is being transcoded."""
    site = Site(tmp_path, [volume(), folder()])
    drop = tmp_path / "drop"
    drop.mkdir()
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=90",
         "-c:v", "mpeg4", "-q:v", "5", drop / "long.avi"], check=True,
    )  # fmt: skip
    site.start()
    site.wait("transcoding", lambda _: transcoding(tmp_path))
    with (card(site) / "huge.mp4").open("wb") as file:
        file.truncate(8 << 30)
    site.wait(
        "copying",
        lambda session: session.exec(select(Work).where(Work.done_bytes > 0, col(Work.open))).first(),
    )
    took = site.stop()
    assert took < 2.0, f"{took:.1f} s"
    assert not transcoding(tmp_path), "no ffmpeg is left behind"
    site.start()
    site.wait("a second start", lambda _: site.log.read_text().count("running: 2 devices") == 2)
    assert site.stop() < 2.0


def transcoding(folder: Path) -> bool:
    found = subprocess.run(["pgrep", "-f", f"{folder}.*proxy.mp4"], capture_output=True, check=False)
    return found.returncode == 0


def test_ffmpeg_dies_with_a_killed_daemon(tmp_path: Path) -> None:
    site = Site(tmp_path, [folder()])
    (tmp_path / "drop").mkdir()
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=90",
         "-c:v", "mpeg4", "-q:v", "5", tmp_path / "drop" / "long.avi"], check=True,
    )  # fmt: skip
    site.start()
    site.wait("transcoding", lambda _: transcoding(tmp_path))
    site.kill()
    deadline = time.monotonic() + 5
    while transcoding(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not transcoding(tmp_path)


def test_a_store_whose_disk_is_not_mounted_is_no_empty_store(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()], **PLAIN)
    shutil.copy(media / "one.mp4", card(site) / "0001.MP4")
    site.command("ingest", card(site), "--device", "cam-1")
    site.settings.store.path.rename(tmp_path / "unmounted")
    said = site.command("ingest", card(site), "--device", "cam-1", expect=2)
    assert "mount its disk" in said


def test_two_gateways_of_one_name_refuse_each_other(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    with site.running():
        site.wait("up", lambda _: site.log.exists() and "running:" in site.log.read_text())
        said = site.command("run", expect=2)
    assert "already works on" in said


def test_cameras_names_tell_device_officer_time_and_importance(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume(), volume("cam-9", "elsewhere")], **PLAIN)
    registry = tmp_path / "r.yaml"
    registry.write_text("devices: [{id: cam-9, serial_no: CAM009}]\n")
    site.command("devices", "import", registry)
    camera = Camera(card(site), "CAM009", "130501")
    camera.record(datetime(2024, 5, 6, 9, 30), 1, important=True)
    site.command("ingest", card(site), "--device", "cam-1")
    [(found, original)] = site.clips().values()
    assert found.device_id == "cam-9", "the recorder is the camera the name tells of"
    assert original.device_id == "cam-1", "the chain is that of the bay it came through"
    assert found.important
    assert found.declared["officer"] == "130501"
