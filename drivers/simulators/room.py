"""A fixed recorder: an RTSP server with a clock in the picture (twin).

gst-rtsp-server is Debian's and speaks to the system's own Python, so this file needs nothing of ours:

    /usr/bin/python3 drivers/simulators/room.py --port 8554 [--user u --password p] [--size 320x240]

Several at once, and such as freeze, die and come back: `python -m drivers.simulators.rooms`.
"""

import argparse
import importlib
import time
from pathlib import Path
from typing import Any

BALL = "videotestsrc is-live=true pattern=ball num-buffers={pictures}"
NUMBERED = "videotestsrc name=numbers is-live=true pattern=solid-color"
PICTURE = (
    "{source} ! capsfilter name=size caps={caps} "
    "! clockoverlay name=clock time-format=%H:%M:%S font-desc=Mono,24 ! {encoder} name=pay0 pt={type}"
)
ENCODERS = {
    "h264": (
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} ! rtph264pay config-interval=1",
        96,
    ),
    "jpeg": ("videoconvert ! jpegenc ! rtpjpegpay", 26),
}
SOUND = (
    "audiotestsrc is-live=true volume=0.1 ! audio/x-raw,rate=8000,channels=1 ! alawenc "
    "! rtppcmapay name=pay1 pt=8"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", default="8554")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--then", help="size it changes to, in the middle of the stream")
    parser.add_argument("--after", type=int, default=5, help="seconds until it does")
    parser.add_argument(
        "--pictures", type=int, default=-1, help="the picture ends after so many, the sound goes on"
    )
    parser.add_argument("--codec", choices=ENCODERS, default="h264")

    parser.add_argument(
        "--numbered", type=Path, help="each picture has its number as colour; when it was sent goes here"
    )
    asked = parser.parse_args()
    gst, rtsp, glib = library("Gst", "1.0"), library("GstRtspServer", "1.0"), library("GLib", "2.0")
    gst.init(None)
    server, factory = rtsp.RTSPServer(), rtsp.RTSPMediaFactory()
    server.set_address("127.0.0.1")
    server.set_service(asked.port)
    encoder, payload = ENCODERS[asked.codec]
    shown = caps(asked.size, asked.rate)
    source = NUMBERED if asked.numbered else BALL.format(pictures=asked.pictures)
    picture = PICTURE.format(source=source, caps=shown, encoder=encoder.format(gop=asked.rate), type=payload)
    factory.set_launch(f"( {picture} {SOUND} )")
    factory.set_shared(True)
    if asked.then:
        later = gst.Caps.from_string(caps(asked.then, asked.rate))

        def change(_: Any, media: Any) -> None:
            size = media.get_element().get_by_name("size")
            glib.timeout_add_seconds(asked.after, lambda: size.set_property("caps", later))

        factory.connect("media-configure", change)
    if asked.numbered:
        factory.connect("media-configure", Numbers(asked.numbered, gst).watch)
    if asked.user:
        only(server, factory, rtsp, asked.user, asked.password)
    server.get_mount_points().add_factory("/room", factory)
    server.attach(None)
    print(f"rtsp://127.0.0.1:{asked.port}/room", flush=True)  # noqa: T201
    glib.MainLoop().run()


class Numbers:
    """The colour of a picture is its number, so that a test can tell which ones were recorded."""

    def __init__(self, log: Path, gst: Any) -> None:
        self.gst = gst
        self.last = int(log.read_text().split()[-2]) if log.exists() and log.stat().st_size else 0
        self.log = log.open("a", buffering=1)

    def watch(self, _: Any, media: Any) -> None:
        source = media.get_element().get_by_name("numbers")
        source.set_property("foreground-color", colour(self.last + 1))
        source.get_static_pad("src").add_probe(self.gst.PadProbeType.BUFFER, self.sent, source)

    def sent(self, _: Any, __: Any, source: Any) -> Any:
        """The source draws the next one when this one has passed."""
        self.last += 1
        self.log.write(f"{self.last} {time.time():.3f}\n")
        source.set_property("foreground-color", colour(self.last + 1))
        return self.gst.PadProbeReturn.OK


def colour(number: int) -> int:
    """ARGB: four bits of the number in the middle of each part, far enough apart to survive the codec."""
    red, green, blue = (((number >> place & 15) << 4) + 8 for place in (8, 4, 0))
    return 0xFF000000 | red << 16 | green << 8 | blue


def caps(size: str, rate: int) -> str:
    width, _, height = size.partition("x")
    return f"video/x-raw,format=I420,width={width},height={height},framerate={rate}/1"


def only(server: Any, factory: Any, rtsp: Any, user: str, password: str) -> None:
    """Digest, as recorders have it."""
    auth = rtsp.RTSPAuth()
    auth.set_supported_methods(library("GstRtsp", "1.0").RTSPAuthMethod.DIGEST)
    token = rtsp.RTSPToken()
    token.set_string("media.factory.role", user)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = rtsp.RTSPPermissions()
    permissions.add_permission_for_role(user, "media.factory.access", True)
    permissions.add_permission_for_role(user, "media.factory.construct", True)
    factory.set_permissions(permissions)


def library(name: str, version: str) -> Any:
    try:
        importlib.import_module("gi").require_version(name, version)
    except ImportError:
        raise SystemExit("gi is Debian's, for the system's own Python: /usr/bin/python3 room.py …") from None
    return importlib.import_module(f"gi.repository.{name}")


if __name__ == "__main__":
    main()
