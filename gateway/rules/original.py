"""What the stored file itself says of a link: that it is whole, and that it shows anything (LK-12, R-59)."""

from gateway.rules.facts import ClipFacts
from gateway.rules.findings import Finding, finding


def integrity_rule(clip: ClipFacts) -> Finding:
    code = "original.verified" if clip.original_verified else "original.unverified"
    return finding("LK-12", clip.original_verified, code)


def content_rule(clip: ClipFacts) -> Finding | None:
    """Electronic data must be true and relevant (R-59): what shows nothing records no step."""
    return finding("R-59", False, "original.shows_nothing") if clip.shows_nothing else None
