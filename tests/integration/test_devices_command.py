"""`gateway devices`: readable in a narrow window, in one language, and by `head`."""

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from gateway.attached import show_attached
from gateway.cli import main
from gateway.commands import devices_table
from gateway.config import Settings, from_mapping
from gateway.database import Database
from gateway.device import Connected, DeviceEvent, DeviceSeen, Disconnected, Unavailable
from gateway.intake.devices import device_seen, register
from gateway.intake.events import store_one
from gateway.models import Device, DeviceState, Original, Work
from gateway.wording import reason
from tests.e2e.site import Site, volume
from tests.warm import GATEWAY

NET = {
    "id": "net", "driver": "mqtt_camera", "cameras": [{"id": "bwc-*"}],
    "uploads": {"url": "http://localhost:8890", "secret": "s" * 32},
}  # fmt: skip
DOCK = {
    "id": "dock", "driver": "usb_dock", "bays": {"1": "1-1.1"},
    "cameras": [{"id": "usb-{serial}", "match": {"name": "H8"}}],
}  # fmt: skip
LONG = "camera-of-the-second-squad-number-0017-with-a-long-name"


def settings_of(folder: Path, *devices: object) -> Settings:
    return from_mapping({"devices": list(devices)}, folder, {})


def shown(database: Database, settings: Settings, width: int = 200) -> str:
    out = io.StringIO()
    with database.read() as session:
        Console(width=width, file=out).print(devices_table(settings, session))
    return out.getvalue()


def seen(database: Database, device: str, driver: str) -> None:
    with database.write() as session:
        entry = {"driver": driver, "release": "keep"}
        device_seen(session, DeviceSeen(device_id=device, via="x", type="body_camera", entry=entry))


def line_of(database: Database, settings: Settings, device: str) -> str:
    return next(line for line in shown(database, settings).splitlines() if f" {device} " in line)


def test_a_device_that_left_the_configuration_says_so_until_it_is_retired(
    database: Database, tmp_path: Path
) -> None:
    before = settings_of(tmp_path, volume(), volume("cam-2", "other"), NET, DOCK)
    register(database, before)
    seen(database, "bwc-0001", "mqtt_camera")
    seen(database, "usb-0002", "usb_dock")
    assert "已不在配置中" not in shown(database, before)
    after = settings_of(tmp_path, volume(), DOCK)
    gone = [one for one in ("cam-1", "cam-2", "net", "dock", "bwc-0001", "usb-0002")
            if "在用（已不在配置中）" in line_of(database, after, one)]  # fmt: skip
    assert gone == ["cam-2", "net", "bwc-0001"]
    with database.write() as session:
        session.get_one(Device, "cam-2").status = DeviceState.RETIRED
    assert "已不在配置中" not in line_of(database, after, "cam-2")


def test_what_is_away_says_since_when_and_why(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, volume(), volume("cam-2", "other"))
    register(database, settings)
    at = datetime(2026, 5, 6, 1, 30, tzinfo=UTC)
    gone = reason("room.lost", error="Connection refused")

    def told(*events: DeviceEvent) -> str:
        with database.write() as session:
            for event in events:
                store_one(session, event, "host", "gateway")
        return line_of(database, settings, "cam-1")

    assert "否（" not in told(), "it was never there"
    assert "Connection refused" in told(Unavailable(device_id="cam-1", why=gone)), "and this is why"
    assert "Connection refused" not in told(Connected(device_id="cam-1", at=at))
    assert "否（05-06 09:30 起）" in told(Disconnected(device_id="cam-1", at=at)), (
        "the reason was another day's"
    )
    assert "Connection refused" not in told()
    assert "Connection refused" in told(Unavailable(device_id="cam-1", why=gone))
    assert "否（" not in line_of(database, settings, "cam-2")


def test_types_and_states_are_told_in_the_table_s_language(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, volume(), DOCK)
    register(database, settings)
    said = shown(database, settings)
    assert "执法记录仪" in said
    assert "采集存储设备" in said
    assert not [word for word in ("body_camera", "storage", "IN_SERVICE") if word in said]


def test_eighty_columns_cut_nothing_off(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, volume(LONG))
    register(database, settings)
    said = shown(database, settings, 80)
    assert "…" not in said
    first = [line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")]
    assert "".join(first) == LONG


def test_what_this_configuration_has_no_use_for_is_not_shown_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_attached(settings_of(tmp_path, volume()), unasked=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", [("devices",), ("verify", "--quick"), ("check",)])
def test_a_reader_that_has_seen_enough_gets_no_traceback(tmp_path: Path, command: tuple[str, ...]) -> None:
    site = Site(tmp_path, [volume()])
    with subprocess.Popen(
        [GATEWAY, "--config", site.config, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asked:
        assert asked.stdout is not None
        asked.stdout.close()
        assert asked.stderr is not None
        said = asked.stderr.read()
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_general_options_may_stand_behind_the_command(tmp_path: Path) -> None:
    site = Site(tmp_path, [volume()])
    said = subprocess.run(
        [GATEWAY, "check", "-v", "-c", site.config], capture_output=True, text=True, check=True
    )
    assert f"{site.config}: good" in said.stdout


def test_whom_footage_may_come_from_is_told_in_full(tmp_path: Path) -> None:
    ftp = {
        "id": "ftp", "driver": "ftp_receiver", "unit": "u",
        "cameras": [{"id": "bwc-9", "password": "p" * 12}],
    }  # fmt: skip
    site = Site(tmp_path, [volume(), ftp, NET], ingest={"derive": False})
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "0001.MP4").write_bytes(b"x" * 4000)
    said = site.command("ingest", tmp_path / "card", "--device", "nope", expect=2)
    assert "known: bwc-9, cam-1, ftp, net" in said
    said = site.command("ingest", tmp_path / "card", "--device", "bwc-9", expect=None)
    assert "设备 bwc-9" in said
    assert list(site.findings()) == ["0001.MP4"]


def test_teach_may_be_written_as_an_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`devices --teach` does what `devices teach` does; here: it writes over no file, and says which."""
    config = tmp_path / "devices.yaml"
    (tmp_path / "there.yaml").touch()
    config.write_text("devices: []\n")
    ended = []
    for words in (["teach"], ["--teach"], ["teach", "--teach"]):
        code = main(["--config", str(config), "devices", *words, "--out", str(tmp_path / "there.yaml")])
        ended.append((code, capsys.readouterr()))
    assert ended[0] == ended[1] == ended[2]
    assert ended[0][0] == 2
    assert "there.yaml exists already" in ended[0][1].err
    assert main(["--config", str(config), "devices", "allocate", "cam-1", "--teach"]) == 2
    assert "devices teach" in capsys.readouterr().err


def test_what_waits_says_why_however_it_came(database: Database, tmp_path: Path) -> None:
    """A folder and a network have no docking session to tell of; a full disk stops them as well."""
    settings = settings_of(tmp_path, volume(), volume("cam-2", "other"))
    register(database, settings)
    with database.write() as session:
        for name, waiting in (("a", reason("wait.store_full", free="1 MB", need="2 MB")), ("b", None)):
            session.add(Original(id=name, device_id="cam-2", name=name, suffix=".mp4", size=1))
            session.flush()
            session.add(Work(item_id=name, pipeline="preserve", waiting=waiting))
    assert "1 个文件等待：存储空间不足（剩余 1 MB，需要 2 MB）" in line_of(database, settings, "cam-2")
    assert "等待" not in next(
        line for line in shown(database, settings).splitlines() if "cam-2" not in line and "cam" in line
    )
