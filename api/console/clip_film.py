"""What of a clip is shown, to whom, and what is said where nothing is."""

from dataclasses import dataclass, field
from typing import Literal

from fastapi import Request
from sqlmodel import Session, col, select

from api.console.purposes import purpose_of
from api.v1.clips import NO_COPY
from gateway import playing
from gateway.models import Clip, Described, Original, Rendition, State, Viewing, Work
from gateway.rules.judgement import CLASSIFIED
from gateway.visibility import Right, Viewer
from gateway.wording import Reason

NO_PICTURE = {"condition.not_media", "condition.encrypted", "condition.undecryptable", "condition.empty"}
GONE = frozenset({State.DESTROYED, State.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Source:
    """`url` carries the viewing: without one nothing is sent."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Film:
    """What the page plays; the first of its sources that a browser can."""

    kind: str
    viewing: Viewing
    sources: tuple[Source, ...]
    poster: str | None
    waveform: str | None
    has_picture: bool
    """Or nobody knows yet: a browser that shows none does not know its format."""
    is_rendition_due: bool
    """A copy that every browser plays is on its way."""


Hindrance = Literal[
    "destroyed", "duplicate", "aside", "not_stored", "unverified", "returns", "undescribed", "doubted",
    "condition", "no_copy", "copy_due", "sound_only",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that stands in the way: `clip.state_<code>` and what to do, `clip.state_<code>.then`."""

    code: Hindrance
    tone: str
    why: Reason | None = None
    link: str | None = None
    acts: tuple[str, ...] = field(default=())
    """Orders that may help."""


def is_shown(clip: Clip, original: Original) -> bool:
    """Whether there is anything to play, now."""
    is_secret = clip.secrecy == CLASSIFIED
    is_stored = (
        original.stored_as is not None and original.state not in GONE and original.state != State.FOUND
    )
    return is_stored and not is_secret and (clip.condition or {}).get("code") not in NO_PICTURE


def purpose(request: Request, viewer: Viewer) -> str | None:
    """None: he may not watch, has not said why, or a browser only looks ahead."""
    looks_ahead = "prefetch" in request.headers.get("sec-purpose", "")
    return purpose_of(request, viewer) if viewer.may(Right.VIEW) and not looks_ahead else None


def film(clip: Clip, original: Original, viewing: Viewing, made: list[Rendition]) -> Film:
    here, kinds = f"/api/v1/clips/{clip.id}", {rendition.kind for rendition in made}

    def url(kind: str) -> str:
        way = "original" if kind == "original" else f"renditions/{kind}"
        return f"{here}/{way}?viewing={viewing.id}"

    is_due = clip.described not in {Described.READY, Described.QUARANTINED}
    return Film(
        kind={"AUDIO": "audio", "PHOTO": "photo"}.get(clip.kind, "video"),
        viewing=viewing,
        sources=tuple(Source(kind, url(kind)) for kind in order(clip, original, kinds)),
        poster=url("poster") if "poster" in kinds else url("thumbnail") if "thumbnail" in kinds else None,
        waveform=url("waveform") if "waveform" in kinds else None,
        has_picture=clip.kind == "VIDEO" and (not clip.format or bool(playing.stream(clip, "video"))),
        is_rendition_due=is_due and "proxy" not in kinds,
    )


def order(clip: Clip, original: Original, kinds: set[str]) -> list[str]:
    """The original first where browsers play it, or where nobody knows yet; what is encrypted never plays."""
    if clip.kind == "PHOTO":
        shown = playing.plays(clip, original.name)
        return ["original"] if shown else ["thumbnail"] if "thumbnail" in kinds else []
    copies: list[str] = [kind for kind in ("proxy", "decrypted") if kind in kinds]
    if "decrypted" in kinds:
        return copies
    return [*copies, "original"] if playing.plays(clip, original.name) is False else ["original", *copies]


def notices(session: Session, clip: Clip, original: Original, made: list[Rendition]) -> list[Notice]:
    """The gravest first."""
    found = [*of_bytes(session, original), *of_content(clip, original, made)]
    return sorted(found, key=lambda one: ("stop", "look", "work", "neutral").index(one.tone))


def of_bytes(session: Session, original: Original) -> list[Notice]:
    match original.state:
        case State.DESTROYED:
            return [Notice("destroyed", "stop")]
        case State.DUPLICATE:
            return [Notice("duplicate", "look", link=f"/clips/{original.duplicate_of}")]
        case State.QUARANTINED:
            return [Notice("aside", "stop", original.quarantine, acts=("retry", "verify"))]
        case State.FOUND:
            work = session.get(Work, (original.id, "preserve"))
            return [Notice("not_stored", "work", work.waiting if work else None, acts=("retry",))]
        case State.ACQUIRED:
            return [Notice("unverified", "work")]
    return [Notice("returns", "look", link=f"/clips/{original.returns}")] if original.returns else []


def of_content(clip: Clip, original: Original, made: list[Rendition]) -> list[Notice]:
    found: list[Notice] = []
    if original.state in GONE:
        return found
    if clip.quarantine:
        is_failed = clip.described is Described.QUARANTINED
        found.append(Notice("undescribed" if is_failed else "doubted", "stop", clip.quarantine,
                            acts=("retry",) if is_failed else ()))  # fmt: skip
    if clip.condition:
        found.append(Notice("condition", "look", clip.condition))
    elif not is_seen_by_all(clip, original, made):
        if clip.described is Described.READY:
            found.append(Notice("no_copy", "look"))
        elif original.stored_as is not None:
            found.append(Notice("copy_due", "work"))
    if clip.kind == "VIDEO" and clip.format and not playing.stream(clip, "video"):
        found.append(Notice("sound_only", "look"))
    return found


def is_seen_by_all(clip: Clip, original: Original, made: list[Rendition]) -> bool:
    kinds = {rendition.kind for rendition in made}
    return (
        playing.plays(clip, original.name) is True
        or bool(kinds & {"proxy", "decrypted"})
        or (clip.kind == "PHOTO" and "thumbnail" in kinds)
    )


def renditions(session: Session, clip_id: str) -> list[Rendition]:
    wanted = select(Rendition).where(Rendition.clip_id == clip_id, NO_COPY).order_by(col(Rendition.kind))
    return list(session.exec(wanted).all())
