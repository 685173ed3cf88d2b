"""What a person enters of a clip's labels (R-01)."""

from collections.abc import Mapping

from sqlmodel import Session

from gateway import custody, outbox
from gateway.linking.due import due
from gateway.linking.labels import BY_PERSON
from gateway.models import Clip, Original


def enter_labels(
    session: Session, clip: Clip, original: Original, given: Mapping[str, str], actor: str
) -> None:
    """Place, 证明对象, case number as a person says them; the clip is decided anew by them."""
    for name, value in given.items():
        setattr(clip, name, value)
    if "case_no" in given:
        clip.declared = {**clip.declared, "case_no": given["case_no"], BY_PERSON: actor}
    session.add(clip)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, "LABELLED_BY_PERSON", actor, clip.id, (clip,), given)
    outbox.clip_changed(session, "clip.labelled", clip.id)
    due(session, "labels", clip_id=clip.id)
