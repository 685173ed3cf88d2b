"""A disk that does not give one file back holds up nobody else: told, set aside, asked for again."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.mqtt.messages import FileMessage
from drivers.simulators.faulty_card import Card, mounted
from drivers.uploads.desk import Desk
from drivers.uploads.spool import Expected
from gateway.config.connected import MqttCameraSettings
from tests.integration.mqtt_site import files
from tests.integration.test_drivers import Recorder

CONTENT = os.urandom(300_000)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    """Where the files of the spool really lie: each read of them fails."""
    with mounted(tmp_path, tmp_path / "mount") as made:
        made.set("eio@0")
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Desk, list[dict[str, object]], Recorder]]:
    told: list[dict[str, object]] = []
    uploads = {"url": "http://localhost:1", "secret": "s" * 32, "reserve_mb": 1}
    settings = {
        "id": "net", "driver": "mqtt_camera", "spool": tmp_path / "spool", "cameras": [{"id": "bwc-*"}],
        "broker": {"host": "127.0.0.1"}, "uploads": uploads,
    }  # fmt: skip
    made = Desk(MqttCameraSettings.model_validate(settings), lambda _device, _kind, said: told.append(said))
    seen = Recorder()
    made.emit = seen
    yield made, told, seen
    made.close(1)


def announced(file_id: str) -> FileMessage:
    return FileMessage.model_validate(
        {
            "op": "announce", "file_id": file_id, "name": f"{file_id}.mp4", "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
        }
    )  # fmt: skip


def lies_here(desk: Desk, card: Card, file_id: str, *, whole: bool) -> Expected:
    """All of it was brought; what the disk has of it cannot be read."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    name = f"{file_id}.mp4"
    expected = Expected(device="bwc-1", file_id=file_id, name=name, size=len(CONTENT), sha256=digest)
    expected = replace(expected, safe=len(CONTENT), whole=whole)
    desk.spool.keep(expected)
    place = desk.spool.whole(expected) if whole else desk.spool.place("bwc-1", file_id, ".part")
    (card.source / name).write_bytes(CONTENT)
    place.symlink_to(card.mount / name)
    return expected


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_cannot_be_read_back_begins_anew(
    desk: tuple[Desk, list[dict[str, object]], Recorder], card: Card, whole: bool
) -> None:
    """Nothing is raised into the batch of messages: it would come again for ever, and with it all cameras'."""
    made, told, seen = desk
    lies_here(made, card, "f1", whole=whole)
    made.answer("bwc-1", announced("f1"))
    [said] = told
    assert (said["op"], said["offset"]) == ("upload_url", 0)
    folder = made.spool.root / "bwc-1"
    [aside] = folder.glob("*.unreadable")
    assert aside.is_symlink(), "left for a person"
    [signal] = seen.events
    assert signal.kind == "upload_unreadable"  # type: ignore[union-attr]
    assert signal.detail["error"] == "Input/output error"  # type: ignore[union-attr]
    known = made.spool.known("bwc-1", "f1")
    assert known is not None
    handle = made.spool.open_part(known, 0)
    os.write(handle, CONTENT)
    known = made.spool.settle(known, handle, len(CONTENT))
    os.close(handle)
    made.answer("bwc-1", announced("f1"))
    assert told[-1]["op"] == "received"
    assert [event.found.local.read_bytes() for event in files(seen)] == [CONTENT]


def test_a_start_with_a_file_that_cannot_be_read_back_reports_the_others(
    desk: tuple[Desk, list[dict[str, object]], Recorder], card: Card
) -> None:
    made, _, seen = desk
    lies_here(made, card, "f1", whole=True)
    lies_here(made, card, "f2", whole=False)
    good = lies_here(made, card, "f3", whole=True)
    place = made.spool.whole(good)
    place.unlink()
    place.write_bytes(CONTENT)
    journal = made.spool.place("bwc-1", "f4", ".json")
    (card.source / "f4").touch()
    journal.symlink_to(card.mount / "f4")
    made.report_waiting()
    assert [event.found.local for event in files(seen)] == [place]
    lost = {event.detail["file_id"] for event in seen.events if hasattr(event, "detail")}
    assert lost == {"f1", "f2"}
    made.answer("bwc-1", announced("f4"))
    assert made.spool.known("bwc-1", "f4") is not None, "a journal that cannot be read is written anew"


def test_an_error_that_is_not_about_the_file_takes_nothing_away(
    desk: tuple[Desk, list[dict[str, object]], Recorder], card: Card
) -> None:
    """No free handle, no room for a name: the camera waits, what it brought stays."""
    made, told, seen = desk
    part = made.spool.place("bwc-1", lies_here(made, card, "f1", whole=False).file_id, ".part")
    part.unlink()
    part.mkdir()  # opens, and reads as EISDIR
    made.answer("bwc-1", announced("f1"))
    assert (told[-1]["op"], told[-1]["why"]) == ("wait", "disk")
    assert part.exists()
    assert seen.events == []


def test_what_was_taken_over_meanwhile_is_nobody_s_fault(
    desk: tuple[Desk, list[dict[str, object]], Recorder], card: Card
) -> None:
    made, _, seen = desk
    gone = lies_here(made, card, "f1", whole=True)
    made.spool.whole(gone).unlink()
    made.is_whole(gone)
    assert seen.events == []
