"""Where spools lie: at `data`, writable, on the store's disk; what an older place still holds is told."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli import main
from gateway.config import load

ROOM = {"id": "room-1", "driver": "rtsp_recorder", "url": "rtsp://192.0.2.7/a"}
NVR = {
    "id": "nvr", "driver": "nvr_export", "dialect": "dahua_cgi", "url": "https://192.0.2.8", "user": "u",
    "password": "p", "channels": [{"id": "nvr-room", "channel": 1}],
}  # fmt: skip
FTP = {"id": "ftp", "driver": "ftp_receiver", "cameras": [{"id": "room-2", "password": "long enough a one"}]}
AXIS = {"id": "axis", "driver": "axis_body_worn", "url": "http://h", "api_key": "0123456789abcdef"}
MQTT = {"id": "net", "driver": "mqtt_camera", "uploads": {"url": "http://h", "secret": "s" * 32}}
DOCK = {"id": "dock", "driver": "usb_dock", "bays": {"1": "1-1"}}
DEFAULTS = {"rooms": ROOM, "nvr": NVR, "ftp": FTP, "axis": AXIS, "spool": MQTT, "mtp": DOCK}


def written(folder: Path, *devices: dict[str, Any], **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "devices.yaml"
    path.write_text(yaml.safe_dump({"data": str(folder.parent / "data"), "devices": devices, **more}))
    return path


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def ended(*devices: dict[str, Any], **more: Any) -> tuple[int, str]:
        code = main(["--config", str(written(tmp_path / "etc", *devices, **more)), "check"])
        return code, capsys.readouterr().out

    return ended


def test_every_spool_begins_at_data(tmp_path: Path) -> None:
    settings = load(written(tmp_path / "etc", *DEFAULTS.values()))
    spools = {one.id: one.spool for one in settings.devices}  # type: ignore[union-attr]
    assert spools == {told["id"]: tmp_path / "data" / name for name, told in DEFAULTS.items()}
    [own] = load(written(tmp_path / "etc", ROOM | {"spool": "own/rooms"})).devices
    assert own.spool == tmp_path / "data" / "own" / "rooms"  # type: ignore[union-attr]
    [far] = load(written(tmp_path / "etc", ROOM | {"spool": "/srv/rooms"})).devices
    assert far.spool == Path("/srv/rooms")  # type: ignore[union-attr]


def test_check_looks_and_leaves_nothing(checked: Any, tmp_path: Path) -> None:
    assert checked(*DEFAULTS.values())[0] == 0
    assert [path.name for path in tmp_path.rglob("*")] == ["etc", "devices.yaml"]


@pytest.mark.parametrize("name", DEFAULTS)
def test_files_in_a_spool_beside_the_settings_are_told_of(checked: Any, tmp_path: Path, name: str) -> None:
    old = tmp_path / "etc" / name / "ready" / "a.mp4"
    old.parent.mkdir(parents=True)
    assert checked(DEFAULTS[name])[0] == 0, "nothing is in it"
    old.write_bytes(b"footage")
    code, said = checked(DEFAULTS[name])
    assert code == 1
    assert f"devices.0.spool: 1 files lie in {tmp_path / 'etc' / name}," in said
    assert str(tmp_path / "data" / name) in said
    assert checked(DEFAULTS[name] | {"spool": str(tmp_path / "etc" / name)})[0] == 0, (
        "written in full it is it"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "etc" / name).rename(tmp_path / "data" / name)
    assert checked(DEFAULTS[name])[0] == 0, "moved as told"


def test_a_spool_that_a_device_named_and_the_one_beside_its_mounts(checked: Any, tmp_path: Path) -> None:
    mounts = tmp_path / "lib" / "mounts"
    for old in (tmp_path / "etc" / "var" / "own", mounts.parent / "mtp"):
        old.mkdir(parents=True)
        (old / "x").touch()
        (old / "y").touch()
    code, said = checked(ROOM | {"spool": "var/own"}, DOCK | {"mounts": str(mounts)})
    assert code == 1
    assert f"devices.0.spool: 2 files lie in {tmp_path / 'etc' / 'var' / 'own'}," in said
    assert f"devices.1.spool: 2 files lie in {mounts.parent / 'mtp'}," in said
    beside = {"id": "drop", "driver": "drop_folder", "path": "var/own"}
    assert checked(ROOM | {"spool": "var/own"}, beside)[0] == 0, "another device's folder is none"


def test_what_is_taken_in_at_data_is_as_before_where_that_is_the_folder(checked: Any, tmp_path: Path) -> None:
    (tmp_path / "etc" / "rooms").mkdir(parents=True)
    (tmp_path / "etc" / "rooms" / "a.mp4").touch()
    assert checked(ROOM, data=".")[0] == 0


def test_a_spool_that_nobody_can_write(checked: Any) -> None:
    code, said = checked(ROOM | {"spool": "/proc/rooms"})
    assert code == 1
    assert "devices.0.spool: /proc/rooms cannot be written" in said


def test_another_file_system_than_the_stores_is_said(checked: Any, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as far:
        assert Path(far).stat().st_dev != tmp_path.stat().st_dev
        code, said = checked(ROOM | {"spool": f"{far}/rooms"})
        assert code == 0
        assert f"devices.0.spool: {far}/rooms lies on another file system than the store" in said
    assert "file system" not in checked(ROOM)[1]


def test_no_spool_lies_where_live_pictures_are_swept(checked: Any, tmp_path: Path) -> None:
    assert main(["--config", str(written(tmp_path / "etc", ROOM | {"spool": "live/rooms"})), "check"]) == 2
