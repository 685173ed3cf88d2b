"""Makes a copy with a mark burnt in: who has it, since when, what for. Never the original, over nothing."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg as compiler

from gateway import copies, ffmpeg
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Clip, ClipCopy, CopyState, Original, Rendition, State
from gateway.rulepacks import RulePacks
from gateway.store.room import StoreFull
from gateway.texts import visible_character
from gateway.wording import CHINA
from ingest.runner import decrypted_copy
from ingest.stage import Context, Stopping
from ingest.transcode import derive

FONT = "Noto Sans CJK SC"
"""Of fonts-noto-cjk, which set-up brings for the reports."""
SIZE = "min(h/32,w/42)"
"""Of the letters, so that a line of `ACROSS_PICTURE` ends within a picture of any shape."""
ACROSS_PICTURE = 36
"""Chinese characters of one line."""
LINES = 3
"""Of a purpose, and of who has it: what is longer is cut, or it would hide the picture."""
MARGIN = "h/40"
ACROSS = {"x": "mod(t*w/60,w)-tw/2", "y": "h/2+h/3*sin(t/20)"}
"""One faint line wanders: no cut of the frame is without it."""


@dataclass(frozen=True, slots=True)
class Kept:
    original: Original
    clip: Clip | None
    decrypted: Rendition | None


def make(database: Database, context: Context, packs: RulePacks, copy_id: str) -> dict[str, Any]:
    """Carry out one order. Raises Refused, and Stopping when the process goes down."""
    with database.read() as session:
        copy = session.get(ClipCopy, copy_id)
        if copy is None or copy.state is not CopyState.MAKING:
            raise Refused("retrieval.copy_no_more")
        original = session.get_one(Original, copy.clip_id)
        clip = session.get_one(Clip, copy.clip_id)
        kept = Kept(original, clip, decrypted_copy(session, clip))
    if original.state is State.DESTROYED:
        raise Refused("order.destroyed")
    with tempfile.TemporaryDirectory(prefix="mark-") as folder:
        made = written(context, kept, copy, Path(folder))
    try:
        with database.write() as session:
            copies.put_down(session, packs, copy_id, made)
    except Refused:
        context.store.path(made.stored_as).unlink(missing_ok=True)
        raise
    return {"copy": copy_id, "sha256": made.sha256, "size": made.size}


def written(context: Context, kept: Kept, copy: ClipCopy, folder: Path) -> Rendition:
    assert kept.clip is not None
    is_photo = kept.clip.kind == "PHOTO"
    ending, media_type = ("jpg", "image/jpeg") if is_photo else ("mp4", "video/mp4")
    texts = text_files(copy, kept.clip, folder)
    how = partial(marked, copy=copy, texts=texts, is_photo=is_photo)
    name = f"{copies.kind_of(copy.id)}.{ending}"
    try:
        return derive(kept, context, copies.kind_of(copy.id), name, media_type, how)
    except ffmpeg.MediaError as error:
        raise Refused("retrieval.copy_not_made", error=str(error)) from None
    except StoreFull as full:
        raise Refused("retrieval.copy_not_made", error=str(full)) from None
    except Stopping:
        raise Refused("order.interrupted") from None


def text_files(copy: ClipCopy, clip: Clip, folder: Path) -> list[Path]:
    """Texts by file: what a person wrote is never read as a filter's syntax.

    Number and recording time have a line before the purpose: nothing written there moves or turns them.
    """
    who, purpose = (" ".join("".join(map(visible_character, line)).split()) for line in copy.lines)
    recorded = clip.started_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S") if clip.started_at else ""
    number = f"副本编号 {copy.id[-8:]}" + (f"  摄录 {recorded}" if recorded else "")
    found = []
    for place, text in enumerate((wrapped(who), f"{number}\n{wrapped(purpose)}", who)):
        path = folder / f"{place}.txt"
        path.write_text(text, encoding="utf-8")
        found.append(path)
    return found


def width(text: str) -> float:
    """In Chinese characters; of small letters and digits two stand in the place of one, almost."""
    return sum(0.6 if one.isascii() and not one.isupper() else 1 for one in text)


def wrapped(text: str) -> str:
    """In lines as wide as the picture; `…` where it is cut."""
    lines = [""]
    for one in text:
        if width(lines[-1] + one) > ACROSS_PICTURE:
            if len(lines) == LINES:
                lines[-1] = lines[-1][:-1] + "…"
                break
            lines.append("")
        lines[-1] += one
    return "\n".join(lines)


def marked(original: Path, target: Path, *, copy: ClipCopy, texts: Sequence[Path], is_photo: bool) -> Any:
    cut: dict[str, Any] = {} if copy.start_s is None else {"ss": copy.start_s}
    if copy.end_s is not None:
        cut["t"] = copy.end_s - (copy.start_s or 0.0)
    read = ffmpeg.source(original, fflags="+genpts+discardcorrupt", err_detect="ignore_err", **cut)
    picture = read["v:0"].filter("scale", "trunc(iw/2)*2", "trunc(ih/2)*2")
    top, bottom, across = texts
    box = {"box": 1, "boxcolor": "black@0.6", "boxborderw": 8, "fontcolor": "white", "fontsize": SIZE}
    picture = drawn(picture, top, x=MARGIN, y=MARGIN, **box)
    picture = drawn(picture, bottom, x=MARGIN, y=f"h-th-{MARGIN}", **box)
    picture = drawn(picture, across, fontcolor="white@0.28", fontsize="h/16", **ACROSS)
    if is_photo:
        options: dict[str, Any] = {"frames:v": 1, "f": "mjpeg", "q:v": 3, "map_metadata": -1}
        return compiler.output(picture, f"file:{target}", **options)
    options = {
        "c:v": "libx264", "preset": "veryfast", "crf": 24, "pix_fmt": "yuv420p", "threads": 1, "c:a": "aac",
        "b:a": "96k", "f": "mp4", "movflags": "+faststart", "map_metadata": -1,
    }  # fmt: skip
    return compiler.output(picture, read["a:0?"], f"file:{target}", **options)


def drawn(picture: Any, text: Path, **look: Any) -> Any:
    return picture.filter("drawtext", font=FONT, textfile=str(text), expansion="none", **look)
