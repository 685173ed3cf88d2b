"""Cameras and controllers that come to us over the network, and the listeners they come to."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.every_device import DeviceSettings
from gateway.config.model import IDENTIFIER, Model


class ListenerSettings(Model):
    """What others reach by an address: it must be encrypted here if the address says so, or before us."""

    url: str
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = Field(
        default=False, description="a proxy before us has the certificate: listen without one"
    )

    @model_validator(mode="after")
    def is_what_its_address_says(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; give both")
        secure = self.url.startswith(("https:", "rtsps:"))
        if secure and self.certificate is None and not self.behind_proxy:
            scheme = self.url.partition(":")[0]
            raise ValueError(
                f"url: {scheme} without a certificate; give certificate and key, or behind_proxy: true"
            )
        return self


class BrokerSettings(Model):
    """An MQTT 5 broker. With `ca` the connection is TLS; certificate and key are how it knows us."""

    host: str = "127.0.0.1"
    port: int = Field(default=8883, gt=0, lt=65536)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    client_id: str = Field(default="evidence-gateway", pattern=IDENTIFIER)

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


class UploadSettings(ListenerSettings):
    """The listener that connected cameras bring files to; nothing of the users' API is there."""

    host: str = "127.0.0.1"
    port: int = Field(default=8890, gt=0, lt=65536)
    url: str = Field(pattern=r"^https?://[^/\s]+$", description="how cameras reach it, without a path")
    secret: SecretStr = Field(description="signs addresses; write it as ${NAME}, 32 characters or more")
    expires_seconds: int = Field(default=3600, ge=60, le=86400, description="how long an address is good")
    chunk_mb: int = Field(default=4, ge=1, le=256, description="piece that a camera is told to send at once")
    at_once: int = Field(default=32, ge=1, le=1000, description="uploads at the same time")
    per_device: int = Field(default=2, ge=1, le=16)
    quota_mb: int = Field(default=20_000, ge=1, description="of one camera's files that are not stored yet")
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")

    @field_validator("secret")
    @classmethod
    def long_enough(cls, secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value()) < 32:
            raise ValueError("is too short to sign with; 32 characters or more")
        return secret


class LiveListenerSettings(ListenerSettings):
    """Where connected cameras push their live picture to (RTSP over TCP)."""

    host: str = "127.0.0.1"
    port: int = Field(default=8892, gt=0, lt=65536)
    url: str = Field(
        pattern=r"^rtsps?://[^/\s]+$",
        description="how cameras reach it, without a path; rtsps with a certificate",
    )
    at_once: int = Field(default=32, ge=1, le=1000, description="lines at the same time")


class ConnectedCamera(DeviceSettings):
    """A camera, or with `*` a family of them, that may connect; its id is its name at the broker."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.*-]{1,64}$")


Camera = TypeVar("Camera", bound=DeviceSettings)


def entry_for(cameras: Iterable[Camera], device: str) -> Camera | None:
    """The first entry whose id, or family, a device's name answers to."""
    return next((one for one in cameras if fnmatchcase(device, one.id)), None)


class MqttCameraSettings(DeviceSettings):
    """Body cameras that connect by MQTT 5 and upload by HTTP (driver `mqtt_camera`)."""

    driver: Literal["mqtt_camera"]
    type: Literal["storage"] = "storage"
    broker: BrokerSettings = BrokerSettings()
    uploads: UploadSettings
    live: LiveListenerSettings | None = None
    cameras: tuple[ConnectedCamera, ...] = ()
    spool: Path = Path("spool")
    answer_seconds: float = Field(default=5.0, gt=0, le=60, description="how long an order is waited for")
    status_seconds: float = Field(
        default=5.0, gt=0, le=60, description="how often a camera's state is stored"
    )
    is_time_source: bool = Field(
        default=False,
        description="closed network whose time is this host's: set clocks though nothing synchronises ours",
    )

    @property
    def members(self) -> tuple[DeviceSettings, ...]:
        return self.cameras


class EncryptionSettings(Model):
    """What a controller encrypts its content with; the private half stands in `content_keys` of the site."""

    key_id: str = Field(min_length=1, max_length=128)
    public_key: Path = Field(description="PEM, RSA; once a controller encrypts, it never stops (Axis)")


class AxisBodyWornSettings(ListenerSettings, DeviceSettings):
    """Axis body-worn system controllers that upload to us (driver `axis_body_worn`)."""

    driver: Literal["axis_body_worn"]
    type: Literal["storage"] = "storage"
    host: str = "127.0.0.1"
    port: int = Field(default=8891, gt=0, lt=65536)
    url: str = Field(
        pattern=r"^https?://[^/\s]+$", max_length=500, description="how controllers reach us, without a path"
    )
    user: str = Field(default="evidence", min_length=1, max_length=64)
    api_key: SecretStr = Field(description="16 to 64 characters; write it as ${NAME}")
    container: Literal["mkv", "mp4"] = Field(default="mkv", description="fixed once a controller is set up")
    encryption: EncryptionSettings | None = None
    categories: tuple[str, ...] = Field(default=(), description="offered to officers for their bookmarks")
    cameras: tuple[ConnectedCamera, ...] = Field(
        default=(),
        description="cameras known beforehand, by serial number; others are taken in as well",
    )
    spool: Path = Path("axis")
    at_once: int = Field(default=32, ge=1, le=1000, description="uploads at the same time")
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")
    quiet_seconds: float = Field(
        default=1800, gt=0,
        description="a recording that its controller leaves without `Complete` is taken in after so long",
    )  # fmt: skip

    @field_validator("api_key")
    @classmethod
    def of_good_length(cls, key: SecretStr) -> SecretStr:
        if not 16 <= len(key.get_secret_value()) <= 64:
            raise ValueError("needs 16 to 64 characters")
        return key

    @property
    def members(self) -> tuple[DeviceSettings, ...]:
        return self.cameras
