"""A twin of a camera's card: real media files made by ffmpeg, named and laid out as cameras do."""

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

QUIET = {"libx265": ("-x265-params", "log-level=none")}
"""It talks whatever ffmpeg is told."""
COLOURS = (
    ("0x24313f", "0x6f7f72", "0xc2b08a"),
    ("0x2c3b4d", "0x8193a6", "0xd7d2c4"),
    ("0x33302c", "0x8a7a66", "0xcabfa8"),
    ("0x1f3a3d", "0x5f8a85", "0xc9d3c0"),
)


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
        path = self.file(started, important=important)
        make_video(path, started, seconds, hue, codec)
        return path

    def record_scene(self, scene: Path, started: datetime, seconds: int, *, important: bool = False) -> Path:
        path = self.file(started, important=important)
        cut_scene(scene, path, started, seconds)
        return path

    def file(self, started: datetime, *, important: bool = False) -> Path:
        mark = "_IMP" if important else ""
        name = f"DCAM_{self.device}_{self.officer}_{started:%Y%m%d_%H%M%S}{mark}.mp4"
        return self.root / "police" / "video" / name

    def log(self, started: datetime, text: str) -> Path:
        path = self.root / "police" / "log" / f"{started:%Y%m%d}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def make_scene(path: Path, seconds: float, seed: int) -> None:
    """What long recordings are cut from: a calm picture that moves slowly, and a room's noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, second, third = COLOURS[seed % len(COLOURS)]
    picture = (
        f"gradients=size=640x360:rate=5:duration={seconds}:speed=0.02:seed={seed}:nb_colors=3"
        f":c0={first}:c1={second}:c2={third}"
    )
    run(
        "-f", "lavfi", "-i", picture,
        "-f", "lavfi", "-i", f"anoisesrc=c=brown:a=0.05:d={seconds}:r=16000:seed={seed}",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-pix_fmt", "yuv420p", "-g", "10",
        "-c:a", "aac", "-b:a", "24k", "-shortest", f"file:{path}",
    )  # fmt: skip


def cut_scene(scene: Path, path: Path, started: datetime, seconds: float) -> None:
    """A recording of any length, in no time: the scene again and again, as it is encoded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run(
        "-stream_loop", "-1", "-i", f"file:{scene}", "-t", f"{seconds}", "-c", "copy",
        *created(started), f"file:{path}",
    )  # fmt: skip
    stamp(path, started, seconds)


def run(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def created(started: datetime) -> tuple[str, str]:
    """Local and wearing a Z, as cameras write it."""
    return "-metadata", f"creation_time={started:%Y-%m-%dT%H:%M:%S}.000000Z"


def stamp(path: Path, started: datetime, seconds: float) -> None:
    written_at = started.timestamp() + seconds
    os.utime(path, (written_at, written_at))


def make_video(
    path: Path, started: datetime, seconds: float = 4, hue: int = 0, codec: str = "libx264"
) -> None:
    """A small real recording; its creation time is local and wears a Z, as cameras write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run(
        "-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={seconds},hue=h={hue}",
        "-f", "lavfi", "-i", f"sine=frequency={440 + hue}:duration={seconds}",
        "-c:v", codec, *QUIET.get(codec, ()), "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25",
        "-c:a", "aac", "-shortest", *created(started), f"file:{path}",
    )  # fmt: skip
    stamp(path, started, seconds)
