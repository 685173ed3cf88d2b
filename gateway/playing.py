"""What browsers play of an original as it is, by what was read of the file."""

from pathlib import PurePath
from typing import Any

from gateway.models import Clip

PLAYABLE_VIDEO = {"h264"}
PLAYABLE_AUDIO = {"aac", "mp3"}
PLAYABLE_PIXELS = {"yuv420p", "yuvj420p"}
OPEN_VIDEO, OPEN_AUDIO = {"vp8", "vp9", "av1"}, {"opus", "vorbis"}
"""In a WebM."""
PHOTOS = {".jpg", ".jpeg", ".png", ".gif", ".webp"}
SOUNDS = {".mp3", ".m4a", ".wav", ".ogg", ".aac"}


def codecs(clip: Clip) -> tuple[str | None, str | None, str | None]:
    """(video codec, pixel format, audio codec) of the first streams."""
    video, audio = stream(clip, "video"), stream(clip, "audio")
    return video.get("codec_name"), video.get("pix_fmt"), audio.get("codec_name")


def stream(clip: Clip, kind: str) -> dict[str, Any]:
    streams = (clip.format or {}).get("streams", [])
    return next((one for one in streams if one.get("codec_type") == kind), {})


def plays(clip: Clip, name: str) -> bool | None:
    """Whether every browser shows the original itself; None while nobody has read what it is."""
    suffix = PurePath(name).suffix.lower()
    if clip.kind == "PHOTO":
        return suffix in PHOTOS
    if not clip.format:
        return None
    if clip.kind == "AUDIO":
        return suffix in SOUNDS
    video, pixels, audio = codecs(clip)
    container = (clip.format.get("container") or "").split(",")
    if "mp4" in container:
        is_seen = video in PLAYABLE_VIDEO and pixels in PLAYABLE_PIXELS if video else bool(audio)
        return is_seen and audio in {None, *PLAYABLE_AUDIO}
    return "webm" in container and video in OPEN_VIDEO and audio in {None, *OPEN_AUDIO}


def frames(clip: Clip) -> float:
    """Pictures a second; 25 where nobody knows."""
    over, _, under = str(stream(clip, "video").get("avg_frame_rate", "")).partition("/")
    try:
        rate = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        return 25.0
    return rate if 1 <= rate <= 240 else 25.0
