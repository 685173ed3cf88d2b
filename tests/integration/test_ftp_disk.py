"""A disk that does not give one file back closes the receiver for nobody."""

import io
from pathlib import Path

import pytest

from drivers.ftp.whole import is_whole
from drivers.simulators.faulty_card import mounted
from tests.integration.ftp_site import client, files, running, settings_for, signals


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.avi", "a.jpg"])
def test_what_cannot_be_read_is_not_whole(tmp_path: Path, name: str) -> None:
    with mounted(tmp_path, tmp_path / "mount") as card:
        (card.source / name).write_bytes(b"RIFF" + b"x" * 5000)
        card.set("eio@0")
        assert is_whole(card.mount / name) is False
        with pytest.raises(FileNotFoundError):
            is_whole(card.mount / "gone.mp4")


def test_a_file_that_cannot_be_taken_in_holds_up_no_other_device(tmp_path: Path) -> None:
    """Read errors at once, and then a folder that nothing can be moved out of."""
    settings = settings_for(tmp_path, patience_seconds=0.5)
    with mounted(tmp_path, settings.spool / "home" / "room-1" / "DCIM") as card:
        (card.source / "bad.ts").write_bytes(b"x" * 5000)
        card.set("eio@0")
        with running(settings) as seen, client(settings, "room-2", "esroh tcerroc") as line:
            seen.wait(lambda seen: signals(seen, "upload_unreadable"))
            line.storbinary("STOR a.ts", io.BytesIO(b"footage"))
            seen.wait(lambda seen: files(seen))
            assert files(seen)[0].device_id == "room-2"
            assert line.voidcmd("NOOP").startswith("200"), "the same session: nobody was cut off"
            [told] = signals(seen, "upload_unreadable")
            assert (told.device_id, told.detail["name"]) == ("room-1", "bad.ts")
        assert (card.source / "bad.ts").exists()
