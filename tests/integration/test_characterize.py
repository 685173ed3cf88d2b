"""What a file tells of itself, read by the real ffprobe."""

import struct
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.models import Clip, Device, Finding, Original, Work
from gateway.store import LocalStore
from ingest.characterize import characterize
from ingest.stage import Context, Item

TAKEN, DIGITIZED, EDITED = 0x9003, 0x9004, 0x0132


def entry(tag: int, at: int, length: int) -> bytes:
    return struct.pack("<HHII", tag, 2, length, at)


def with_exif(jpeg: bytes, tag: int, written: str) -> bytes:
    """The same picture with one Exif time; all but DateTime stand in a folder of their own."""
    text = written.encode() + b"\0"
    if tag == EDITED:
        folders = struct.pack("<H", 1) + entry(tag, 26, len(text)) + struct.pack("<I", 0)
    else:
        below = struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 26) + struct.pack("<I", 0)
        folders = below + struct.pack("<H", 1) + entry(tag, 44, len(text)) + struct.pack("<I", 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + folders + text
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("picture") / "plain.jpg"
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-frames:v", "1"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, str(path)], check=True)
    return path.read_bytes()


def times(folder: Path, content: bytes) -> list[dict[str, Any]]:
    store = LocalStore(folder / "store")
    store.prepare()
    path = store.path("photo.jpg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    original = Original(
        id="p", device_id="cam", name="a.jpg", suffix=".jpg", size=len(content), stored_as="photo.jpg"
    )
    finding = Finding(
        device_id="cam", path=b"a.jpg", name="a.jpg", size=len(content), mtime_ns=1, identity="a", declared={}
    )
    item = Item(
        original=original, finding=finding, work=Work(item_id="p", pipeline="describe"),
        device=Device(id="cam", type="camera"), clip=Clip(id="p", device_id="cam", kind="PHOTO"),
    )  # fmt: skip
    context = Context(store=store, second=None, stop=threading.Event(), progress=lambda *_: None)
    outcome = characterize(item, context)
    assert "condition" not in outcome.changes
    found: list[dict[str, Any]] = outcome.changes["times"]
    return found


@pytest.mark.parametrize("tag", [TAKEN, DIGITIZED])
def test_a_photo_tells_when_it_was_taken(tmp_path: Path, picture: bytes, tag: int) -> None:
    told, file = times(tmp_path, with_exif(picture, tag, "2024:05:06 09:30:00"))
    assert told == {
        "source": "container", "written": "2024-05-06T09:30:00", "zone": "Asia/Shanghai",
        "raw": "2024:05:06 09:30:00",
    }  # fmt: skip
    assert file["source"] == "file"


@pytest.mark.parametrize(
    ("tag", "written"),
    [(EDITED, "2024:05:06 09:30:00"), (TAKEN, "0000:00:00 00:00:00"), (TAKEN, "    :  :  ")],
)
def test_when_it_was_edited_and_an_empty_time_are_none(
    tmp_path: Path, picture: bytes, tag: int, written: str
) -> None:
    assert [one["source"] for one in times(tmp_path, with_exif(picture, tag, written))] == ["file"]


def test_a_photo_without_exif_has_its_files_time_only(tmp_path: Path, picture: bytes) -> None:
    assert [one["source"] for one in times(tmp_path, picture)] == ["file"]
