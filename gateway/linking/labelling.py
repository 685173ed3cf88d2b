"""What a person enters of a clip: labels (R-01), secrecy (R-77, LK-16), transcript (R-02, LK-19)."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from gateway import custody, outbox
from gateway.device import Refused
from gateway.linking.due import due
from gateway.linking.labels import BY_PERSON
from gateway.models import Clip, Original
from gateway.rules.judgement import CLASSIFIED

OPEN = "none"
"""How a person says that nothing of it is secret, or no longer."""
STATED = ("secrecy", "transcript")


def enter_labels(
    session: Session, clip: Clip, original: Original, given: Mapping[str, str], actor: str
) -> None:
    """What a person says of a clip, which is decided anew by it.

    Raises Refused where secrecy is lifted, or a transcript taken back, without saying why.
    """
    told, why = dict(given), given.get("why")
    told.pop("why", None)
    before = {name: getattr(clip, name) for name in STATED if name in told}
    for name, value in told.items():
        setattr(clip, name, None if name in STATED and value in {"", OPEN} else value)
    if not (why or "").strip() and any(takes_back(name, was, clip) for name, was in before.items()):
        raise Refused("labels.no_reason")
    if "case_no" in told:
        clip.declared = {**clip.declared, "case_no": told["case_no"], BY_PERSON: actor}
    session.add(clip)
    detail: dict[str, Any] = {**given, **({"before": before} if before else {})}
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, "LABELLED_BY_PERSON", actor, clip.id, (clip,), detail)
    outbox.clip_changed(session, "clip.labelled", clip.id)
    due(session, "labels", clip_id=clip.id)


def takes_back(name: str, was: str | None, clip: Clip) -> bool:
    """Whether a state secret becomes something else, or what was stated becomes nothing."""
    now = getattr(clip, name)
    return was is not None and now != was and (now is None or was == CLASSIFIED)
