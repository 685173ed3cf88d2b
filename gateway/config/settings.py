"""The whole shape of devices.yaml: frozen models that refuse what they do not know."""

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.connected import AxisBodyWornSettings, MqttCameraSettings
from gateway.config.devices import AnyDevice, BoardSettings, SerialDockSettings
from gateway.config.every_device import DeviceSettings
from gateway.config.model import IDENTIFIER, Model, checked_zone
from gateway.config.oidc import OidcSettings
from gateway.config.recorders import FtpReceiverSettings
from gateway.config.sources import AnyCaseSource, WebhookSettings

FAMILY = frozenset("{*")
"""An id with one of these stands for cameras that are not known yet."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names the place and says what to write instead."""


class StoreSettings(Model):
    """Where originals and renditions lie, and where the second copy goes (1:1 backup, R-55)."""

    path: Path = Path("store")
    second_copy: Path | None = None
    reserve_mb: int = Field(default=512, ge=0, description="free space in MiB that acquiring never uses up")


class ApiSettings(Model):
    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65535)
    idle_minutes: int = Field(
        default=30, ge=1, le=720, description="a session that is unused so long has ended"
    )
    oidc: OidcSettings | None = None


class IngestSettings(Model):
    copies: int = Field(default=2, ge=1, le=64, description="files copied from one device at the same time")
    sources: int = Field(
        default=12, ge=1, le=64, description="files copied from all devices at the same time"
    )
    second_reads: int = Field(default=2, ge=1, le=64, description="copies read again at the same time")
    derive: bool = Field(default=True, description="make proxies and thumbnails")
    retries: int = Field(
        default=5, ge=1, description="failed attempts of one stage before a person has to look"
    )
    lease_seconds: float = Field(
        default=30.0,
        ge=1,
        description="a worker that was silent for so long counts as dead; others take over",
    )
    retry_seconds: float = Field(
        default=5.0, gt=0, description="wait after the first failure; doubles each time"
    )


class Settings(Model):
    site: str = Field(default="site", pattern=IDENTIFIER)
    data: Path = Path("var")
    database: SecretStr | None = None
    engine_database: SecretStr | None = None
    timezone: str = "Asia/Shanghai"
    rule_pack: str = Field(
        default="hebei-xingtai-2019", description="a pack that comes with the gateway, or a file of your own"
    )
    unit_rule_packs: dict[str, str] = Field(
        default_factory=dict, description="unit → its own pack; it holds for the units below it as well"
    )
    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    ingest: IngestSettings = IngestSettings()
    content_keys: dict[str, Path] = Field(
        default_factory=dict,
        description="key id → private key (PEM): opens what recorders encrypted for the unit",
    )
    identity_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="under which citizens' identity numbers are hashed; one for all hosts, for ever",
    )
    case_sources: tuple[AnyCaseSource, ...] = ()
    webhooks: WebhookSettings = WebhookSettings()
    devices: tuple[AnyDevice, ...] = ()

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        return checked_zone(value)

    @model_validator(mode="after")
    def consistent(self) -> "Settings":
        seen: set[str] = set()
        for place, device in enumerate(self.devices):
            check_device(
                f"devices.{place}", device, seen, has_second_copies=self.store.second_copy is not None
            )
            for number, camera in enumerate(device.members):
                where = f"devices.{place}.{device.members_at}.{number}"
                inherits = camera if camera.unit else camera.model_copy(update={"unit": device.unit})
                check_device(where, inherits, seen, has_second_copies=self.store.second_copy is not None)
        check_templates(self.devices)
        check_lines(self.devices)
        sources = [source.id for source in self.case_sources]
        if len(set(sources)) < len(sources):
            raise ValueError("case_sources: two have the same id")
        check_ports(self.api, self.devices)
        return self

    @property
    def database_url(self) -> str:
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{self.data / 'gateway.sqlite'}"

    @property
    def engine_database_url(self) -> str:
        if self.engine_database is not None:
            return self.engine_database.get_secret_value()
        if self.database is not None and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{self.data / 'engine.sqlite'}"

    def recorder(self, device_id: str) -> DeviceSettings:
        """A device, or one that comes through another, with what it has of that one. Raises ConfigError."""
        named: dict[str, DeviceSettings] = {device.id: device for device in self.devices}
        for device in self.devices:
            named |= {
                camera.id: camera if camera.unit else camera.model_copy(update={"unit": device.unit})
                for camera in device.members
                if not FAMILY.intersection(camera.id)
            }
        if device_id not in named:
            known = ", ".join(sorted(named)) or "none"
            raise ConfigError(f"no device {device_id!r} in the configuration; known: {known}")
        return named[device_id]

    def device(self, device_id: str) -> AnyDevice:
        for device in self.devices:
            if device.id == device_id:
                return device
        known = ", ".join(device.id for device in self.devices) or "none"
        raise ConfigError(f"no device {device_id!r} in the configuration; known: {known}")


def check_device(place: str, device: DeviceSettings, seen: set[str], *, has_second_copies: bool) -> None:
    """Raises ValueError for what contradicts the rest of the file."""
    if device.id in seen and "{" not in device.id:  # a template makes an id for each camera
        raise ValueError(f"{place}.id: {device.id!r} is used twice; give each device its own id")
    seen.add(device.id)
    if device.room and not device.unit:
        raise ValueError(f"{place}.room: say which `unit` the room belongs to as well")
    if device.release == "erase" and not device.erase_without_second_copy and not has_second_copies:
        raise ValueError(
            f"{place}.release: 'erase' needs store.second_copy; to erase with one copy only, "
            "say erase_without_second_copy: true"
        )


def check_lines(devices: tuple[AnyDevice, ...]) -> None:
    """Boards may share a line, each with its own address; a reader has one of its own. Raises ValueError."""
    cabinets = [device for device in devices if isinstance(device, SerialDockSettings)]
    readers = [reader.port for cabinet in cabinets for reader in cabinet.readers]
    if len(set(readers)) < len(readers):
        raise ValueError("two readers have the same port")
    lines: dict[str, BoardSettings] = {}
    units: set[tuple[str, int]] = set()
    for cabinet in cabinets:
        board = cabinet.board
        first = lines.setdefault(board.port, board)
        if board.port in readers:
            raise ValueError(f"{cabinet.id}: {board.port} is a reader's line as well")
        if (board.port, board.unit) in units:
            raise ValueError(f"{cabinet.id}: two boards on {board.port} have the unit {board.unit}")
        if first.model_copy(update={"unit": board.unit, "locks": board.locks}) != board:
            raise ValueError(f"{cabinet.id}: boards on {board.port} need one kind, baud, parity and echo")
        units.add((board.port, board.unit))


def check_ports(api: ApiSettings, devices: tuple[AnyDevice, ...]) -> None:
    """No two of what listens here may want one port: the second would not begin. Raises ValueError."""
    taken = [("api.port", api.host, range(api.port, api.port + 1))]
    for number, device in enumerate(devices):
        for name, host, ports in listeners(device):
            place = f"devices.{number}.{name}"
            for other, other_host, others in taken:
                is_one_host = host == other_host or {host, other_host} & EVERYWHERE
                shared = range(max(ports.start, others.start), min(ports.stop, others.stop))
                if is_one_host and shared and shared.start:
                    raise ValueError(f"{place}: {shared.start} is {other} as well; give it its own")
            taken.append((place, host, ports))


EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  (told apart, not listened on)


def listeners(device: AnyDevice) -> list[tuple[str, str, range]]:
    """Where a device's driver listens: (setting, host, ports)."""
    match device:
        case MqttCameraSettings(uploads=uploads, live=live):
            both = (("uploads", uploads), ("live", live))
            return [(f"{name}.port", one.host, range(one.port, one.port + 1)) for name, one in both if one]
        case FtpReceiverSettings(host=host, port=port, passive=passive):
            found = [("port", host, range(port, port + 1))]
            return found + ([("passive", host, range(passive[0], passive[1] + 1))] if passive else [])
        case AxisBodyWornSettings(host=host, port=port):
            return [("port", host, range(port, port + 1))]
    return []


def check_templates(devices: tuple[AnyDevice, ...]) -> None:
    """An id that a camera makes up for itself must not be able to be another device's."""
    fixed = [device.id for device in devices] + [
        camera.id for device in devices for camera in device.members if "{" not in camera.id
    ]
    for place, device in enumerate(devices):
        for number, camera in enumerate(device.members):
            pattern = re.sub(r"\\{[a-z]+\\}", ".+", re.escape(camera.id))
            clash = [one for one in fixed if "{" in camera.id and re.fullmatch(pattern, one)]
            if clash:
                raise ValueError(
                    f"devices.{place}.{device.members_at}.{number}.id: could become {clash[0]!r}, "
                    "another device; put something of its own before it, such as bwc-"
                )
