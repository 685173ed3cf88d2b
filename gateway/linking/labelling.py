"""What a person enters of a clip: labels (R-01), secrecy (R-77, LK-16), transcript (R-02, LK-19)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from gateway import custody, outbox
from gateway.device import Refused
from gateway.linking.clocks import CAPTURED
from gateway.linking.due import due
from gateway.linking.labels import BY_PERSON
from gateway.models import Clip, Original
from gateway.rules.judgement import CLASSIFIED

OPEN = "none"
"""How a person says that nothing of it is secret, or no longer."""
STATED = ("secrecy", "transcript")
PLAIN = ("place", "matter")
"""What they were before stands in the chain too: somebody may want it back."""


def enter_labels(
    session: Session,
    clip: Clip,
    original: Original,
    given: Mapping[str, Any],
    actor: str,
    *,
    may_lift: bool = False,
) -> None:
    """What a person says of a clip, which is decided anew by it; `captured_at`: when it begins.

    Raises Refused where a time is given, secrecy lifted, or a transcript taken back, without saying why; and
    where a state secret becomes none by who may not say so (`may_lift`: `approvals.may_lift_secrecy`).
    """
    told, why = dict(given), given.get("why")
    told.pop("why", None)
    if clip.secrecy == CLASSIFIED != told.get("secrecy", CLASSIFIED) and not may_lift:
        raise Refused("labels.secret_head")
    before = {name: getattr(clip, name) for name in STATED if name in told}
    plain = {name: getattr(clip, name) for name in PLAIN if name in told}
    if CAPTURED in told:
        before[CAPTURED] = clip.declared.get(CAPTURED)
        clip.declared = dated(clip.declared, told.pop(CAPTURED))
    for name, value in told.items():
        setattr(clip, name, None if value == "" or (name in STATED and value == OPEN) else value)
    if not (why or "").strip() and any(takes_back(name, was, clip) for name, was in before.items()):
        raise Refused("labels.no_reason")
    if "case_no" in told:
        clip.declared = {**clip.declared, "case_no": told["case_no"], BY_PERSON: actor}
    session.add(clip)
    replaced = {**plain, **before}
    detail: dict[str, Any] = {**given, **({"before": replaced} if replaced else {})}
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, "LABELLED_BY_PERSON", actor, clip.id, (clip,), detail)
    outbox.clip_changed(session, "clip.labelled", clip.id)
    due(session, "labels", clip_id=clip.id)


def dated(declared: Mapping[str, Any], at: datetime | str) -> dict[str, Any]:
    rest = {name: value for name, value in declared.items() if name != CAPTURED}
    return rest if isinstance(at, str) else {**rest, CAPTURED: at.astimezone(UTC).isoformat()}


def takes_back(name: str, was: str | None, clip: Clip) -> bool:
    """Whether a state secret becomes something else, what was stated nothing, or the time another."""
    if name == CAPTURED:
        return True
    now = getattr(clip, name)
    return was is not None and now != was and (now is None or was == CLASSIFIED)
