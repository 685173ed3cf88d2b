"""What every device may be told in devices.yaml, whatever its driver."""

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal
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

    members_at: ClassVar[str] = "cameras"
    """Under which key its `members` stand."""

    shareable: ClassVar[frozenset[str]] = frozenset()
    """Folders that several devices of this driver may have in common: each keeps to its own part."""

    id: str = Field(pattern=IDENTIFIER)
    name: str = ""
    type: Literal[
        "body_camera", "handheld_terminal", "camera", "camcorder", "audio_recorder", "cctv", "storage"
    ] = "body_camera"
    unit: str | None = None
    room: str | None = None
    container_time: Literal["local", "utc"] = "local"
    timezone: str | None = None
    release: Literal["keep", "check", "erase"] = Field(
        default="keep",
        description="`check` reads each file of the source once more, compares, and leaves it; `erase` "
        "erases what then agrees",
    )
    erase_without_second_copy: bool = False

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str | None) -> str | None:
        return value if value is None else checked_zone(value)

    @property
    def kind(self) -> str:
        """The driver's name."""
        return str(getattr(self, "driver", ""))

    @property
    def members(self) -> "tuple[DeviceSettings, ...]":
        """Devices that come through this one: the cameras of a dock."""
        return ()

    def entry_of(self, member: "DeviceSettings") -> "dict[str, str | None]":
        """What the registry keeps of a device that comes through this one: of this unit, if of none."""
        return member.entry() | {"driver": self.kind, "unit_id": member.unit or self.unit}

    def entry(self) -> dict[str, str | None]:
        """What the registry keeps of it."""
        erases = "erase_single" if self.erase_without_second_copy else "erase"
        return {
            "name": self.name,
            "unit_id": self.unit,
            "room_id": self.room,
            "container_time": self.container_time,
            "timezone": self.timezone,
            "release": erases if self.release == "erase" else self.release,
        }


def compiles(templates: tuple[str, ...]) -> tuple[str, ...]:
    for template in templates:
        try:
            re.compile(template)
        except re.error as error:
            raise ValueError(f"{template!r} is no regular expression: {error}") from None
    return templates


Templates = Annotated[tuple[str, ...], AfterValidator(compiles)]
"""Regular expressions with groups such as `(?P<device>…)`: how a unit names its files."""
