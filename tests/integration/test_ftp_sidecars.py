"""What belongs together by name comes together by FTP; where a digest is sent, it proves the clip."""

import hashlib
import io
import json
from contextlib import suppress
from ftplib import FTP
from pathlib import Path
from typing import Any

from sqlmodel import select

from drivers.ftp.aside import Aside
from drivers.ftp.together import sets
from gateway.config.recorders import FtpReceiverSettings
from gateway.device import FoundFile
from gateway.models import Attachment, State
from gateway.wording import sentence
from tests.e2e.site import Site
from tests.integration.ftp_site import (
    PASSWORD,
    client,
    cut_in_the_middle,
    files,
    running,
    settings_for,
    signals,
)
from tests.integration.test_drivers import Recorder

CASE = "冀邢市监罚〔2024〕27号"
LABELS = json.dumps({"case_no": CASE, "place": "桥西区"}).encode()
CLIP = b"G" * 9000


def put(line: FTP, name: str, content: bytes) -> None:
    line.storbinary(f"STOR {name}", io.BytesIO(content))


def md5(content: bytes) -> bytes:
    return hashlib.md5(content).hexdigest().encode() + b"  a.ts\n"


def with_digests(folder: Path, **more: Any) -> FtpReceiverSettings:
    cameras = [{"id": room, "password": PASSWORD, "digest": "md5"} for room in ("room-1", "room-2")]
    return settings_for(folder, cameras=cameras, **more)


def named(seen: Recorder) -> dict[str, FoundFile]:
    return {found.path.decode().partition("/")[2]: found for found in files(seen)}


def quiet(seen: Recorder, settings: FtpReceiverSettings, lying: int) -> None:
    """After so long that it would have been taken in, so many files still lie there."""
    with suppress(AssertionError):
        seen.wait(files, 0.9)
    home = settings.spool / "home" / "room-1"
    assert (files(seen), len(list(home.iterdir()))) == ([], lying)


def test_sets() -> None:
    lying = [b"d/a.ts.md5", b"d/a.json", b"d/a.ts", b"a.json", b"b.x.mp4", b"b.x.log", b"b.log", b"b.mp4"]
    assert sets(lying) == [
        [b"b.mp4", b"b.log"],
        [b"b.x.mp4", b"b.x.log"],
        [b"d/a.ts", b"d/a.json", b"d/a.ts.md5"],
        [b"a.json"],
    ]


def test_what_belongs_together_is_handed_on_together(tmp_path: Path) -> None:
    """Whichever comes first; the clip is told of before a sidecar can be taken away from beside it."""
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.json", LABELS)
        put(line, "b.ts", CLIP[1:])
        put(line, "a.ts.md5", md5(CLIP))
        put(line, "b.nmea", b"$GPRMC\n")
        put(line, "a.ts", CLIP)
        seen.wait(lambda seen: len(files(seen)) == 5)
        found = named(seen)
        assert next(iter(found)).endswith(".ts")
        assert (found["a.ts"].declared.case_no, found["a.ts"].declared.place) == (CASE, "桥西区")
        assert found["a.ts"].declared.md5 == hashlib.md5(CLIP).hexdigest()
        assert found["b.ts"].declared.md5 is None
        assert len({found[name].local.parent for name in ("a.ts", "a.json", "a.ts.md5")}) == 1
        assert found["b.ts"].local.parent == found["b.nmea"].local.parent != found["a.ts"].local.parent


def test_a_sidecar_waits_for_its_clip(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.json", LABELS)
        quiet(seen, settings, 1)
        cut_in_the_middle(line, "a.ts", CLIP)
        quiet(seen, settings, 2)
    with running(settings_for(tmp_path, patience_seconds=0.5)) as seen:
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert named(seen)["a.ts"].declared.case_no == CASE
        seen.wait(lambda seen: len(signals(seen, "upload_cut")) == 1)


def test_a_clip_waits_for_its_digest(tmp_path: Path) -> None:
    settings = with_digests(tmp_path)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.ts", CLIP[:5000])
        quiet(seen, settings, 1)
        put(line, "a.ts.md5", md5(CLIP))
        quiet(seen, settings, 2)
        line.storbinary("STOR a.ts", io.BytesIO(CLIP[5000:]), rest=5000)
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert named(seen)["a.ts"].local.read_bytes() == CLIP
        assert signals(seen, "upload_cut") + signals(seen, "digest_missing") == []
    settings = with_digests(tmp_path / "impatient", patience_seconds=0.6)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.ts", CLIP)
        put(line, "b.ts", CLIP[1:])
        put(line, "b.ts.md5", b"")
        seen.wait(lambda seen: len(signals(seen, "digest_missing")) == 2)
        told = [one.detail["name"] for one in signals(seen, "digest_missing")]
        assert sorted(map(str, told)) == ["a.ts", "b.ts"]


def test_a_digest_that_agrees_proves_what_no_container_can(tmp_path: Path) -> None:
    """Its line broke just after its last byte."""
    settings = settings_for(tmp_path)
    with running(settings) as seen:
        with client(settings) as line:
            cut_in_the_middle(line, "a.dav", CLIP)
        quiet(seen, settings, 1)
        with client(settings) as line:
            put(line, "a.md5", md5(CLIP))
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert signals(seen, "upload_cut") == []


def test_what_comes_later_than_its_clip(tmp_path: Path) -> None:
    """It is told beside it; the same name once more belongs to another clip."""
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.ts", CLIP)
        seen.wait(files)
        for content in (LABELS, LABELS[:-1] + b" }"):
            put(line, "a.json", content)
            seen.wait(lambda seen: len(files(seen)) == 2)
        seen.wait(lambda _: (settings.spool / "home" / "room-1" / "a.json").exists())
        clip, late = files(seen)
        assert late.declared.beside == clip.path.decode()
        with suppress(AssertionError):
            seen.wait(lambda seen: len(files(seen)) == 3, 0.9)
        assert len(files(seen)) == 2


def test_a_set_whose_names_are_used_again(tmp_path: Path) -> None:
    """One that was all there goes as one; of one that was cut, the sidecars stay for the clip that comes whole."""
    settings = settings_for(tmp_path, rest_seconds=1.5)
    with running(settings) as seen, client(settings) as line:
        put(line, "a.ts", CLIP)
        put(line, "a.json", LABELS)
        put(line, "a.ts", CLIP[1:])
        seen.wait(lambda seen: len(files(seen)) == 3)
        whole = {found.local.read_bytes(): found.declared.case_no for found in files(seen)}
        assert whole == {CLIP: CASE, LABELS: None, CLIP[1:]: None}
    settings = settings_for(tmp_path / "cut", rest_seconds=1.5)
    with running(settings) as seen:
        with client(settings) as line:
            put(line, "a.json", LABELS)
            cut_in_the_middle(line, "a.ts", CLIP[:5000])
        with client(settings) as line:
            put(line, "a.ts", CLIP)
        seen.wait(lambda seen: len(files(seen)) == 3)
        told = {found.local.read_bytes(): found.declared.case_no for found in files(seen)}
        assert told == {CLIP[:5000]: None, LABELS: None, CLIP: CASE}


def test_a_set_that_was_half_gathered_when_we_were_killed(tmp_path: Path) -> None:
    """It lies where it was, unless its name is another's by now; nothing is lost and nothing replaced."""
    settings = settings_for(tmp_path)
    aside = Aside(settings.spool)
    gathered = settings.spool / "gather" / "room-1" / "0" / "d"
    gathered.mkdir(parents=True)
    (gathered / "a.ts").write_bytes(CLIP)
    (gathered / "b.json").write_bytes(b"{}")
    home = aside.home("room-1") / "d"
    home.mkdir(parents=True)
    (home / "a.json").write_bytes(LABELS)
    (home / "b.json").write_bytes(b"{ }")
    (home / "b.ts").write_bytes(CLIP[1:])
    with running(settings) as seen:
        seen.wait(lambda seen: len(files(seen)) == 5)
        assert sorted(found.local.read_bytes() for found in files(seen)) == sorted(
            [CLIP, CLIP[1:], LABELS, b"{}", b"{ }"]
        )
        assert next(one for one in files(seen) if one.path.endswith(b"a.ts")).declared.case_no == CASE


def test_to_the_end(tmp_path: Path, media: Path) -> None:
    """Labels taken, sidecars beside their clip, also one that came late; another digest is set aside with its reason."""
    settings = settings_for(tmp_path)
    camera = {"id": "room-1", "password": PASSWORD, "digest": "md5"}
    told = {
        "id": "ftp", "driver": "ftp_receiver", "port": settings.port, "unit": "u", "reserve_mb": 1, "scan_seconds": 0.2,
        "rest_seconds": 0.5, "patience_seconds": 4, "cameras": [camera],
    }  # fmt: skip
    one, two = (media / "one.mp4").read_bytes(), (media / "two.mp4").read_bytes()
    site = Site(tmp_path / "site", [told], ingest={"derive": False})

    def beside(name: str) -> set[str]:
        with site.read() as session:
            of_clip = select(Attachment).where(Attachment.clip_id == ids[name])
            return {names[row.id] for row in session.exec(of_clip)}

    with site.running():
        site.wait("listening", lambda _: "CONNECTED" in site.events("ftp"))
        with client(settings) as line:
            line.mkd("2026")
            line.mkd("2026/07")
            put(line, "2026/07/nothing.dav", b"")
            put(line, "bad.mp4", two)
            put(line, "bad.mp4.md5", md5(one))
            put(line, "good.mp4", one)
            put(line, "good.json", LABELS)
            put(line, "good.mp4.md5", md5(one))
            site.settled(3)
            put(line, "good.nmea", b"$GPRMC\n")
            site.settled(7)
    originals = site.originals()
    assert set(site.findings()) == {*originals, "2026/07/nothing.dav"}, "as its sender called it"
    names = {original.id: name for name, original in originals.items()}
    ids = {name: key for key, name in names.items()}
    clips = {names[clip.id]: (clip, original) for clip, original in site.clips().values()}
    assert clips["good.mp4"][1].state is State.PRESERVED
    assert (clips["good.mp4"][0].declared["case_no"], clips["good.mp4"][0].place) == (CASE, "桥西区")
    assert beside("good.mp4") == {"good.json", "good.mp4.md5", "good.nmea"}
    bad = clips["bad.mp4"][1]
    assert bad.state is State.QUARANTINED
    assert "校验值不一致" in sentence(bad.quarantine)
    assert site.store.path(bad.stored_as or "").read_bytes() == two
    site.verify()
