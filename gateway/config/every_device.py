"""What every device may be told in devices.yaml, whatever its driver."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gateway.config.model import IDENTIFIER, Model, checked_zone


class DeviceSettings(Model):
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
