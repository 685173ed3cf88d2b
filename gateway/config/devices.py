"""What each device may be told in devices.yaml: one class per driver, told apart by `driver`."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.connected import AxisBodyWornSettings, MqttCameraSettings
from gateway.config.every_device import DeviceSettings
from gateway.config.model import IDENTIFIER, Model, Templates
from gateway.config.recorders import FtpReceiverSettings, NvrExportSettings, RtspRecorderSettings


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
    share: bool = Field(
        default=False, description="on SMB or NFS: must be mounted, is only scanned, events do not reach us"
    )
    rest_seconds: float = Field(
        default=0.0, ge=0, le=3600,
        description="how long size and time must rest; on NFS at least its attribute cache (60)",
    )  # fmt: skip
    marker: Literal["none", "ok", "md5"] = "none"
    ignore: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", "*~", ".*")
    name_templates: Templates = ()
    adopt: bool = Field(
        default=False, description="the folder is ours: take files by rename, leave nothing behind"
    )


HEX2 = r"^[0-9a-f]{2}$"
HEX4 = r"^[0-9a-f]{4}$"
PORT = r"^[0-9]+-[0-9]+(\.[0-9]+)*$"
CAMERA_ID = r"^([A-Za-z0-9_.-]|\{(serial|volume|record)\}){1,80}$"


class UsbMatch(Model):
    """What a plugged device tells of itself; all that is given must hold, texts may hold `*`.

    Vendor and product are no identification: chip makers' numbers are shared by toys (devices 1.3).
    """

    asked: ClassVar = frozenset({"id_code", "marker"})
    """Told only to whom asks or looks: by itself it names nobody, or every stick would be looked into."""

    vendor: str | None = Field(default=None, pattern=HEX4)
    product: str | None = Field(default=None, pattern=HEX4)
    manufacturer: str | None = None
    name: str | None = None
    serial: str | None = None
    label: str | None = Field(default=None, description="of the card's file system")
    interfaces: tuple[Annotated[str, Field(pattern=HEX2)], ...] | None = Field(
        default=None, min_length=1,
        description="classes of all its USB interfaces, such as [\"08\"]: no more and no less",
    )  # fmt: skip
    inquiry: str | None = Field(default=None, description="vendor and product of its disk (SCSI INQUIRY)")
    id_code: str | None = Field(default=None, description="maker and model, asked through its `link`")
    marker: str | None = Field(
        default=None,
        description="a path that must be on the card, such as police/video; looked for read-only",
    )

    @property
    def named(self) -> frozenset[str]:
        """What is asked of the system, which tells it of everybody."""
        return frozenset(name for name, value in self if value is not None) - self.asked

    @field_validator("marker")
    @classmethod
    def lies_on_the_card(cls, marker: str | None) -> str | None:
        if marker is not None and (not marker or marker.startswith("/") or ".." in marker.split("/")):
            raise ValueError("a path on the card, such as police/video")
        return marker


class CameraSettings(DeviceSettings):
    """A camera, or a model of cameras, that a dock may take in."""

    id: str = Field(
        pattern=CAMERA_ID,
        description="`{serial}` (USB), `{volume}` (card) and `{record}` (its identity record) are filled in",
    )
    match: UsbMatch
    link: Literal["none", "dv16", "bcplus", "zzx", "e12"] = Field(
        default="none", description="how it is asked for its card, if it shows none by itself"
    )
    link_port: int = Field(
        default=9000, gt=0, lt=65536,
        description="TCP port on the recorder (zzx is told to listen there, an E12 where it was built to)",
    )  # fmt: skip
    as_disk: UsbMatch | None = Field(
        default=None, description="what an unlocked recorder is when it comes back; nothing else is read"
    )
    password: SecretStr | None = Field(default=None, description="there is no default; `${NAME}`")
    set_clock: bool = Field(
        default=False,
        description="set the camera's clock, after it was read and stored; never one that cannot be read, "
        "and never while this host's own is known to be wrong (`is_time_source` of the dock)",
    )
    least_battery: int = Field(default=0, ge=0, le=100, description="per cent; below it is charged first")
    passed_over: tuple[str, ...] = Field(
        default=(), description="labels or types of further file systems on it that never hold footage; `*`"
    )
    name_templates: Templates = ()

    @model_validator(mode="after")
    def tells_something(self) -> "CameraSettings":
        if not self.match.named:
            named = "vendor, product, manufacturer, name, serial, label, interfaces, inquiry"
            raise ValueError(f"match: say at least one of {named}")
        if self.match.id_code is not None and self.link == "none":
            raise ValueError("match: id_code is asked through a link; say which")
        if self.as_disk is not None and self.as_disk.id_code is not None:
            raise ValueError("as_disk: id_code is asked before the card is shown; it belongs to match")
        if self.link != "none" and self.password is None:
            raise ValueError("password: a recorder that has to be unlocked needs one; write it as ${NAME}")
        if self.link != "none" and (self.as_disk is None or not self.as_disk.named):
            raise ValueError('as_disk: say what the recorder is once unlocked, such as {product: "8612"}')
        if self.link != "none" and "{volume}" in self.id:
            raise ValueError("id: a recorder is known before its card is seen; use {record} or {serial}")
        return self


class UsbDockSettings(DeviceSettings):
    """A USB docking station (driver `usb_dock`): bays are ports, cameras are on a list."""

    shareable: ClassVar[frozenset[str]] = frozenset({"spool"})

    driver: Literal["usb_dock"]
    type: Literal["storage"] = "storage"
    bays: dict[str, Annotated[str, Field(pattern=PORT)]] = Field(
        min_length=1, description="bay → port path, such as 1-1.3.2; it survives re-enumeration"
    )
    cameras: tuple[CameraSettings, ...] = ()
    mounts: Path = Path("mounts")
    spool: Path = Field(
        default=Path("mtp"),
        description="where MTP cameras' files are pulled to, best on the store's disk; begins at `data`",
    )
    reserve_mb: int = Field(default=1024, ge=0, description="free space of the spool that is never used up")
    simulated: Path | None = Field(default=None, description="a folder of twins instead of the system's USB")
    poll_seconds: float = Field(default=0.5, gt=0, le=60)
    settle_seconds: float = Field(default=15.0, gt=0, description="how long a card may take to appear")
    is_time_source: bool = Field(
        default=False,
        description="closed network whose time is this host's: set clocks though nothing synchronises ours",
    )

    @field_validator("bays")
    @classmethod
    def each_port_once(cls, bays: dict[str, str]) -> dict[str, str]:
        if len(set(bays.values())) < len(bays):
            raise ValueError("two bays have the same port")
        return bays

    @property
    def members(self) -> tuple[DeviceSettings, ...]:
        return self.cameras


class LineSettings(Model):
    """A serial line. Name it by its place, `/dev/serial/by-path/…`: ttyUSB0 is another one tomorrow."""

    port: str = Field(min_length=1)
    baud: int = Field(default=9600, ge=300, le=4_000_000)
    parity: Literal["N", "E", "O"] = "N"


class BoardSettings(LineSettings):
    """The board of a cabinet: `dockbus` is Modbus RTU with our register map, `lock8a` knows locks only."""

    kind: Literal["dockbus", "lock8a"]
    unit: int = Field(default=1, ge=1, le=247, description="its address on the line")
    locks: int = Field(default=24, ge=1, le=24, description="of a lock8a board")
    echo: bool = Field(default=False, description="the adapter hears itself (dockbus)")


class ReaderSettings(LineSettings):
    """A badge reader or a QR or barcode scanner."""

    name: str = Field(default="reader", pattern=IDENTIFIER)
    kind: Literal["rdm6300", "lines"]
    away_seconds: float = Field(
        default=2.0, gt=0, description="a badge counts again after it was away so long"
    )


CHARGED = 60
"""Per cent with which a camera lasts for a shift."""


class SerialDockSettings(DeviceSettings):
    """A cabinet with locks, lamps and badge readers (driver `serial_dock`)."""

    driver: Literal["serial_dock"]
    type: Literal["storage"] = "storage"
    dock: str | None = Field(default=None, description="the usb_dock whose bays bear the same numbers")
    board: BoardSettings
    readers: tuple[ReaderSettings, ...] = ()
    least_battery: int = Field(
        default_factory=lambda told: CHARGED if is_dockbus(told) else 0, ge=0, le=100,
        description=f"per cent; below it nothing is given out ({CHARGED} where the board tells it, else 0)",
    )  # fmt: skip
    take_seconds: int = Field(default=30, ge=5, le=600, description="how long an opened bay waits for a hand")
    watchdog_seconds: int = Field(
        default=30, ge=0, le=600, description="the board makes itself safe when we are silent (dockbus)"
    )
    poll_seconds: float = Field(default=0.2, gt=0, le=10)

    @model_validator(mode="after")
    def each_line_once(self) -> "SerialDockSettings":
        ports = [self.board.port, *(reader.port for reader in self.readers)]
        if len(set(ports)) < len(ports):
            raise ValueError("two lines have the same port")
        return self

    @model_validator(mode="after")
    def battery_is_told(self) -> "SerialDockSettings":
        if self.least_battery and self.board.kind == "lock8a":
            raise ValueError("least_battery: a lock8a board tells no battery; leave it out")
        return self


def is_dockbus(told: dict[str, Any]) -> bool:
    board = told.get("board")
    return isinstance(board, BoardSettings) and board.kind == "dockbus"


AnyDevice = Annotated[
    VolumeSettings
    | DropFolderSettings
    | UsbDockSettings
    | SerialDockSettings
    | MqttCameraSettings
    | AxisBodyWornSettings
    | RtspRecorderSettings
    | FtpReceiverSettings
    | NvrExportSettings,
    Field(discriminator="driver"),
]
