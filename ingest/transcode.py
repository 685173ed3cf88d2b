"""Renditions: a proxy that every browser plays, a poster and a thumbnail, each with its lineage."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import ffmpeg as compiler

from gateway import ffmpeg
from gateway.models import Clip, Original, Rendition
from gateway.playing import PLAYABLE_AUDIO, PLAYABLE_PIXELS, PLAYABLE_VIDEO, codecs, stream
from gateway.store import LocalStore
from gateway.store.durable import blocks, own_partial, sync_folder
from gateway.store.room import unwritten
from gateway.wording import reason
from ingest.stage import Context, Item, Outcome, Stopping

PICTURE = 1 << 20
"""Bytes that no poster needs more of."""
WAVE = {"s": "1600x120", "colors": "0x8795a7", "scale": "sqrt", "split_channels": 0}
WAVE_RATE = 4000
"""The filter holds all samples to the end: four hours are 115 MB at this rate, 2.7 GB as recorded."""

UNREADABLE = {"condition.not_media", "condition.encrypted", "condition.undecryptable"}

Make = Callable[[Path, Path], Any]
"""(original, where to write) -> an output node."""


class Derivable(Protocol):
    """What something is derived from: an item on its way, or a clip that is there already."""

    @property
    def original(self) -> Original: ...
    @property
    def clip(self) -> Clip | None: ...
    @property
    def decrypted(self) -> Rendition | None: ...


def transcode(item: Item, context: Context) -> Outcome:
    """What cannot be made is no failure: the original stays, and stays served."""
    clip = item.clip
    assert clip is not None
    if not context.derive:
        return Outcome(detail={"renditions": "off"})
    wanted = plan(clip)
    made: list[Rendition] = []
    refused: list[str] = []
    for kind, name, media_type, make in wanted:
        try:
            made.append(derive(item, context, kind, name, media_type, make))
        except ffmpeg.MediaError as error:
            refused.append(f"{kind}: {error}")
    changes: dict[str, Any] = {}
    if clip.condition and clip.condition["code"] == "condition.broken" and not made:
        changes["condition"] = reason("condition.unplayable", error=clip.condition["facts"].get("error", ""))
    detail = {"made": [rendition.kind for rendition in made], "refused": refused}
    return Outcome(changes=changes, renditions=tuple(made), detail=detail)


def plan(clip: Clip) -> list[tuple[str, str, str, Make]]:
    """(kind, file name, media type, how) of what is worth making of this clip."""
    if clip.condition and clip.condition["code"] in UNREADABLE:
        return []
    has_no_picture = bool(clip.format) and not stream(clip, "video")
    if clip.kind == "AUDIO" or (clip.kind == "VIDEO" and has_no_picture):
        return [("proxy", "proxy.m4a", "audio/mp4", audio_proxy(clip)), WAVEFORM]
    if clip.kind == "PHOTO":
        return [("thumbnail", "thumb.jpg", "image/jpeg", picture(320))]
    return [
        ("proxy", "proxy.mp4", "video/mp4", video_proxy(clip)),
        ("poster", "poster.jpg", "image/jpeg", picture(1280)),
        ("thumbnail", "thumb.jpg", "image/jpeg", picture(320)),
        *([WAVEFORM] if codecs(clip)[2] else []),
    ]


def video_proxy(clip: Clip) -> Make:
    """H.264 and AAC are put into a new container as they are; anything else is encoded."""
    video, pixels, audio = codecs(clip)
    options: dict[str, Any] = {
        "movflags": "+faststart",
        "f": "mp4",
        "map_metadata": -1,
        "dn": None,
        "sn": None,
    }
    if video in PLAYABLE_VIDEO and pixels in PLAYABLE_PIXELS:
        options["c:v"] = "copy"
    else:
        options |= {"c:v": "libx264", "preset": "veryfast", "crf": 28, "vf": "scale=-2:'min(720,ih)'",
                    "pix_fmt": "yuv420p", "g": 50, "threads": 1}  # fmt: skip
    options |= {"c:a": "copy"} if audio in PLAYABLE_AUDIO else {"c:a": "aac", "b:a": "96k"}

    def make(original: Path, target: Path) -> Any:
        read = ffmpeg.source(original, fflags="+genpts+discardcorrupt", err_detect="ignore_err")
        return compiler.output(read["v:0"], read["a:0?"], f"file:{target}", **options)

    return make


def audio_proxy(clip: Clip) -> Make:
    _, _, audio = codecs(clip)
    options: dict[str, Any] = {"f": "ipod", "movflags": "+faststart", "vn": None, "map_metadata": -1}
    options |= {"c:a": "copy"} if audio == "aac" else {"c:a": "aac", "b:a": "96k"}
    return lambda original, target: compiler.output(ffmpeg.source(original), f"file:{target}", **options)


def picture(width: int) -> Make:
    def make(original: Path, target: Path) -> Any:
        options = {
            "frames:v": 1,
            "vf": f"thumbnail=30,scale='min({width},iw)':-2",
            "f": "mjpeg",
            "q:v": 4,
            "an": None,
        }
        return compiler.output(ffmpeg.source(original), f"file:{target}", **options)

    return make


def waveform(original: Path, target: Path) -> Any:
    """How loud it is over its whole length, on nothing: a page lays it under its own colours."""
    sound = ffmpeg.source(original)["a:0"].filter("aresample", WAVE_RATE)
    drawn = sound.filter("aformat", sample_fmts="s16", channel_layouts="mono").filter("showwavespic", **WAVE)
    return compiler.output(drawn, f"file:{target}", **{"frames:v": 1, "f": "image2pipe", "c:v": "png"})


WAVEFORM: tuple[str, str, str, Make] = ("waveform", "waveform.png", "image/png", waveform)


def derive(item: Derivable, context: Context, kind: str, name: str, media_type: str, make: Make) -> Rendition:
    """Make one rendition: written aside, fsynced, renamed. Raises MediaError, StoreFull, Stopping."""
    original = item.original
    assert original.stored_as is not None
    assert original.sha256 is not None
    partial = own_partial(context.store.place(context.store.rendition_key(original.id, name)))
    source = item.decrypted.stored_as if item.decrypted else original.stored_as
    arguments = ffmpeg.compiled(make(context.store.path(source), partial))
    seconds = item.clip.duration_s if item.clip and item.clip.duration_s else 60.0
    watch = ffmpeg.Watch(deadline_s=600 + 20 * seconds, stop=context.stop, pause=context.copying)
    try:
        # it may be all of it in another wrapping
        most = PICTURE if media_type.startswith("image/") else original.size
        with context.store.claim(lambda: unwritten(partial, most)):
            ffmpeg.run(arguments, watch, max_bytes=max(1 << 30, 4 * original.size))
        size, sha256 = finish(partial)
        # The name bears the content: a worker that made it twice never replaces what a row points at.
        key = context.store.rendition_key(original.id, f"{sha256[:12]}.{name}")
        partial.replace(context.store.path(key))
        sync_folder(partial.parent)
    except ffmpeg.MediaStopped as stopped:
        if context.stop.is_set():
            raise Stopping from None
        raise ffmpeg.MediaError(str(stopped)) from None
    finally:
        partial.unlink(missing_ok=True)
    return Rendition(
        clip_id=original.id, kind=kind, stored_as=key, media_type=media_type, size=size, sha256=sha256,
        parent_sha256=item.decrypted.sha256 if item.decrypted else original.sha256,
        command=shown_command(arguments, context.store, partial),
        tool=ffmpeg.version(),
    )  # fmt: skip


def finish(partial: Path) -> tuple[int, str]:
    """Make a written file durable; an empty one counts as not made. (size, SHA-256)"""
    digest = hashlib.sha256()
    try:
        handle = os.open(partial, os.O_RDONLY)
    except FileNotFoundError:
        raise ffmpeg.MediaError("ffmpeg wrote nothing") from None
    try:
        os.fsync(handle)
        size = os.fstat(handle).st_size
        for block in blocks(handle):
            digest.update(block)
    finally:
        os.close(handle)
    if size == 0:
        raise ffmpeg.MediaError("ffmpeg wrote nothing")
    return size, digest.hexdigest()


def shown_command(arguments: list[str], store: LocalStore, partial: Path) -> list[str]:
    """The command for the record, with paths as store keys: the store may move, the lineage stays true."""
    root = f"{store.root}/"
    return [argument.replace(str(partial), "OUTPUT").replace(root, "") for argument in arguments]
