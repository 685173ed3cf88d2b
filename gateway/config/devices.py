"""What each device may be told in devices.yaml: one class per driver, told apart by `driver`."""

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def usable(cls, value: object) -> object:
        """No path and no database takes a NUL."""
        if "\0" in (str(value) if isinstance(value, (str, Path)) else ""):
            raise ValueError("contains a NUL character")
        return value


def checked_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write one such as Asia/Shanghai") from error
    return value


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


def compiles(templates: tuple[str, ...]) -> tuple[str, ...]:
    for template in templates:
        try:
            re.compile(template)
        except re.error as error:
            raise ValueError(f"{template!r} is no regular expression: {error}") from None
    return templates


Templates = Annotated[tuple[str, ...], AfterValidator(compiles)]
"""Regular expressions with groups such as `(?P<device>…)`: how a unit names its files."""


class VolumeSettings(DeviceSettings):
    """A camera volume that the system mounts (driver `volume`)."""

    driver: Literal["volume"]
    path: Path
    bay: str | None = None
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    name_templates: Templates = ()


class DropFolderSettings(DeviceSettings):
    """A folder that something else writes files into (driver `drop_folder`)."""

    driver: Literal["drop_folder"]
    path: Path
    scan_seconds: float = Field(default=2.0, gt=0, le=3600)
    marker: Literal["none", "ok", "md5"] = "none"
    ignore: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", "*~", ".*")
    name_templates: Templates = ()
    adopt: bool = Field(
        default=False, description="the folder is ours: take files by rename, leave nothing behind"
    )


AnyDevice = Annotated[VolumeSettings | DropFolderSettings, Field(discriminator="driver")]
