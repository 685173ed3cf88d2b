"""The one place where settings become drivers."""

from typing import assert_never

from drivers.axis_body_worn import AxisBodyWorn
from drivers.drop_folder import DropFolder
from drivers.ftp_receiver import FtpReceiver
from drivers.mqtt_camera import MqttCamera
from drivers.nvr_export import NvrExport
from drivers.rtsp_recorder import RtspRecorder
from drivers.serial_dock import SerialDock
from drivers.usb_dock import UsbDock
from drivers.volume import Volume
from gateway.config import AnyDevice
from gateway.config.connected import (
    AxisBodyWornSettings,
    FtpReceiverSettings,
    MqttCameraSettings,
    NvrExportSettings,
    RtspRecorderSettings,
)
from gateway.config.devices import (
    DropFolderSettings,
    SerialDockSettings,
    UsbDockSettings,
    VolumeSettings,
)
from gateway.device import Driver


def driver_for(settings: AnyDevice) -> Driver:
    """The driver of a device. A driver without an arm here is a type error."""
    match settings:
        case VolumeSettings():
            return Volume(settings)
        case DropFolderSettings():
            return DropFolder(settings)
        case UsbDockSettings():
            return UsbDock(settings)
        case MqttCameraSettings():
            return MqttCamera(settings)
        case AxisBodyWornSettings():
            return AxisBodyWorn(settings)
        case RtspRecorderSettings():
            return RtspRecorder(settings)
        case FtpReceiverSettings():
            return FtpReceiver(settings)
        case NvrExportSettings():
            return NvrExport(settings)
        case SerialDockSettings():
            return SerialDock(settings)
        case _:
            assert_never(settings)
