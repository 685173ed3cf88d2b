"""devices.yaml: what is wrong is named by its place, with what to write instead."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli import main
from gateway.config import ConfigError, Settings, from_mapping, load
from gateway.config.devices import SerialDockSettings

CAMERA = {"id": "cam-1", "driver": "volume", "path": "card"}


def refused(written: dict[str, Any], **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        from_mapping(written, Path("/x"), environment)
    return str(caught.value)


def accepted(written: dict[str, Any], **environment: str) -> Settings:
    return from_mapping(written, Path("/x"), environment)


def test_an_unknown_setting_is_named_by_place_with_what_is_known() -> None:
    said = refused({"devices": [{**CAMERA, "pol_seconds": 2}]})
    assert "devices.0.pol_seconds" in said
    assert "did you mean poll_seconds?" in said
    assert "name_templates" in said


def test_an_unknown_driver_lists_the_known_ones() -> None:
    said = refused({"devices": [{**CAMERA, "driver": "telepathy"}]})
    assert "devices.0.driver" in said
    assert (
        "axis_body_worn, drop_folder, ftp_receiver, mqtt_camera, "
        "nvr_export, rtsp_recorder, serial_dock, usb_dock, volume" in said
    )


def test_nested_settings_are_named_too() -> None:
    assert "store.pth" in refused({"store": {"pth": "x"}})
    assert "api.port" in refused({"api": {"port": 70000}})


def test_what_comes_through_another_is_of_its_unit_and_named_by_its_place() -> None:
    nvr = {
        "id": "nvr", "driver": "nvr_export", "dialect": "hik_isapi", "url": "http://192.0.2.8", "user": "u",
        "password": "p", "channels": [{"id": "room-1", "channel": 1, "room": "hearing"}],
    }  # fmt: skip
    assert "devices.0.channels.0.room" in refused({"devices": [nvr]})
    assert accepted({"devices": [nvr | {"unit": "u"}]})


def test_two_rooms_may_have_one_spool_and_nobody_the_stores() -> None:
    """Each keeps to its own part of it; what it may not share is refused."""
    rooms = [{"id": f"room-{n}", "driver": "rtsp_recorder", "url": "rtsp://192.0.2.7/a"} for n in range(2)]
    nvrs = [
        {
            "id": f"nvr-{n}", "driver": "nvr_export", "dialect": "dahua_cgi", "url": "https://192.0.2.8",
            "user": "u", "password": "p", "ca": "pki/ca.pem", "channels": [{"id": f"nvr-room-{n}", "channel": 1}],
        }
        for n in range(2)
    ]  # fmt: skip
    settings = accepted({"timezone": "Asia/Urumqi", "devices": [*rooms, *nvrs]})
    assert settings.device("nvr-1").members[0].timezone == "Asia/Urumqi"
    other = {"id": "drop", "driver": "drop_folder", "path": "var/rooms"}
    assert "lie within" in refused({"devices": [*rooms, other]})
    assert "lie within" in refused({"devices": [rooms[0] | {"spool": "store"}]})


def test_two_devices_with_one_id() -> None:
    assert "devices.1.id" in refused({"devices": [CAMERA, CAMERA]})


def test_erase_needs_a_second_copy_or_plain_words() -> None:
    said = refused({"devices": [{**CAMERA, "release": "erase"}]})
    assert "second_copy" in said
    assert accepted({"devices": [{**CAMERA, "release": "erase", "erase_without_second_copy": True}]})
    assert accepted({"store": {"second_copy": "b"}, "devices": [{**CAMERA, "release": "erase"}]})


def test_secrets_come_from_the_environment_and_never_show() -> None:
    settings = accepted({"database": "postgresql://u:${PW}@h/d"}, PW="s3cret")
    assert settings.database_url == "postgresql://u:s3cret@h/d"
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings.model_dump())


def test_pydantic_speaks_our_words() -> None:
    assert refused({"devices": {"a": 1}}) == "settings: devices: expected a list"
    assert refused({"store": 3}) == "settings: store: expected settings of its own below it"
    assert (
        refused({"devices": [{"id": "c", "driver": "volume"}]}) == "settings: devices.0.path (c): is missing"
    )
    assert "expected 1 to 64 letters" in refused({"devices": [{**CAMERA, "id": "a b"}]})


def test_every_mistake_is_told_at_once() -> None:
    said = refused({"database": "x${PW}", "engine_database": "${OTHER}", "api": {"port": "x"}})
    assert [line.split(": ")[1] for line in said.splitlines()] == ["database", "engine_database", "api.port"]


def test_a_missing_secret_names_its_place() -> None:
    said = refused({"database": "postgresql://u:${PW}@h/d"})
    assert said.startswith("settings: database:")
    assert "PW" in said


def test_a_mistake_never_prints_a_secret() -> None:
    assert "s3cret" not in refused({"api": {"host": "${PW}", "port": "${PW}"}}, PW="s3cret")


def test_an_unknown_zone() -> None:
    assert "timezone" in refused({"timezone": "Asia/Xingtai"})


def test_settings_are_frozen() -> None:
    settings = accepted({"devices": [CAMERA]})
    with pytest.raises(Exception, match="frozen"):
        settings.site = "other"  # type: ignore[misc]


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "devices.yaml").write_text("devices: [{id: c, driver: volume, path: card}]\n")
    settings = load(tmp_path / "devices.yaml")
    assert settings.device("c").path == tmp_path / "card"
    assert settings.store.path == tmp_path / "var" / "store"


def test_the_sample_configuration_is_good() -> None:
    assert load(Path(__file__).parents[2] / "devices.yaml", {}).devices


def test_check_exits_0_or_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("site: x\n")
    bad.write_text("sight: x\n")
    assert main(["--config", str(good), "check"]) == 0
    assert main(["--config", str(bad), "check"]) == 2
    assert "sight" in capsys.readouterr().err
    assert main(["--config", str(tmp_path / "none.yaml"), "check"]) == 2


def test_a_second_copy_in_the_store_is_none() -> None:
    assert "second_copy" in refused({"store": {"path": "a", "second_copy": "a"}})
    assert "second_copy" in refused({"store": {"path": "a", "second_copy": "a/b"}})
    assert "devices.0.path" in refused({"devices": [{**CAMERA, "path": "var/store/originals"}]})


def test_a_key_written_twice(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("devices: []\ndevices: []\n")
    with pytest.raises(ConfigError, match="written twice"):
        load(tmp_path / "d.yaml")


@pytest.mark.parametrize(
    "written",
    [
        {"devices": [{**CAMERA, "name_templates": ["(["]}]},
        {"ingest": {"lease_seconds": float("inf")}},
        {"database": "foo"},
        {"data": "a\0b"},
        {"devices": [CAMERA, {**CAMERA, "id": "other"}]},
    ],
    ids=["regular expression", "infinity", "database", "NUL", "one path for two"],
)
def test_what_could_only_fail_later_is_refused_now(written: dict[str, Any]) -> None:
    refused(written)


@pytest.mark.parametrize("text", ["? [a]\n: 1\n", "a: &a [*a]\n"])
def test_odd_yaml_is_a_mistake_and_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path / "d.yaml", {})


def test_a_recorder_to_be_unlocked_needs_a_password_and_never_shows_it() -> None:
    camera = {"id": "c-{record}", "match": {"name": "DV16"}, "link": "dv16", "as_disk": {"product": "8612"}}
    dock = {"id": "d", "driver": "usb_dock", "bays": {"1": "1-1.1"}}
    assert "password" in refused({"devices": [{**dock, "cameras": [camera]}]})
    settings = accepted({"devices": [{**dock, "cameras": [{**camera, "password": "${PW}"}]}]}, PW="774411")
    assert "774411" not in repr(settings)
    assert "774411" not in str(settings.model_dump())


def test_ports_and_matches_of_a_dock() -> None:
    dock = {"id": "d", "driver": "usb_dock", "bays": {"1": "1-1.1", "2": "1-1.1"}}
    assert "same port" in refused({"devices": [dock]})
    assert "devices.0.bays.1" in refused({"devices": [{**dock, "bays": {"1": "sda"}}]})
    assert "cameras.0" in refused(
        {"devices": [{**dock, "bays": {"1": "1-1"}, "cameras": [{"id": "c", "match": {}}]}]}
    )


def cabinet(name: str, **board: object) -> dict[str, Any]:
    return {"id": name, "driver": "serial_dock", "board": {"kind": "dockbus", "port": "/dev/rs485", **board}}


def test_cabinets_may_share_a_line_each_with_its_own_address() -> None:
    settings = accepted({"devices": [cabinet("a"), cabinet("b", unit=2)]})
    assert [one.id for one in settings.devices] == ["a", "b"]
    assert "unit 1" in refused({"devices": [cabinet("a"), cabinet("b")]})
    assert "parity" in refused({"devices": [cabinet("a"), cabinet("b", unit=2, parity="E")]})
    assert "parity" in refused({"devices": [cabinet("a"), cabinet("b", unit=2, kind="lock8a")]})
    reader = {"kind": "rdm6300", "port": "/dev/rs485"}
    other = cabinet("b", port="/dev/other")
    assert "reader" in refused({"devices": [cabinet("a"), {**other, "readers": [reader]}]})
    door = {"readers": [{"kind": "rdm6300", "port": "/dev/door"}]}
    assert "same port" in refused({"devices": [{**cabinet("a"), **door}, {**other, **door}]})


def test_nothing_uncharged_is_given_out_where_the_board_tells_it() -> None:
    """A board that tells no battery cannot hold one back."""
    told = accepted({"devices": [cabinet("a"), cabinet("b", port="/dev/b", kind="lock8a")]})
    assert [one.least_battery for one in told.devices if isinstance(one, SerialDockSettings)] == [60, 0]
    unchecked = accepted({"devices": [{**cabinet("a"), "least_battery": 0}]}).devices[0]
    assert isinstance(unchecked, SerialDockSettings)
    assert unchecked.least_battery == 0
    assert "least_battery" in refused({"devices": [{**cabinet("b", kind="lock8a"), "least_battery": 60}]})


SOURCE = {"id": "s", "kind": "http", "url": "https://cases.example/api"}
INBOX = {
    "id": "f",
    "kind": "folder",
    "path": "in",
    "signature": {"kind": "ed25519", "public_keys": ["a.pem"]},
}


def test_case_sources_are_anchored(tmp_path: Path) -> None:
    settings = from_mapping({"case_sources": [SOURCE, INBOX]}, tmp_path, {})
    _, inbox = settings.case_sources
    assert inbox.path == tmp_path / "in"  # type: ignore[union-attr]
    assert inbox.signature.public_keys == (tmp_path / "a.pem",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([{**SOURCE, "kind": "ftp"}], "case_sources.0.kind (s): which kind?"),
        ([{"id": "s"}], "case_sources.0.kind (s): which kind?"),
        ([{**SOURCE, "ulr": "x"}], "case_sources.0.ulr (s): unknown setting; did you mean url?"),
        ([{**SOURCE, "url": "cases"}], "case_sources.0.url (s): 'cases' is no address"),
        ([{**SOURCE, "url": "https://a:b@c"}], "without user"),
        ([{**INBOX, "signature": {"kind": "hmac"}}], "case_sources.0.signature.secret (f): is missing"),
        ([{**INBOX, "signature": {"kind": "hmac", "secret": "short"}}], "case_sources.0.signature.secret"),
        ([{**INBOX, "signature": {"kind": "ed25519", "public_key": "a"}}], "did you mean public_keys"),
        ([SOURCE, SOURCE], "two have the same id"),
        ([{**INBOX, "path": "var/store/in"}], "case_sources.0.path"),
        ([INBOX, {**INBOX, "id": "g", "path": "in/done"}], "case_sources.1.path"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_case_source_is_named(tmp_path: Path, sources: list[object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping({"case_sources": sources}, tmp_path, {})
    assert said in str(caught.value)


def test_check_reads_the_keys_of_case_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "devices.yaml").write_text(yaml.safe_dump({"case_sources": [INBOX]}))
    assert main(["--config", str(tmp_path / "devices.yaml"), "check"]) == 2
    assert "a.pem: no public key" in capsys.readouterr().err


def test_an_ftp_camera_of_a_room_is_no_body_camera() -> None:
    camera = {"id": "room-1", "password": "p" * 12, "room": "hearing"}
    ftp = {"id": "ftp", "driver": "ftp_receiver", "unit": "u"}
    told = (camera, camera | {"type": "camera"}, {"id": "bwc-9", "password": "p" * 12})
    types = [accepted({"devices": [ftp | {"cameras": [one]}]}).devices[0].members[0].type for one in told]
    assert types == ["cctv", "camera", "body_camera"]


MQTT = {
    "id": "net", "driver": "mqtt_camera",
    "uploads": {"url": "http://gateway.example:8890", "secret": "s" * 32},
}  # fmt: skip
FTP = {"id": "ftp", "driver": "ftp_receiver", "cameras": [{"id": "bwc-9", "password": "p" * 12}]}
AXIS = {"id": "axis", "driver": "axis_body_worn", "url": "http://gateway.example:8891", "api_key": "k" * 16}


def uploads(**more: Any) -> dict[str, Any]:
    return {"devices": [MQTT | {"uploads": MQTT["uploads"] | more}]}  # type: ignore[operator]


def test_https_needs_a_certificate_or_plain_words() -> None:
    """Without one the listener would speak plain HTTP, whatever its address says."""
    secure = {"url": "https://gateway.example:8890"}
    assert refused(uploads(**secure)) == (
        "settings: devices.0.uploads (net): url: https without a certificate; "
        "give certificate and key, or behind_proxy: true"
    )
    assert "belong together" in refused(uploads(**secure, certificate="a.crt"))
    assert accepted(uploads(**secure, certificate="a.crt", key="a.key"))
    assert accepted(uploads(**secure, behind_proxy=True))
    assert "behind_proxy" in refused({"devices": [AXIS | {"url": "https://gateway.example:8891"}]})
    live = {"url": "rtsps://gateway.example:8892"}
    assert "rtsps without a certificate" in refused({"devices": [MQTT | {"live": live}]})


def test_what_is_not_set_is_not_judged_as_well() -> None:
    said = refused(uploads(secret="${UPLOAD_SECRET}"))
    assert said == (
        "settings: devices.0.uploads.secret (net): the environment variable UPLOAD_SECRET is not set"
    )


def test_a_place_that_is_not_there_is_named_too() -> None:
    said = refused({"devices": [FTP | {"passive": [40000]}]})
    assert said == "settings: devices.0.passive.1 (ftp): is missing"


def test_a_short_password_is_one_mistake_and_says_whose() -> None:
    wrong = FTP | {"cameras": [{"id": "bwc-9", "password": "short"}]}
    assert refused({"devices": [CAMERA, wrong]}) == (
        "settings: devices.1.cameras.0.password (bwc-9): 12 characters or more"
    )
    assert "devices.0.cameras (ftp): expected at least one" in refused({"devices": [FTP | {"cameras": []}]})


@pytest.mark.parametrize(
    ("devices", "place"),
    [
        ([FTP | {"port": 8800}], "devices.0.port (ftp): 8800 is api.port"),
        ([AXIS | {"port": 8800}], "devices.0.port (axis)"),
        (uploads(port=8800)["devices"], "devices.0.uploads.port (net)"),
        ([FTP | {"passive": [8700, 8900]}], "devices.0.passive (ftp): 8800 is api.port"),
        ([AXIS | {"port": 2121, "host": "0.0.0.0"}, FTP], "devices.1.port (ftp): 2121 is devices.0.port"),
    ],
)
def test_two_that_listen_on_one_port(devices: list[dict[str, Any]], place: str) -> None:
    assert place in refused({"devices": devices})


def test_one_port_on_two_addresses_is_no_clash() -> None:
    assert accepted({"devices": [FTP | {"port": 8800, "host": "192.0.2.7"}]})
    assert accepted({"api": {"port": 0}, "devices": [FTP, AXIS, MQTT]})


@pytest.mark.parametrize("setting", ["database", "engine_database"])
@pytest.mark.parametrize(
    "address",
    ["mysql://x", "postgres://u:geheim@h/x", "postgresql+psycopg2://h/x", "postgresql://h:port/x", "x"],
)
def test_a_database_of_another_kind_is_refused_with_what_to_write(setting: str, address: str) -> None:
    said = refused({setting: address})
    assert f"{setting}: " in said
    assert "expected postgresql://user:password@host/name" in said
    assert "geheim" not in said


def test_both_ways_to_write_each_database_are_taken() -> None:
    for address in ("sqlite:////srv/g.sqlite", "postgresql://h/x", "postgresql+psycopg://u:p@h:5433/x"):
        assert accepted({"database": address}).database_url == address


OIDC = {"issuer": "https://sso.example/realms/city", "client_id": "gateway", "client_secret": "${OIDC}"}


def test_a_sign_in_service() -> None:
    oidc = accepted({"api": {"oidc": OIDC}}, OIDC="s3cret").api.oidc
    assert oidc is not None
    assert oidc.client_secret is not None
    assert oidc.client_secret.get_secret_value() == "s3cret"
    assert (oidc.claim, oidc.scopes, oidc.name.zh) == (
        "preferred_username",
        ("openid", "profile"),
        "统一身份认证",
    )
    assert accepted({}).api.oidc is None


@pytest.mark.parametrize(
    ("written", "place", "says"),
    [
        ({"issuer": "http://sso.example"}, "issuer", "https"),
        ({"issuer": "sso.example"}, "issuer", "write one such as"),
        ({"issuer": "https://sso.example/?realm=city"}, "issuer", "write one such as"),
        ({"issuer": "ftp://sso.example"}, "issuer", "https"),
        ({"isuer": "https://sso.example"}, "isuer", "did you mean issuer?"),
        ({"client_id": ""}, "client_id", ""),
        ({"client_secret": None}, "oidc", "client_secret_file"),
        ({"client_secret_file": "secret"}, "oidc", "either client_secret"),
        ({"client_secret": None, "client_secret_file": "none"}, "client_secret_file", "cannot be read"),
        ({"ca": "none.pem"}, "ca", "certificates"),
        ({"scopes": ["profile"]}, "scopes", "openid must be in it"),
        ({"scopes": "openid"}, "scopes", "expected a list"),
        ({"second_factor": "theirs"}, "second_factor", "ours"),
        ({"name": {"zh": ""}}, "name.zh", ""),
    ],
)
def test_what_is_wrong_with_a_sign_in_service(written: dict[str, Any], place: str, says: str) -> None:
    said = refused({"api": {"oidc": {**OIDC, **written}}}, OIDC="s3cret")
    assert said.startswith("settings: api.oidc")
    assert place in said
    assert says in said
    assert "s3cret" not in said


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_one_on_this_machine_may_do_without_tls(host: str) -> None:
    assert accepted({"api": {"oidc": {**OIDC, "issuer": f"http://{host}/"}}}, OIDC="s3cret").api.oidc


def test_its_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    written = {"api": {"oidc": {**OIDC, "client_secret": None, "client_secret_file": "secret"}}}
    (tmp_path / "secret").write_text("s3cret\n")
    oidc = from_mapping(written, tmp_path, {}).api.oidc
    assert oidc is not None
    assert oidc.client_secret is not None
    assert oidc.client_secret.get_secret_value() == "s3cret"
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        from_mapping(written, tmp_path, {})
