"""Devices that come to us over the network: connected cameras, controllers, recorders."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.base import IDENTIFIER, DeviceSettings, Model, Templates


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


class RtspRecorderSettings(DeviceSettings):
    """A fixed recorder of an interview or hearing room (driver `rtsp_recorder`)."""

    shareable: ClassVar[frozenset[str]] = frozenset({"spool"})

    driver: Literal["rtsp_recorder"]
    type: Literal["cctv", "camera", "audio_recorder"] = "cctv"
    url: SecretStr = Field(description="rtsp://user:password@host/path; write the password as ${NAME}")
    live_url: SecretStr | None = Field(
        default=None, description="the recorder's smaller stream for watching live; none: the same `url`"
    )
    mode: Literal["continuous", "asked", "booked"] = Field(
        default="continuous",
        description="`asked`: between the orders start_recording and stop_recording; `booked`: besides, "
        "while a step of a case is to take place in its room",
    )
    before_minutes: int = Field(default=5, ge=0, le=120, description="begins so long before what is booked")
    after_minutes: int = Field(default=30, ge=0, le=720, description="goes on so long after its end")
    transport: Literal["tcp", "udp"] = "tcp"
    audio: Literal["aac", "copy", "none"] = Field(
        default="aac", description="`copy` where the recorder sends AAC; G.711 has no place in MP4"
    )
    segment_seconds: int = Field(default=300, ge=2, le=3600)
    part_seconds: float = Field(
        default=0.5, ge=0.1, le=10, description="what a kill or a power cut may lose, at most"
    )
    stall_seconds: float = Field(
        default=10.0, ge=2, le=300, description="without one new picture it is taken anew"
    )
    spool: Path = Path("rooms")
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")

    @field_validator("url", "live_url")
    @classmethod
    def is_rtsp(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("rtsp://", "rtsps://")):
            raise ValueError("write rtsp://host/path")
        return url

    @model_validator(mode="after")
    def has_a_room(self) -> "RtspRecorderSettings":
        if self.mode == "booked" and self.room is None:
            raise ValueError("room: `mode: booked` needs to know which room is booked")
        return self


class FtpCamera(DeviceSettings):
    """A recorder that uploads by FTP; its id is its user name."""

    password: SecretStr = Field(description="12 characters or more; write it as ${NAME}")
    digest: Literal["none", "md5"] = Field(
        default="none", description="`md5`: it sends one beside each clip, which is waited for"
    )

    @model_validator(mode="before")
    @classmethod
    def fixed_in_its_room(cls, told: Any) -> Any:
        """What is fixed in a room hangs on its wall, unless the file says otherwise."""
        if isinstance(told, dict) and told.get("room") and "type" not in told:
            return {**told, "type": "cctv"}
        return told

    @field_validator("password")
    @classmethod
    def long_enough(cls, password: SecretStr) -> SecretStr:
        if len(password.get_secret_value()) < 12:
            raise ValueError("12 characters or more")
        return password


class FtpReceiverSettings(DeviceSettings):
    """An FTP(S) server that recorders upload to (driver `ftp_receiver`)."""

    driver: Literal["ftp_receiver"]
    type: Literal["storage"] = "storage"
    host: str = "127.0.0.1"
    port: int = Field(default=2121, gt=0, lt=65536)
    certificate: Path | None = None
    key: Path | None = None
    tls: Literal["required", "optional"] = Field(
        default="required", description="with a certificate; without one, passwords go over the line in clear"
    )
    passive: tuple[int, int] | None = Field(default=None, description="data ports, such as [40000, 40100]")
    public_address: str | None = Field(default=None, description="behind address translation")
    cameras: tuple[FtpCamera, ...] = Field(min_length=1)
    spool: Path = Path("ftp")
    ignore: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", "*~", ".*")
    name_templates: Templates = ()
    scan_seconds: float = Field(default=1.0, gt=0, le=60)
    rest_seconds: float = Field(default=3.0, ge=0, description="nothing younger is taken in")
    patience_seconds: float = Field(
        default=1800.0, ge=0, description="how long a file that is cut waits for its sender to go on"
    )
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")

    @property
    def members(self) -> tuple[DeviceSettings, ...]:
        return self.cameras


class NvrProfile(Model):
    """The ways of one firmware (devices 4.2, 4.3)."""

    times: Literal["local", "utc"] = Field(
        default="local", description="what Hikvision's `…Z` means; most recorders write their own local time"
    )
    braces: bool = Field(default=True, description="Hikvision: the search id stands in {braces}")
    prolog: bool = Field(default=False, description="Hikvision: requests begin with <?xml …?>")
    download: Literal["POST", "GET"] = "POST"
    sizes: Literal["exact", "unknown"] = Field(
        default="exact", description="Hikvision: whether `size=` in its addresses is the file's"
    )
    page: int = Field(default=40, ge=1, le=100, description="Hikvision: results at once")
    kind: str = Field(default="dav", pattern=r"^[a-z0-9]{2,5}$", description="Dahua: type that is asked for")
    real_utc: bool = Field(
        default=False, description="Dahua, newer ones: asked by and told in `StartTimeRealUTC`, which is UTC"
    )


class NvrChannel(DeviceSettings):
    """A camera of the recorder; its footage is this device's."""

    channel: int = Field(ge=1, le=512)
    type: Literal["cctv", "camera", "audio_recorder"] = "cctv"


class NvrExportSettings(DeviceSettings):
    """A network video recorder whose recordings are fetched (driver `nvr_export`)."""

    members_at: ClassVar[str] = "channels"
    shareable: ClassVar[frozenset[str]] = frozenset({"spool"})

    driver: Literal["nvr_export"]
    type: Literal["storage"] = "storage"
    dialect: Literal["hik_isapi", "dahua_cgi"]
    url: str = Field(pattern=r"^https?://[^/\s]+$", description="without a path")
    user: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(description="write it as ${NAME}")
    ca: Path | None = Field(default=None, description="PEM: whom its certificate has to be signed by")
    profile: NvrProfile = NvrProfile()
    channels: tuple[NvrChannel, ...] = Field(min_length=1)
    spool: Path = Path("nvr")
    poll_seconds: float = Field(default=60.0, gt=0, le=3600)
    settle_seconds: float = Field(
        default=60.0, ge=0, description="a recording that ended less than so long ago may still grow"
    )
    lookback_hours: int = Field(
        default=72, ge=1, le=24 * 366, description="how far back the very first search and each deep one go"
    )
    deep_minutes: float = Field(
        default=360.0, gt=0, le=7 * 24 * 60,
        description="so often all of `lookback_hours` is searched again: for what the recorder enters late",
    )  # fmt: skip
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")

    @property
    def members(self) -> tuple[DeviceSettings, ...]:
        return self.channels
