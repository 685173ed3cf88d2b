"""The figures of clips: linked (R-05), labelled (R-01), stored in time (R-50)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.reports.figures import Keys, Member, Side
from gateway.rules.labels import is_matter_given


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSeen:
    """One link of a clip that stands: neither ended nor withdrawn nor rejected."""

    has_matter: bool
    """证明对象 is given for this link (LK-13)."""
    needs_no_number: bool = False
    """Its case is of summary procedure, which may have none."""
    stage: str | None = None
    item: str | None = None
    back_at: datetime | None = None
    """When the officers of that step came back from a remote place (R-51)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSeen:
    """What a clip's figures rest on."""

    id: str
    unit: str
    type: str
    media: str
    aside: str = ""
    """Code of why it counts nowhere; "" where it does."""
    ended_at: datetime | None = None
    """None: when it was recorded is not known, or not well enough."""
    doubt: timedelta = timedelta()
    arrived: datetime | None = None
    returned: datetime | None = None
    """When the device was brought back, where the ledger says so: then duty ended (R-50)."""
    has_case_no: bool = False
    has_place: bool = False
    has_person: bool = False
    has_matter: bool = False
    links: tuple[LinkSeen, ...] = ()
    is_rejected: bool = False
    """It has links, and they prove nothing."""
    upload: timedelta = timedelta()
    remote_upload: timedelta = timedelta()


def linked(clips: Iterable[ClipSeen]) -> tuple[Member, ...]:
    return members((clip, linked_side(clip), own_keys(clip)) for clip in clips)


def labelled(clips: Iterable[ClipSeen]) -> tuple[Member, ...]:
    return members((clip, labelled_side(clip), step_keys(clip)) for clip in clips)


def uploaded(clips: Iterable[ClipSeen]) -> tuple[Member, ...]:
    return members((clip, uploaded_side(clip), step_keys(clip)) for clip in clips)


def members(judged: Iterable[tuple[ClipSeen, tuple[Side, str], Keys]]) -> tuple[Member, ...]:
    return tuple(
        Member("clip", clip.id, *((Side.EXCLUDED, clip.aside) if clip.aside else side), keys)
        for clip, side, keys in judged
    )


def linked_side(clip: ClipSeen) -> tuple[Side, str]:
    if clip.links:
        return Side.BOTH, ""
    return Side.DENOMINATOR, "figure.rejected" if clip.is_rejected else "figure.unlinked"


def labelled_side(clip: ClipSeen) -> tuple[Side, str]:
    missing = [name for name, given in labels(clip).items() if not given]
    if not missing:
        return Side.BOTH, ""
    return Side.DENOMINATOR, MISSING[missing[0]] if len(missing) == 1 else "figure.label_several"


MISSING = {
    "case": "figure.label_case",
    "time": "figure.label_time",
    "place": "figure.label_place",
    "person": "figure.label_person",
    "matter": "figure.label_matter",
}


def labels(clip: ClipSeen) -> dict[str, bool]:
    """The five of R-01."""
    return {
        "case": clip.has_case_no or any(link.needs_no_number for link in clip.links),
        "time": clip.ended_at is not None,
        "place": clip.has_place,
        "person": clip.has_person,
        "matter": is_matter_given(clip.has_matter, [link.has_matter for link in clip.links]),
    }


def uploaded_side(clip: ClipSeen) -> tuple[Side, str]:
    if clip.ended_at is None or clip.arrived is None:
        return Side.EXCLUDED, "figure.time_unknown"
    if clip.arrived - clip.doubt <= deadline(clip, clip.ended_at):
        return Side.BOTH, ""
    return Side.DENOMINATOR, "figure.late"


def deadline(clip: ClipSeen, ended_at: datetime) -> datetime:
    """R-50 from the end of duty; R-51 from the return, where that is later."""
    due = max(ended_at, clip.returned or ended_at) + clip.upload
    back = [link.back_at + clip.remote_upload for link in clip.links if link.back_at is not None]
    return max(due, *back) if back else due


def own_keys(clip: ClipSeen) -> Keys:
    return ("media", clip.media), ("type", clip.type), ("unit", clip.unit)


def step_keys(clip: ClipSeen) -> Keys:
    """A clip of two steps stands under both."""
    items = {("item", link.item) for link in clip.links if link.item}
    stages = {("stage", link.stage) for link in clip.links if link.stage}
    return tuple(sorted((*items, *stages, *own_keys(clip))))
