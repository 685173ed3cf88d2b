"""Recorders on the network: fixed in a room, uploading by FTP, or asked for what they recorded."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.every_device import DeviceSettings
from gateway.config.model import Model, Templates


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
