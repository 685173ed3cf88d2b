"""A twin of a camera's card: real media files made by ffmpeg, named and laid out as cameras do."""

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

QUIET = {"libx265": ("-x265-params", "log-level=none")}
"""It talks whatever ffmpeg is told."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A body camera that writes `DCAM_<device>_<officer>_<date>_<time>` below /police/video (devices 1.5)."""

    root: Path
    device: str
    officer: str

    def record(
        self,
        started: datetime,
        seconds: int = 4,
        *,
        important: bool = False,
        hue: int = 0,
        codec: str = "libx264",
    ) -> Path:
        """Write one clip that began at a naive time on the camera's own clock."""
        mark = "_IMP" if important else ""
        name = f"DCAM_{self.device}_{self.officer}_{started:%Y%m%d_%H%M%S}{mark}.mp4"
        path = self.root / "police" / "video" / name
        make_video(path, started, seconds, hue, codec)
        return path

    def log(self, started: datetime, text: str) -> Path:
        path = self.root / "police" / "log" / f"{started:%Y%m%d}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def make_video(
    path: Path, started: datetime, seconds: float = 4, hue: int = 0, codec: str = "libx264"
) -> None:
    """A small real recording; its creation time is local and wears a Z, as cameras write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "ffmpeg", "-nostdin", "-v", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={seconds},hue=h={hue}",
        "-f", "lavfi", "-i", f"sine=frequency={440 + hue}:duration={seconds}",
        "-c:v", codec, *QUIET.get(codec, ()), "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25",
        "-c:a", "aac", "-shortest",
        "-metadata", f"creation_time={started:%Y-%m-%dT%H:%M:%S}.000000Z", f"file:{path}",
    ]  # fmt: skip
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    written_at = started.timestamp() + seconds
    os.utime(path, (written_at, written_at))
