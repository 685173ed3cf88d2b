"""What a link says of a holder whom the case record refutes (LK-4): a note, for LK-5 holds whoever it was."""

from gateway.rules.facts import ClipFacts
from gateway.rules.findings import Finding, noted


def refuted(clip: ClipFacts) -> Finding:
    """By one clip of a holder who was elsewhere, or by all that two swapped cameras recorded."""
    basis, swap = clip.custody.basis, clip.custody.swapped
    holder = clip.called(basis.holder_id if basis else None)
    if swap is None:
        return noted("LK-4", False, "custody.refuted", officer=holder)
    told = {"other": clip.called(swap.holder), "camera": swap.device_id, "takes": swap.takes}
    return noted("LK-4", False, "custody.swapped", officer=holder, **told)
