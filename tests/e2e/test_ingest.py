"""`gateway ingest` and the daemon on whole cards: what comes out at the other end."""

import json
import os
import shutil
import socket
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from drivers.simulators.card import Camera
from gateway.models import Clip, DeviceStatus, Finding, Link, Offload, Original, Rendition
from tests.conftest import SHARED_MEDIA, real_footage
from tests.e2e.site import Site, folder, utc, volume

DIGEST = "8e8fa98887f86119be1b886762b1080a92afb6cc146db719a238bdcba908277b"

PEOPLE = """
units: [{id: u, name: 市场监管局}]
officers:
  - {id: zhang, name: 张伟, unit: u, number: "130501", cert_valid_from: 2015-01-01, cert_valid_to: 2035-01-01}
  - {id: li, name: 李娜, unit: u, cert_valid_from: 2015-01-01, cert_valid_to: 2035-01-01}
"""


def openssl(name: str, path: Path) -> str:
    done = subprocess.run(["openssl", "dgst", f"-{name}", path], check=True, capture_output=True, text=True)
    return done.stdout.strip().rpartition(" ")[2]


def case_file(site: Site, start: str, end: str) -> Path:
    path = site.folder / "cases.json"
    step = {"id": "a1", "kind": "现场检查", "started_at": start, "ended_at": end, "officers": ["zhang", "li"]}
    case = {
        "uid": "k1", "title": "销售过期食品案", "unit": "u", "numbers": ["冀邢市监罚〔2019〕27号"],
        "handlers": ["zhang"], "activities": [step],
    }  # fmt: skip
    path.write_text(json.dumps([case], ensure_ascii=False))
    return path


def people(site: Site) -> None:
    (site.folder / "people.yaml").write_text(PEOPLE)
    site.command("devices", "import", site.folder / "people.yaml")


@real_footage
def test_real_footage_by_hand_then_linked_without_another_command(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume("gopro", timezone="America/Los_Angeles")])
    said = site.command("ingest", SHARED_MEDIA.parent, "--device", "gopro")
    assert "存妥 2" in said
    clip, original = site.clips()["max-heromode.mp4"]
    assert original.sha256 == DIGEST
    assert original.sm3 == openssl("sm3", SHARED_MEDIA)
    assert clip.started_at == utc(2019, 11, 18, 23, 45, 14)
    assert clip.time_source == "gps"
    times = {read["source"]: read for read in clip.times or ()}
    assert times["container"]["written"] == "2019-11-18T15:45:32"
    assert times["container"]["zone"] == "America/Los_Angeles"
    assert (
        datetime.fromisoformat("2019-11-18T23:45:32") - datetime.fromisoformat(times["gps"]["written"])
    ).seconds == 18
    assert clip.place == "+33.1268-117.3273"
    assert clip.unlinked is not None
    assert clip.unlinked["code"] == "unlinked.no_holder"

    people(site)
    site.command("devices", "allocate", "gopro", "--officer", "zhang", "--from", "2019-01-01")
    site.command("cases", "import", case_file(site, "2019-11-18T23:40:00+00:00", "2019-11-18T23:59:00+00:00"))
    with site.read() as session:
        link = session.exec(select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None))).one()
    assert link.case_uid == "k1"
    assert link.verdict == "VALID_WITH_NOTE"
    assert {reason["rule"] for reason in link.reasons} >= {"LK-3", "LK-4", "LK-5", "LK-6", "LK-7", "LK-12"}
    site.verify()


def test_a_clip_is_linked_by_the_running_daemon_when_facts_arrive(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    Camera(tmp_path / "card", "CAM1", "130501").record(datetime(2024, 5, 6, 9, 30), 2)
    with site.running():
        site.settled(1)
        people(site)
        site.command("devices", "allocate", "cam-1", "--officer", "zhang", "--from", "2024-01-01")
        site.command(
            "cases", "import", case_file(site, "2024-05-06T09:20:00+08:00", "2024-05-06T09:50:00+08:00")
        )
        link = site.wait("a link", lambda session: session.exec(select(Link)).first())
        assert (link.case_uid, link.activity_id) == ("k1", "a1")
        site.wait("a revision with the link", lambda _: links_told(site))
    with site.read() as session:
        clip = session.exec(select(Clip)).one()
    newest = site.newest_receipt()
    assert clip.officer_id == "zhang"
    assert clip.case_no == "冀邢市监罚〔2019〕27号"
    assert newest is not None
    assert newest.body["files"][0]["links"][0]["case"] == "k1"
    site.verify()


def test_correcting_an_allocation_relinks_and_keeps_both_histories(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    Camera(tmp_path / "card", "CAM1", "130501").record(datetime(2024, 5, 6, 9, 30), 2)
    people(site)
    site.command(
        "devices", "allocate", "cam-1", "--officer", "zhang", "--from", "2024-01-01", "--to", "2024-03-01"
    )
    site.command("cases", "import", case_file(site, "2024-05-06T09:20:00+08:00", "2024-05-06T09:50:00+08:00"))
    site.command("ingest", tmp_path / "card", "--device", "cam-1")
    with site.read() as session:
        assert session.exec(select(Link)).first() is None
    site.command("devices", "allocate", "cam-1", "--officer", "li", "--from", "2024-03-01")
    with site.read() as session:
        link = session.exec(select(Link)).one()
    assert link.case_uid == "k1"
    # the name says 130501 (zhang), the ledger says li: a person has to look
    assert link.verdict == "NEEDS_REVIEW"
    site.verify()


def links_told(site: Site) -> object:
    newest = site.newest_receipt()
    return newest is not None and newest.revision > 1 and newest.body["files"][0]["links"]


def test_every_file_of_a_mixed_card_is_accounted_for(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    card = tmp_path / "card"
    camera = Camera(card, "CAM1", "130501")
    clip = camera.record(datetime(2024, 5, 6, 9, 30), 2)
    camera.record(datetime(2024, 5, 6, 9, 31), 2, hue=50)
    camera.log(datetime(2024, 5, 6), "power on\n")
    clip.with_suffix(".nmea").write_text("$GPRMC,013000,A,3704.0,N,11430.0,E,0,0,060524,,*00\n")
    make_photo(card / "police" / "pic" / "DCAM_CAM1_130501_20240506_093100.jpg")
    make_audio(card / "police" / "sound" / "DCAM_CAM1_130501_20240506_093200.wav")
    (card / "System Volume Information").mkdir()
    (card / "System Volume Information" / "WPSettings.dat").write_bytes(b"x")
    (card / "police" / "video" / "DCAM_CAM1_130501_20240506_093300.mp4").touch()
    (card / "link.mp4").symlink_to("/etc/passwd")
    (card / "unknown.xyz").write_bytes(b"?")
    site.command("ingest", card, "--device", "cam-1")
    by_name = {name.rpartition("/")[2]: finding for name, finding in site.findings().items()}
    fates = {
        name: (finding.disposition.value, (finding.why or {}).get("code"))
        for name, finding in by_name.items()
    }
    assert fates == {
        "DCAM_CAM1_130501_20240506_093000.mp4": ("CLIP", None),
        "DCAM_CAM1_130501_20240506_093100.mp4": ("CLIP", None),
        "DCAM_CAM1_130501_20240506_093100.jpg": ("CLIP", None),
        "DCAM_CAM1_130501_20240506_093200.wav": ("CLIP", None),
        "DCAM_CAM1_130501_20240506_093000.nmea": ("ATTACHMENT", None),
        "20240506.log": ("ATTACHMENT", None),
        "unknown.xyz": ("ATTACHMENT", None),
        "WPSettings.dat": ("LISTED", "listed.system"),
        "DCAM_CAM1_130501_20240506_093300.mp4": ("LISTED", "condition.empty"),
        "link.mp4": ("LISTED", "listed.link"),
    }
    with site.read() as session:
        kinds = sorted(session.exec(select(Clip.kind)))
    receipt = site.newest_receipt()
    assert kinds == ["AUDIO", "PHOTO", "VIDEO", "VIDEO"]
    assert receipt is not None
    body = receipt.body
    assert (
        body["listed"]["files"],
        body["received"]["files"],
        body["stored"]["files"],
        body["not_kept"],
    ) == (10, 7, 7, 3)
    assert body["missing"] == []
    site.verify()


def make_photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:duration=1", "-frames:v", "1", path)


def make_audio(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ffmpeg("-f", "lavfi", "-i", "sine=duration=2", path)


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def test_gaps_in_the_devices_own_numbering_are_flagged(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()], ingest={"derive": False})
    folder_ = tmp_path / "card" / "DCIM" / "100MEDIA"
    folder_.mkdir(parents=True)
    for number in (1, 2, 5):
        (folder_ / f"{number:04}.MP4").write_bytes((media / "one.mp4").read_bytes() + bytes([number]))
    said = site.command("ingest", tmp_path / "card", "--device", "cam-1")
    assert "3–4" in said


def test_renditions_carry_their_lineage(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()])
    (tmp_path / "card").mkdir()
    shutil.copy(media / "one.mp4", tmp_path / "card" / "one.mp4")
    hevc = tmp_path / "card" / "two.mkv"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x240:duration=2",
        "-c:v",
        "libx265",
        "-x265-params",
        "log-level=none",
        hevc,
    )
    site.command("ingest", tmp_path / "card", "--device", "cam-1")
    clips = site.clips()
    with site.read() as session:
        made = session.exec(select(Rendition)).all()
    for name in ("one.mp4", "two.mkv"):
        clip, original = clips[name]
        mine = {rendition.kind: rendition for rendition in made if rendition.clip_id == clip.id}
        heard = {"waveform"} if name == "one.mp4" else set()
        assert set(mine) == {"proxy", "poster", "thumbnail"} | heard
        for rendition in mine.values():
            assert rendition.parent_sha256 == original.sha256
            assert rendition.tool.startswith("ffmpeg version")
            assert site.store.path(rendition.stored_as).stat().st_size == rendition.size
    proxies = {
        rendition.clip_id: " ".join(rendition.command) for rendition in made if rendition.kind == "proxy"
    }
    assert "-c:v copy" in proxies[clips["one.mp4"][0].id], (
        "H.264 is put into a new container, not encoded again"
    )
    assert "libx264" in proxies[clips["two.mkv"][0].id]
    assert all("-nostdin" in rendition.command and "file,pipe" in rendition.command for rendition in made)
    site.verify()


def test_a_second_copy_is_kept_where_configured(tmp_path: Path, media: Path) -> None:
    erases = volume(release="erase", erase_without_second_copy=True)  # here, both copies lie on one disk
    site = Site(tmp_path, [erases], store={"second_copy": "second", "reserve_mb": 1})
    (tmp_path / "card").mkdir()
    shutil.copy(media / "one.mp4", tmp_path / "card" / "one.mp4")
    shutil.copy(media / "two.mp4", tmp_path / "card" / "two.mp4")
    with site.running():
        site.settled(2)
        site.wait("both erased", lambda _: not list((tmp_path / "card").iterdir()))
    for _, original in site.clips().values():
        assert original.second_copy is True
        copy = site.settings.store.second_copy / original.stored_as  # type: ignore[operator]
        assert openssl("sha256", copy) == original.sha256
        assert "RELEASED" in site.events(original.id)
    site.verify()
    copy.chmod(0o644)
    copy.write_bytes(b"x" + copy.read_bytes()[1:])
    assert "second" in site.verify(expect=1)


def test_a_second_copy_configured_later_is_made_for_all(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()])
    (tmp_path / "card").mkdir()
    shutil.copy(media / "one.mp4", tmp_path / "card" / "one.mp4")
    with site.running():
        site.settled(1)
    site = Site(tmp_path, [volume()], store={"second_copy": "second", "reserve_mb": 1})
    with site.running():
        site.wait("the second copy", lambda s: s.exec(select(Original)).one().second_copy)
    [original] = site.originals().values()
    copy = site.settings.store.second_copy / original.stored_as  # type: ignore[operator]
    assert openssl("sha256", copy) == original.sha256
    assert copy.with_name(copy.name + ".manifest.json").exists()
    assert "SECOND_COPY_MADE" in site.events(original.id)
    site.verify()


def preserved_then_second(folder: Path, media: Path) -> Site:
    """Two originals preserved with one copy; now a second one is configured."""
    site = Site(folder, [volume()])
    (folder / "card").mkdir()
    for name in ("one.mp4", "two.mp4"):
        shutil.copy(media / name, folder / "card" / name)
    with site.running():
        site.settled(2)
    return Site(folder, [volume()], store={"second_copy": "second", "reserve_mb": 1})


def copies(session: Session) -> int:
    return len(session.exec(select(Original.id).where(col(Original.second_copy).is_(True))).all())


def test_one_bad_original_keeps_no_other_from_its_second_copy(tmp_path: Path, media: Path) -> None:
    site = preserved_then_second(tmp_path, media)
    first = min(site.originals().values(), key=lambda row: row.id)
    assert first.stored_as
    site.store.manifest_path(first.stored_as).unlink()
    assert "the second copy is not made yet" in site.verify(expect=1)
    with site.running():
        site.wait("the other's second copy", lambda s: copies(s) == 1)
    assert "manifest" in site.verify(expect=1)


@pytest.mark.parametrize("has_good_copy", [True, False])
def test_a_rotten_original_never_becomes_a_second_copy(
    tmp_path: Path, media: Path, has_good_copy: bool
) -> None:
    """A good copy, as a crash before its row leaves it, stays; without one the original is set aside."""
    site = preserved_then_second(tmp_path, media)
    rotten = min(site.originals().values(), key=lambda row: row.id)
    assert rotten.stored_as
    path = site.store.path(rotten.stored_as)
    second = site.settings.store.second_copy
    assert second
    good = second / rotten.stored_as
    good.parent.mkdir(parents=True)
    if has_good_copy:
        shutil.copy(path, good)
    path.chmod(0o644)
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    with site.running():
        site.wait("the other's second copy", lambda s: copies(s) == 1 + has_good_copy)
        if not has_good_copy:
            site.wait("set aside", lambda s: s.get(Original, rotten.id).state == "QUARANTINED")
    if has_good_copy:
        assert openssl("sha256", good) == rotten.sha256
    else:
        assert not good.exists()
        assert "FIXITY_CHECKED" in site.events(rotten.id)


def test_what_a_crash_left_in_the_second_store_is_cleared_and_until_then_named(
    tmp_path: Path, media: Path
) -> None:
    site = preserved_then_second(tmp_path, media)
    [original, _] = site.originals().values()
    assert original.stored_as
    assert site.settings.store.second_copy
    left = site.settings.store.second_copy / f"{original.stored_as.removesuffix('.mp4')}.4711.partial"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert f"{left}: left over" in site.verify(expect=1)
    with site.running():
        site.wait("second copies", lambda s: copies(s) == 2)
    assert not left.exists()
    site.verify()


def test_a_name_is_shown_as_it_is_and_no_markup(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    (tmp_path / "card").mkdir()
    for name in ("day[bold].log", "[b]k.log", ":smiley:.txt"):
        (tmp_path / "card" / name).write_text(name)
    said = site.command("ingest", tmp_path / "card", "--device", "cam-1")
    for name in ("day[bold].log", "[b]k.log", ":smiley:.txt"):
        assert name in said


def test_the_gateways_own_folders_are_no_footage(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    site.command("migrate")
    for place in (site.folder, site.settings.data):
        assert "lie within one another" in site.command("ingest", place, "--device", "cam-1", expect=2)
    (tmp_path / "one.mp4").write_bytes(b"x")
    assert "is a file" in site.command("ingest", tmp_path / "one.mp4", "--device", "cam-1", expect=2)


def test_ingest_by_hand_beside_a_docked_camera_ends_only_its_own_offload(tmp_path: Path, media: Path) -> None:
    site = Site(tmp_path, [volume()])
    for folder_name, clip in (("card", "one.mp4"), ("other", "two.mp4")):
        (tmp_path / folder_name).mkdir()
        shutil.copy(media / clip, tmp_path / folder_name / clip)
    with site.running():
        site.settled(1)
        site.command("ingest", tmp_path / "other", "--device", "cam-1")
        with site.read() as session:
            assert len(session.exec(select(Offload).where(col(Offload.closed_at).is_(None))).all()) == 1
            assert session.get(DeviceStatus, ("cam-1", "")).present  # type: ignore[union-attr]
    site.verify()


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        site = Site(tmp_path, [], api={"port": taken.getsockname()[1]})
        site.command("serve", expect=1)


def test_nothing_is_erased_that_differs_from_the_original(tmp_path: Path, media: Path) -> None:
    """The camera's file changes between copy and release: it stays, and the reason says why."""
    site = Site(tmp_path, [folder(release="erase", erase_without_second_copy=True)])
    (tmp_path / "drop").mkdir()
    target = tmp_path / "drop" / "one.mp4"
    shutil.copy(media / "one.mp4", target)
    from drivers.drop_folder import DropFolder
    from gateway.config.devices import DropFolderSettings
    from gateway.device import AttachmentKind, FoundFile, Refused

    settings = site.settings.device("drop")
    assert isinstance(settings, DropFolderSettings)
    found = FoundFile(
        device_id="drop", path=b"one.mp4", local=target, size=target.stat().st_size, mtime_ns=0,
        kind=AttachmentKind.OTHER, edges="",
    )  # fmt: skip
    with pytest.raises(Refused):
        DropFolder(settings).release(found, "0" * 64)
    assert target.exists()
    assert DropFolder(settings).release(found, openssl("sha256", target)).value == "DONE"
    assert not target.exists()
    assert DropFolder(settings).release(found, "0" * 64).value == "GONE", "idempotent"


def test_a_folder_of_our_own_is_adopted_by_rename(tmp_path: Path, media: Path) -> None:
    """No second copy: the same inode moves into the store; what a crash left half moved is finished."""
    site = Site(tmp_path, [folder(adopt=True)], ingest={"derive": False})
    drop = tmp_path / "drop"
    drop.mkdir()
    shutil.copy(media / "one.mp4", drop / "one.mp4")
    shutil.copy(media / "two.mp4", drop / "two.mp4")
    inodes = {path.name: path.stat().st_ino for path in drop.iterdir()}
    with site.running():
        site.settled(2)
        site.wait("let go", lambda _: not list(drop.iterdir()))
        site.wait("released", lambda session: [
            finding for finding in session.exec(select(Finding)) if finding.release == "DONE"][1:])  # fmt: skip
    for name, original in site.originals().items():
        stored = site.store.path(original.stored_as or "")
        assert stored.stat().st_ino == inodes[name]
        assert openssl("sha256", stored) == original.sha256 == openssl("sha256", media / name)
        assert stored.stat().st_mode & 0o777 == 0o444
    site.verify()


def test_what_is_important_is_taken_in_first_though_it_was_found_last(tmp_path: Path) -> None:
    site = Site(tmp_path, [folder()], ingest={"derive": False, "copies": 1})
    drop = tmp_path / "drop"
    drop.mkdir()
    names = [*(f"{number:06}.mp4" for number in range(79)), "999999_IMP.mp4"]
    for name in names:
        (drop / name).write_bytes(os.urandom(500_000))
    wanted = select(Original).where(Original.name == names[-1], col(Original.acquired_at).is_not(None))
    with site.running():
        site.wait("the important one", lambda session: session.exec(wanted).first())
        came = [one for one in site.originals().values() if one.acquired_at is not None]
    assert max(site.originals().values(), key=lambda one: one.id).name == names[-1]
    assert len(came) < 30


def test_what_a_crash_left_half_adopted_is_finished(tmp_path: Path) -> None:
    """Killed after the rename and before the row: the journal vouches for the file."""
    from ingest.acquire import take_over

    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"footage")
    assert take_over(source, target)
    assert (source.exists(), target.read_bytes()) == (False, b"footage")
    source.hardlink_to(target)  # killed between the two names
    assert take_over(source, target)
    assert (source.exists(), target.read_bytes()) == (False, b"footage")
    source.write_bytes(b"another under the same name")
    assert take_over(source, target)
    aside = [path for path in tmp_path.iterdir() if path.name.endswith(".aside")]
    assert [path.read_bytes() for path in aside] == [b"footage"], "nothing is ever deleted"
