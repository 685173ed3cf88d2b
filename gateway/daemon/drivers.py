"""The one place where settings become drivers."""

from collections.abc import Sequence
from typing import Any, assert_never

from drivers.cabinet.line import Line
from gateway.config import AnyDevice
from gateway.config.connected import AxisBodyWornSettings, MqttCameraSettings
from gateway.config.devices import (
    DropFolderSettings,
    SerialDockSettings,
    UsbDockSettings,
    VolumeSettings,
)
from gateway.config.recorders import FtpReceiverSettings, NvrExportSettings, RtspRecorderSettings
from gateway.device import Driver


def drivers_for(devices: Sequence[AnyDevice]) -> dict[str, Driver]:
    """All of them; cabinets on one serial line share it."""
    lines: dict[str, Line[Any]] = {}
    return {settings.id: driver_for(settings, lines) for settings in devices}


def driver_for(settings: AnyDevice, lines: dict[str, Line[Any]]) -> Driver:
    """The driver of a device. A driver without an arm here is a type error.

    Only what a unit has is loaded: a broker's or a field bus's library takes its time and memory.
    """
    match settings:
        case VolumeSettings():
            from drivers.volume import Volume

            return Volume(settings)
        case DropFolderSettings():
            from drivers.drop_folder import DropFolder

            return DropFolder(settings)
        case UsbDockSettings():
            from drivers.usb_dock import UsbDock

            return UsbDock(settings)
        case MqttCameraSettings():
            from drivers.mqtt_camera import MqttCamera

            return MqttCamera(settings)
        case AxisBodyWornSettings():
            from drivers.axis_body_worn import AxisBodyWorn

            return AxisBodyWorn(settings)
        case RtspRecorderSettings():
            from drivers.rtsp_recorder import RtspRecorder

            return RtspRecorder(settings)
        case FtpReceiverSettings():
            from drivers.ftp_receiver import FtpReceiver

            return FtpReceiver(settings)
        case NvrExportSettings():
            from drivers.nvr_export import NvrExport

            return NvrExport(settings)
        case SerialDockSettings():
            from drivers.serial_dock import SerialDock, line_of

            port = settings.board.port
            return SerialDock(settings, lines.setdefault(port, line_of(settings.board)))
        case _:
            assert_never(settings)
