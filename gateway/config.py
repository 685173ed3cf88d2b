"""The whole shape of devices.yaml: frozen models that refuse what they do not know."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class ConfigError(Exception):
    """The configuration cannot be used; the message names the place and says what to write instead."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StoreSettings(Model):
    """Where originals and renditions lie, and where the second copy goes (1:1 backup, R-55)."""

    path: Path = Path("store")
    second_copy: Path | None = None
    reserve_mb: int = Field(default=512, ge=0, description="free space in MiB that acquiring never uses up")


class ApiSettings(Model):
    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=0, le=65535)


class IngestSettings(Model):
    copies: int = Field(
        default=2, ge=1, le=64, description="clips that are copied and verified at the same time"
    )
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


class DeviceSettings(Model):
    """What every device has, whatever its driver."""

    id: str = Field(pattern=IDENTIFIER)
    name: str = ""
    type: Literal[
        "body_camera", "handheld_terminal", "camera", "camcorder", "audio_recorder", "cctv", "storage"
    ] = "body_camera"
    unit: str | None = None
    room: str | None = None
    container_time: Literal["local", "utc"] = "local"
    timezone: str | None = None
    release: Literal["keep", "erase"] = "keep"
    erase_without_second_copy: bool = False

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str | None) -> str | None:
        return value if value is None else checked_zone(value)


class VolumeSettings(DeviceSettings):
    """A camera volume that the system mounts (driver `volume`)."""

    driver: Literal["volume"]
    path: Path
    bay: str | None = None
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    name_templates: tuple[str, ...] = ()


class DropFolderSettings(DeviceSettings):
    """A folder that something else writes files into (driver `drop_folder`)."""

    driver: Literal["drop_folder"]
    path: Path
    scan_seconds: float = Field(default=2.0, gt=0, le=3600)
    marker: Literal["none", "ok", "md5"] = "none"
    ignore: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", "*~", ".*")
    name_templates: tuple[str, ...] = ()
    adopt: bool = Field(
        default=False, description="the folder is ours: take files by rename, leave nothing behind"
    )


AnyDevice = Annotated[VolumeSettings | DropFolderSettings, Field(discriminator="driver")]


class Settings(Model):
    site: str = Field(default="site", pattern=IDENTIFIER)
    data: Path = Path("var")
    database: SecretStr | None = None
    engine_database: SecretStr | None = None
    timezone: str = "Asia/Shanghai"
    rule_pack: str = "hebei-xingtai-2019"
    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    ingest: IngestSettings = IngestSettings()
    devices: tuple[AnyDevice, ...] = ()

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        return checked_zone(value)

    @model_validator(mode="after")
    def consistent(self) -> "Settings":
        seen: set[str] = set()
        for place, device in enumerate(self.devices):
            if device.id in seen:
                raise ValueError(
                    f"devices.{place}.id: {device.id!r} is used twice; give each device its own id"
                )
            seen.add(device.id)
            if device.room and not device.unit:
                raise ValueError(f"devices.{place}.room: say which `unit` the room belongs to as well")
            erases = device.release == "erase" and not device.erase_without_second_copy
            if erases and self.store.second_copy is None:
                raise ValueError(
                    f"devices.{place}.release: 'erase' needs store.second_copy; to erase with one copy only, "
                    "say erase_without_second_copy: true"
                )
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

    def device(self, device_id: str) -> AnyDevice:
        for device in self.devices:
            if device.id == device_id:
                return device
        known = ", ".join(device.id for device in self.devices) or "none"
        raise ConfigError(f"no device {device_id!r} in the configuration; known: {known}")

    def zone_of(self, device: DeviceSettings) -> ZoneInfo:
        return ZoneInfo(device.timezone or self.timezone)


def checked_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write one such as Asia/Shanghai") from error
    return value


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a configuration file; relative paths in it start at the file's own folder.

    Raises ConfigError, with every mistake on a line of its own.
    """
    try:
        written = yaml.load(path.read_text(encoding="utf-8"), UniqueKeys)  # noqa: S506  (a SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give another with --config") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(written, dict):
        raise ConfigError(f"{path}: expected settings such as `devices:`, found {type(written).__name__}")
    return from_mapping(written, path.resolve().parent, environment, str(path))


def from_mapping(
    written: Mapping[str, Any], folder: Path, environment: Mapping[str, str], source: str = "settings"
) -> Settings:
    filled = fill_secrets(written, environment, "")
    try:
        settings = Settings.model_validate(filled)
    except ValidationError as error:
        lines = [explain(item) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError("\n".join(f"{source}: {line}" for line in lines)) from None
    return anchored(settings, folder)


def anchored(settings: Settings, folder: Path) -> Settings:
    data = folder / settings.data
    store = settings.store.model_copy(
        update={
            "path": data / settings.store.path,
            "second_copy": settings.store.second_copy and data / settings.store.second_copy,
        }
    )
    check_apart(store, folder, settings.devices)
    devices = tuple(device.model_copy(update={"path": folder / device.path}) for device in settings.devices)
    return settings.model_copy(update={"data": data, "store": store, "devices": devices})


def check_apart(store: StoreSettings, folder: Path, devices: tuple[AnyDevice, ...]) -> None:
    """A second copy in the store is no second copy, and a source in the store would eat itself."""
    places = {"store.path": store.path.resolve()}
    if store.second_copy is not None:
        places["store.second_copy"] = store.second_copy.resolve()
        if overlapping(places["store.path"], places["store.second_copy"]):
            raise ConfigError("store.second_copy: must lie apart from store.path, best on another disk")
    for number, device in enumerate(devices):
        source = (folder / device.path).resolve()
        for name, place in places.items():
            if overlapping(source, place):
                raise ConfigError(f"devices.{number}.path: {source} and {name} lie within one another")


def overlapping(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a key written twice is an error: the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def fill_secrets(value: Any, environment: Mapping[str, str], place: str) -> Any:
    """Replace `${NAME}` in every string by the environment's value."""
    if isinstance(value, dict):
        return {key: fill_secrets(item, environment, f"{place}{key}.") for key, item in value.items()}
    if isinstance(value, list):
        return [fill_secrets(item, environment, f"{place}{index}.") for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        try:
            return environment[match.group(1)]
        except KeyError:
            raise ConfigError(
                f"{place.rstrip('.')}: the environment variable {match.group(1)} is not set"
            ) from None

    return SECRET.sub(filled, value)


def explain(error: Any) -> str:
    """One pydantic error as a line that names the place as it is written in the file."""
    location = [
        part for part in error["loc"] if part not in {"volume", "drop_folder"} or part == error["loc"][-1]
    ]
    place = ".".join(str(part) for part in location)
    kind = error["type"]
    if kind == "extra_forbidden":
        known = known_names(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{place}: unknown setting{hint}; known here: {', '.join(known)}"
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{place}.driver: which driver? known: {', '.join(driver_names())}"
    message = error["msg"].removeprefix("Value error, ")
    return message if not place else f"{place}: {message}"


def driver_names() -> list[str]:
    return sorted(get_args(model.model_fields["driver"].annotation)[0] for model in device_models())


def device_models() -> tuple[type[DeviceSettings], ...]:
    return get_args(get_args(AnyDevice)[0])


def known_names(location: tuple[str | int, ...]) -> list[str]:
    """The settings that exist where an unknown one was written."""
    model: Any = Settings
    for part in location[:-1]:
        model = inside(model, part)
    return sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def inside(model: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return model
    for candidate in device_models():
        if part == get_args(candidate.model_fields["driver"].annotation)[0]:
            return candidate
    field = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
    annotation = field.annotation if field else None
    while get_origin(annotation) in {Union, UnionType, tuple, Annotated}:
        annotation = next(item for item in get_args(annotation) if item is not type(None))
    return annotation
